"""What is kept, as frozen structs. Times are seconds since the epoch; digests are what `kernel.secrets.digest` makes."""

from typing import Any
from typing import Literal

import msgspec

ClientType = Literal["confidential", "public"]
GlobalOr = Literal["global"]


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """A registered application (RFC 6749 §2). The defaults are those of the form for a new client.

    rate_limit, daily_quota: calls of services in a minute (of each worker) and in a day (of all).
    described_by_document: its `client_id` is the address of the document that says what it is.
    """

    client_id: str
    name: str
    version: str = "1.0"
    type: ClientType = "confidential"
    description: str = ""
    redirect_uris: tuple[str, ...] = ()
    allowed_grants: tuple[str, ...] = ("authorization_code",)
    require_pkce: Literal["global"] | bool = "global"
    require_pushed_authorization_requests: bool = False
    access_token_lifetime: Literal["global", "never"] | int = "global"
    access_token_lifetime_by_grant: dict[str, int] = {}
    access_token_format: Literal["global", "opaque", "jwt"] = "global"
    refresh_limit: Literal["unlimited"] | int = 0
    default_scopes: tuple[str, ...] = ()
    client_authentication: tuple[str, ...] = ()
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    token_endpoint_auth_signing_alg: str = ""
    refresh_rotation: bool = True
    refresh_token_lifetime: Literal["global", "never"] | int = "global"
    token_family_lifetime: Literal["global", "never"] | int = "global"
    dpop_bound_access_tokens: bool = False
    may_act: str = ""
    introspect: Literal["own", "all"] = "own"
    rate_limit: Literal["unlimited"] | int = "unlimited"
    daily_quota: Literal["unlimited"] | int = "unlimited"
    described_by_document: bool = False
    enabled: bool = True
    created_at: int = 0
    updated_at: int = 0
    revision: int = 1

    @property
    def label(self) -> str:
        """The name as people see it: `Postman (1.0)`."""
        return f"{self.name} ({self.version})"


class ClientSecret(msgspec.Struct, frozen=True, kw_only=True):
    """One secret of a client: a SHA-256 digest of one we made, or an argon2id hash of one that was chosen.

    sealed: a readable copy of one we made, under the master key, for `client_secret_jwt` alone.
    """

    id: str
    client_id: str
    digest: bytes | None
    hash: str | None
    created_at: int
    expires_at: int | None = None
    sealed: bytes | None = None


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A named permission (RFC 6749 §3.3) and what it opens."""

    name: str
    description: str = ""
    folders: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    url_templates: tuple[str, ...] = ()
    revision: int = 1


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person who signs in. `subject` in tokens is the id: names may be used again, ids never are."""

    id: str
    name: str
    password_hash: str | None = None
    must_change_password: bool = False
    enabled: bool = True
    created_at: int = 0
    revision: int = 1


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A named set of principals: users and clients."""

    name: str
    description: str = ""
    predefined: bool = False


class Acl(msgspec.Struct, frozen=True, kw_only=True):
    """Which groups may execute a folder or a service; the nearest one wins."""

    target: str
    execute: tuple[str, ...] = ()


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One authorization, and the head of the token family that descends from it.

    resource: what its tokens may be for at most (RFC 8707 §2); empty: everything of this server.
    """

    id: str
    client_id: str
    user_id: str | None
    grant_type: str
    scope: tuple[str, ...]
    authenticated_at: int
    created_at: int
    refreshes_used: int = 0
    resource: tuple[str, ...] = ()


class AccessToken(msgspec.Struct, frozen=True, kw_only=True):
    """An issued access token. `grant_id` is None for client credentials; `expires_at` is None when it never expires.

    jkt: the thumbprint of the key it is bound to (RFC 9449 §6.1).
    exchanged_from: the digest of the token it was exchanged for (RFC 8693), without which it is not active.
    actors: who acts for its subject, by `sub`, the present one first (RFC 8693 §4.1).
    resource: what alone it opens (RFC 8707 §2); empty: everything of this server that its scope opens.
    """

    id: str
    digest: bytes
    client_id: str
    user_id: str | None
    grant_id: str | None
    scope: tuple[str, ...]
    issued_at: int
    expires_at: int | None
    jkt: str | None = None
    exchanged_from: bytes | None = None
    actors: tuple[str, ...] = ()
    resource: tuple[str, ...] = ()


class RefreshToken(msgspec.Struct, frozen=True, kw_only=True):
    """The refresh token of a grant that is good now. Client, user, scope and resource are its grant's.

    family: the digest of the first one, with which all that follow begin.
    jkt: the thumbprint of the key it is bound to, if it is a public client's (RFC 9449 §5).
    """

    family: bytes
    digest: bytes
    issued_at: int
    expires_at: int | None
    jkt: str | None = None


class PresentedRefreshToken(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh token that somebody presents is a token of.

    issued_at, expires_at, jkt: of the family's newest token, whether this is it or one before it.
    consumed: whether it was used, and another follows or none.
    """

    digest: bytes
    grant: Grant
    issued_at: int
    expires_at: int | None
    jkt: str | None
    consumed: bool


class AuthorizationCode(msgspec.Struct, frozen=True, kw_only=True):
    """A pending authorization code (RFC 6749 §4.1.2). It carries the grant that redeeming it makes.

    jkt: the thumbprint of the key that must be proven to redeem it (RFC 9449 §10).
    resource: its grant's.
    """

    digest: bytes
    grant_id: str
    client_id: str
    user_id: str
    scope: tuple[str, ...]
    redirect_uri: str | None
    code_challenge: str | None
    code_challenge_method: str | None
    authenticated_at: int
    issued_at: int
    expires_at: int
    jkt: str | None = None
    redeemed_at: int | None = None
    resource: tuple[str, ...] = ()


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A browser's login session; kept under the digest of its cookie.

    authenticated_at: when its user last proved who he or she is.
    method: how it began: `password`, `passkey`, `password and code`, …
    address, agent: whence it was last seen, and what the browser called itself when it began.
    """

    digest: bytes
    user_id: str
    csrf: str
    authenticated_at: int
    expires_at: int
    started_at: int = 0
    seen_at: int = 0
    method: str = ""
    address: str = ""
    agent: str = ""


class Totp(msgspec.Struct, frozen=True, kw_only=True):
    """A user's authenticator app (RFC 6238): its seed, sealed, and the time step of the last code that was taken."""

    user_id: str
    sealed: bytes
    last_step: int
    created_at: int


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A credential of Web Authentication: its public key in COSE, and the authenticator's last signature counter."""

    credential_id: bytes
    user_id: str
    name: str
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    backed_up: bool
    created_at: int
    used_at: int | None = None


class Consent(msgspec.Struct, frozen=True, kw_only=True):
    """Scopes a user allowed a client for the times to come ("Remember")."""

    user_id: str
    client_id: str
    scope: tuple[str, ...]
    created_at: int


class Change(msgspec.Struct, frozen=True):
    """A change that caches follow: what kind of thing, and which."""

    id: int
    kind: str
    name: str


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """Who changed what. `before` and `after` are JSON without secrets."""

    id: str
    at: int
    actor: str
    action: str
    target: str
    before: str | None = None
    after: str | None = None
