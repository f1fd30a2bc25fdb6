"""Making tokens and the token response (RFC 6749 §5.1)."""

from collections.abc import Sequence

import msgspec

from gatewright.kernel.ids import row_id
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.secrets import make_successor
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth import jwt_access_token
from gatewright.oauth.jwt_access_token import Actor
from gatewright.oauth.jwt_access_token import Confirmation
from gatewright.oauth.resource import audience
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.records import AccessToken
from gatewright.store.records import Client
from gatewright.store.records import RefreshToken


class Exchanged(msgspec.Struct, frozen=True):
    """What a token takes over from the one it is exchanged for (RFC 8693): its subject and its end; and who acts now.

    digest: of that token, if it is one of ours.
    """

    sub: str
    digest: bytes | None
    expires_at: int | None
    actors: tuple[str, ...]


class TokenResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    """A successful answer of the token endpoint (RFC 6749 §5.1). `expires_in` is left out when it never expires.

    issued_token_type: of a token exchange (RFC 8693 §2.2.1).
    """

    access_token: str
    token_type: str
    scope: str
    expires_in: int | None = None
    refresh_token: str | None = None
    issued_token_type: str | None = None


def access_token_lifetime(client: Client, settings: GlobalSettings, grant: str = "") -> int | None:
    """Seconds the client's access tokens are valid; None: they never expire. grant: as Allowed Grants name it."""
    own = client.access_token_lifetime
    if grant in client.access_token_lifetime_by_grant:
        return client.access_token_lifetime_by_grant[grant]
    if own == "global" and grant in settings.access_token_lifetime_by_grant:
        return settings.access_token_lifetime_by_grant[grant]
    lifetime = settings.access_token_lifetime if own == "global" else own
    return None if lifetime == "never" else lifetime


def family_end(client: Client, settings: GlobalSettings, begun_at: int) -> int | None:
    """When what was granted at `begun_at` can be refreshed no more; None: never."""
    own = client.token_family_lifetime
    lifetime = settings.token_family_lifetime if own == "global" else own
    return None if lifetime == "never" else begun_at + lifetime


def refresh_limit(client: Client) -> int | None:
    """How often a grant of this client may be refreshed; None: without limit, 0: it gets no refresh token."""
    return None if client.refresh_limit == "unlimited" else client.refresh_limit


async def new_access_token(
    client: Client,
    scope: Sequence[str],
    server: AuthorizationServer,
    now: int,
    *,
    grant: str,
    jkt: str | None,
    user_id: str | None = None,
    grant_id: str | None = None,
    authenticated_at: int | None = None,
    resource: tuple[str, ...] = (),
    exchanged: Exchanged | None = None,
) -> tuple[str, AccessToken]:
    """A new access token, opaque or JWT: its text, and the record that is kept.

    grant: what it comes by, as Allowed Grants name it.
    jkt: the thumbprint of the key to bind it to (RFC 9449 §6).
    authenticated_at: when the user, if there is one, signed in. It stands in JWTs only.
    resource: what alone it is for (RFC 8707); empty: the whole of this server.
    """
    settings = await server.directory.settings()
    lifetime = _within(access_token_lifetime(client, settings, grant), exchanged, now)
    token_id = row_id()
    # One that never expires cannot be a JWT: RFC 9068 §2.2 requires `exp`.
    if lifetime is None or not jwt_access_token.is_jwt(client, settings):
        text = make_secret(ACCESS_TOKEN)
    else:
        claims = jwt_access_token.Claims(
            iss=server.issuer,
            exp=now + lifetime,
            aud=audience(resource, server.issuer),
            sub=exchanged.sub if exchanged else user_id or client.client_id,
            client_id=client.client_id,
            iat=now,
            jti=token_id,
            scope=" ".join(scope),
            auth_time=authenticated_at if user_id else None,
            cnf=Confirmation(jkt) if jkt else None,
            act=jwt_access_token.actor_claim(exchanged.actors) if exchanged else None,
            may_act=Actor(client.may_act) if client.may_act else None,
        )
        text = await jwt_access_token.signed(claims, server)
    return text, AccessToken(
        id=token_id,
        digest=digest(text),
        client_id=client.client_id,
        user_id=user_id,
        grant_id=grant_id,
        scope=tuple(scope),
        issued_at=now,
        expires_at=None if lifetime is None else now + lifetime,
        jkt=jkt,
        exchanged_from=exchanged.digest if exchanged else None,
        actors=exchanged.actors if exchanged else (),
        resource=resource,
    )


def _within(lifetime: int | None, exchanged: Exchanged | None, now: int) -> int | None:
    """A lifetime that does not outlast the token that is exchanged."""
    if exchanged is None or exchanged.expires_at is None:
        return lifetime
    left = exchanged.expires_at - now
    return left if lifetime is None else min(lifetime, left)


def new_refresh_token(
    client: Client, settings: GlobalSettings, now: int, *, jkt: str | None
) -> tuple[str | None, RefreshToken | None]:
    """The first refresh token of a family: its text, and the record that is kept; None twice if the client gets none."""
    if refresh_limit(client) == 0:
        return None, None
    text = make_secret(REFRESH_TOKEN)
    key = digest(text)
    return text, _refresh_token(key, key, client, settings, now, jkt=jkt, begun_at=now)


def next_refresh_token(
    presented: str,
    family: bytes,
    client: Client,
    settings: GlobalSettings,
    now: int,
    *,
    jkt: str | None,
    begun_at: int,
) -> tuple[str, RefreshToken]:
    """The one that follows the presented refresh token. begun_at: when the first of its family was issued."""
    text = make_successor(presented)
    return text, _refresh_token(family, digest(text), client, settings, now, jkt=jkt, begun_at=begun_at)


def _refresh_token(
    family: bytes,
    key: bytes,
    client: Client,
    settings: GlobalSettings,
    now: int,
    *,
    jkt: str | None,
    begun_at: int,
) -> RefreshToken:
    own = client.refresh_token_lifetime
    lifetime = settings.refresh_token_lifetime if own == "global" else own
    return RefreshToken(
        family=family,
        digest=key,
        issued_at=now,
        expires_at=_earlier(None if lifetime == "never" else now + lifetime, family_end(client, settings, begun_at)),
        # RFC 9449 §5: a public client's is bound; a confidential one's is held by its authentication, and "not bound".
        jkt=jkt if client.type == "public" else None,
    )


def _earlier(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)


def token_type(token: AccessToken) -> str:
    """How the token is sent (RFC 6750, RFC 9449 §5)."""
    return "DPoP" if token.jkt else "Bearer"


def token_response(
    text: str, token: AccessToken, refresh_token: str | None = None, issued_token_type: str | None = None
) -> TokenResponse:
    """The answer that carries a new access token."""
    return TokenResponse(
        access_token=text,
        token_type=token_type(token),
        expires_in=None if token.expires_at is None else token.expires_at - token.issued_at,
        scope=" ".join(token.scope),
        refresh_token=refresh_token,
        issued_token_type=issued_token_type,
    )
