"""Clients whose `client_id` is the address of a document that describes them (draft-ietf-oauth-client-id-metadata-document).

They need no registration. The first person who lets one act has it kept, like any other client, so that an
administrator can see, disable and delete it; what its document says is read anew each time, by HTTP's rules.
"""

import re
from collections.abc import Mapping
from typing import Any
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gatewright.kernel.addresses import is_listed
from gatewright.kernel.fetching import FetchFailed
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth import client_metadata
from gatewright.oauth import registrable_uri
from gatewright.oauth.client_metadata import OPEN_GRANTS
from gatewright.oauth.client_metadata import ClientMetadata
from gatewright.oauth.errors import InvalidClient
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.grant_names import ALLOWED_AS
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client

METHODS: Final = ("none", "private_key_jwt")
"""How such a client authenticates: nobody could have given it a secret."""
_SCHEME: Final = "https://"
_LONGEST: Final = 300
# Section "Client Identifier URL": https, a path, no userinfo, query or fragment.
_URL: Final = re.compile(r"https://[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[1-9][0-9]{0,4})?/[A-Za-z0-9._~/-]*\Z")
_MOST_BYTES: Final = 16_384  # the draft recommends 5 kB, which keys within the document (`jwks`) soon exceed
_MOST_URIS: Final = 100
_SECRETS: Final = ("client_secret", "client_secret_expires_at")
_TRUSTED_FOR: Final = ("name", "type", "redirect_uris", "jwks", "jwks_uri")


async def find(client_id: str, server: AuthorizationServer) -> RegisteredClient | None:
    """The client of that id: a registered one, or one that the document at that address describes, if it counts here.

    Raises InvalidClient when the document cannot be had or used.
    """
    kept = await server.directory.client(client_id)
    if not client_id.startswith(_SCHEME) or (kept and not kept.client.described_by_document):
        return kept
    settings = await server.directory.settings()
    if not _counts(client_id, settings):
        return None
    metadata = await _metadata(client_id, server)
    if kept:
        return msgspec.structs.replace(kept, client=_described(metadata, kept.client))
    blank = Client(
        client_id=client_id, name="", version=_host(client_id), require_pkce=True, described_by_document=True
    )
    scopes = await _scopes(metadata, settings, server)
    return RegisteredClient(_described(metadata, blank), (), scopes, frozenset())


async def is_to_be_shown(client: Client, target: str, server: AuthorizationServer) -> bool:
    """Whether a person must see the client, whatever was remembered.

    So it is when it was never kept, when its document changed in what it was trusted for, and when the answer goes
    elsewhere than the document comes from (section "Relationship between redirect_uris and client_id").
    """
    if not client.described_by_document:
        return False
    kept = await server.directory.client(client.client_id)
    return kept is None or is_changed(client, kept.client) or leads_elsewhere(client, target)


def is_changed(client: Client, kept: Client) -> bool:
    """Whether a document says other things than the kept one did that people trust it for."""
    return any(getattr(client, name) != getattr(kept, name) for name in _TRUSTED_FOR)


def leads_elsewhere(client: Client, target: str) -> bool:
    """Whether a redirect URI has another origin than the client's document; never for a client that was registered."""
    return client.described_by_document and _origin(client.client_id) != _origin(target)


def host(client: Client) -> str:
    """The host that vouches for what the client says of itself; empty for one that was registered."""
    return _origin(client.client_id)[1] if client.described_by_document else ""


def _counts(client_id: str, settings: GlobalSettings) -> bool:
    """Whether the address is one that the draft and the setting allow."""
    listed = settings.client_id_metadata_hosts
    if not listed or len(client_id) > _LONGEST or not _URL.match(client_id):
        return False
    parts = urlsplit(client_id)
    # "MUST NOT contain single-dot or double-dot path components"
    if not {".", ".."}.isdisjoint(parts.path.split("/")):
        return False
    try:
        port = parts.port or 443
    except ValueError:  # more than 65535
        return False
    return "*" in listed or is_listed(_host(client_id), port, listed)


async def _metadata(client_id: str, server: AuthorizationServer) -> ClientMetadata:
    try:
        fetched = await server.fetcher.get(client_id, _MOST_BYTES)
    except FetchFailed as failure:
        raise InvalidClient(
            "No usable document is at this client_id; the server's log says why.",
            detail=f"client metadata document: {failure}",
            rule="client_known",
            found=str(failure),
            wanted="a metadata document at the client_id",
        ) from failure
    try:
        return _read(client_id, fetched.body)
    except OAuthError as error:
        # "The authorization server […] MUST NOT cache documents which are invalid or malformed."
        server.fetcher.reject(client_id, f"{client_id}: {error.public}")
        raise InvalidClient(
            f"The document at this client_id cannot be used: {error.public}",
            rule="client_known",
            found=error.public,
            wanted="a metadata document at the client_id",
        ) from error


def _read(client_id: str, body: bytes) -> ClientMetadata:
    """What a document says, as far as it counts here. Raises OAuthError."""
    try:
        document: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError):
        raise InvalidClient("It is no JSON object.") from None
    # "MUST contain a `client_id` property whose value MUST match the Client Identifier URL"
    if document.get("client_id") != client_id:
        raise InvalidClient("Its client_id is not its own address.")
    # "the `client_secret` and `client_secret_expires_at` properties MUST NOT be used"
    if any(name in document for name in _SECRETS):
        raise InvalidClient("It names a client secret, which everybody can read there.")
    method = document.get("token_endpoint_auth_method") or "none"
    if method not in METHODS:
        raise InvalidClient(f"token_endpoint_auth_method must be {' or '.join(METHODS)}.")
    if method == "private_key_jwt" and bool(document.get("jwks")) == bool(document.get("jwks_uri")):
        raise InvalidClient("private_key_jwt needs public keys: one of jwks and jwks_uri.")
    return client_metadata.read({**document, **_for_us(document), "token_endpoint_auth_method": method})


def _for_us(document: Mapping[str, Any]) -> dict[str, Any]:
    """What counts here of lists that a document writes for every server. Raises OAuthError."""
    grants = [
        name
        for name in _texts(document, "grant_types") or ["authorization_code"]
        if name == "refresh_token" or (ALLOWED_AS.get(name, name) in OPEN_GRANTS and name not in ALLOWED_AS.values())
    ]
    uris = [uri for uri in _texts(document, "redirect_uris") if _is_usable(uri)]
    if grants in ([], ["refresh_token"]):
        raise InvalidClient("None of its grant_types is for clients that describe themselves here.")
    if "authorization_code" in grants and not 0 < len(uris) <= _MOST_URIS:
        raise InvalidClient(f"authorization_code needs 1 to {_MOST_URIS} redirect_uris that can be registered here.")
    return {"grant_types": grants, "redirect_uris": uris, "response_types": None}


def _texts(document: Mapping[str, Any], name: str) -> list[str]:
    try:
        return msgspec.convert(document.get(name) or [], list[str])
    except msgspec.ValidationError:
        raise InvalidClient(f"{name} must be an array of strings.") from None


def _is_usable(uri: str) -> bool:
    return registrable_uri.problem(uri) is None and client_metadata.is_protected(uri)


def _described(metadata: ClientMetadata, base: Client) -> Client:
    """`base` as its document describes it; what an administrator chose for one that is kept stays."""
    client = client_metadata.apply(metadata, base, OPEN_GRANTS | set(base.allowed_grants))
    limit = base.refresh_limit if base.created_at and client.refresh_limit else client.refresh_limit
    name = client_metadata.display_name(metadata) if metadata.client_name else _host(base.client_id)
    return msgspec.structs.replace(client, name=name, refresh_limit=limit)


async def _scopes(metadata: ClientMetadata, settings: GlobalSettings, server: AuthorizationServer) -> tuple[str, ...]:
    """What a client gets that is not kept yet: what it names, or all, of the setting's."""
    present = await server.directory.scopes()
    most = {name for name in settings.dynamic_registration_scopes if name in present}
    return tuple(sorted(most if metadata.scope is None else most & set(metadata.scope.split())))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def _host(client_id: str) -> str:
    return urlsplit(client_id).hostname or ""
