"""Client metadata (RFC 7591 §2): what a client says of itself when it registers."""

import re
from collections.abc import Mapping
from typing import Any
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gatewright.oauth import key_set
from gatewright.oauth.authentication_methods import METHODS
from gatewright.oauth.errors import InvalidClientMetadata
from gatewright.oauth.errors import InvalidRedirectUri
from gatewright.oauth.grant_names import ALLOWED_AS
from gatewright.store.records import Client

OPEN_GRANTS: Final = frozenset({"authorization_code", "device_code"})
"""What everybody may register for: a person decides in each."""
TOKEN_GRANTS: Final = OPEN_GRANTS | {"client_credentials"}
"""What an initial access token allows."""
_NOT_IN_NAMES: Final = re.compile(r"[&()\\;,/\":'<>\s]+")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LONGEST_NAME: Final = 80  # which leaves room to tell it from another of the same name


class ClientMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata that counts here; every other field is ignored, as §2 asks."""

    redirect_uris: tuple[str, ...] = ()
    token_endpoint_auth_method: str = "client_secret_basic"
    grant_types: tuple[str, ...] = ("authorization_code",)
    response_types: tuple[str, ...] | None = None
    client_name: str = ""
    scope: str | None = None
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    token_endpoint_auth_signing_alg: str = ""
    dpop_bound_access_tokens: bool = False
    require_pushed_authorization_requests: bool = False
    software_id: str = ""
    software_version: str = ""


def read(document: Mapping[str, Any]) -> ClientMetadata:
    """The metadata of a request's JSON object; null is as good as left out. Raises OAuthError."""
    given = {name: value for name, value in document.items() if value is not None}
    try:
        metadata = msgspec.convert(given, ClientMetadata)
    except msgspec.ValidationError as error:
        if "$.redirect_uris" in str(error):
            raise InvalidRedirectUri("redirect_uris must be an array of strings.") from None
        raise InvalidClientMetadata(f"The metadata cannot be read: {error}.") from None
    _check(metadata)
    return metadata


def apply(metadata: ClientMetadata, client: Client, allowed: frozenset[str]) -> Client:
    """The client with what the metadata says; its name as it is. allowed: the grants that it may have. Raises OAuthError."""
    public = metadata.token_endpoint_auth_method == "none"
    grants = _grants(metadata, allowed)
    return msgspec.structs.replace(
        client,
        type="public" if public else "confidential",
        redirect_uris=metadata.redirect_uris,
        allowed_grants=grants,
        refresh_limit=_refresh_limit(metadata, client),
        client_authentication=(metadata.token_endpoint_auth_method,),
        jwks=metadata.jwks,
        jwks_uri=metadata.jwks_uri,
        token_endpoint_auth_signing_alg=metadata.token_endpoint_auth_signing_alg,
        dpop_bound_access_tokens=metadata.dpop_bound_access_tokens,
        refresh_rotation=public or not metadata.dpop_bound_access_tokens,
        require_pushed_authorization_requests=metadata.require_pushed_authorization_requests,
    )


def describe(client: Client, scopes: tuple[str, ...]) -> dict[str, Any]:
    """The registered metadata of a client (§3.2.1)."""
    uris = {kept: uri for uri, kept in ALLOWED_AS.items()}
    grants = [uris.get(grant, grant) for grant in client.allowed_grants]
    document: dict[str, Any] = {
        "client_name": client.name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": [*grants, "refresh_token"] if client.refresh_limit else grants,
        "response_types": ["code"] if "authorization_code" in grants else [],
        "token_endpoint_auth_method": client.client_authentication[0],
        "scope": " ".join(scopes),
        "dpop_bound_access_tokens": client.dpop_bound_access_tokens,
        "require_pushed_authorization_requests": client.require_pushed_authorization_requests,
    }
    more = {
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "token_endpoint_auth_signing_alg": client.token_endpoint_auth_signing_alg,
    }
    return document | {name: value for name, value in more.items() if value}


def display_name(metadata: ClientMetadata) -> str:
    """The name for people, in the characters that names may have here."""
    plain = "".join(letter if letter.isprintable() else " " for letter in metadata.client_name)
    return _NOT_IN_NAMES.sub(" ", plain).strip()[:_LONGEST_NAME].strip() or "Self-registered client"


def _check(metadata: ClientMetadata) -> None:
    method = metadata.token_endpoint_auth_method
    if method not in (*METHODS, "none"):
        raise InvalidClientMetadata(f"token_endpoint_auth_method must be one of {', '.join(METHODS)} and none.")
    if metadata.jwks is not None and (problem := key_set.problem(metadata.jwks)):
        raise InvalidClientMetadata(f"jwks: {problem}")
    for uri in metadata.redirect_uris:
        if not is_protected(uri):
            raise InvalidRedirectUri("redirect_uris must be https, http to this computer, or of a private-use scheme.")
    # §2.1: response types and grant types go together.
    wanted = ("code",) if "authorization_code" in metadata.grant_types else ()
    if metadata.response_types not in (None, wanted):
        raise InvalidClientMetadata("response_types must be [code] with the grant authorization_code, else empty.")
    if len(metadata.software_id) > 200 or len(metadata.software_version) > 200:
        raise InvalidClientMetadata("software_id and software_version have at most 200 characters.")


def is_protected(uri: str) -> bool:
    """RFC 9700 §2.6: no plain http but to loopback. All else that is wrong with it is found later."""
    try:
        parts = urlsplit(uri)
        return parts.scheme != "http" or parts.hostname in _LOOPBACK
    except ValueError:
        return False


def _grants(metadata: ClientMetadata, allowed: frozenset[str]) -> tuple[str, ...]:
    grants = []
    for grant_type in dict.fromkeys(metadata.grant_types):
        grant = ALLOWED_AS.get(grant_type, grant_type)
        if grant_type == "refresh_token":
            continue
        if grant_type in ALLOWED_AS.values() or grant not in allowed:
            raise InvalidClientMetadata(
                f"grant_types: {grant_type[:80]} is not for clients that register themselves here."
            )
        grants.append(grant)
    return tuple(grants)


def _refresh_limit(metadata: ClientMetadata, client: Client) -> Any:
    if "refresh_token" not in metadata.grant_types:
        return 0
    return client.refresh_limit or "unlimited"
