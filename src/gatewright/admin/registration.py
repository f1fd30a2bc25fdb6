"""Dynamic client registration (RFC 7591) and its management (RFC 7592), and what an administrator does about them."""

from collections.abc import Mapping
from typing import Any
from typing import Final

import msgspec

from gatewright.admin import associations
from gatewright.admin import audit
from gatewright.admin import clients
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.ids import client_id as make_client_id
from gatewright.kernel.secrets import INITIAL_ACCESS_TOKEN
from gatewright.kernel.secrets import REGISTRATION_ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import is_well_formed
from gatewright.kernel.secrets import make_secret
from gatewright.oauth import client_metadata
from gatewright.oauth.client_metadata import ClientMetadata
from gatewright.oauth.errors import InvalidClientMetadata
from gatewright.oauth.errors import InvalidRedirectUri
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import InvalidToken
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.errors import RegistrationClosed
from gatewright.store import clients as store
from gatewright.store import registrations
from gatewright.store import scopes as scope_store
from gatewright.store import settings
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.registrations import Registration

ACTOR: Final = Actor("dynamic registration", "server")
LONGEST_TOKEN_LIFETIME: Final = 31_536_000
"""Seconds an initial access token may be valid for."""
_NOT_IN_UPDATES: Final = (
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
)
_CLOSED: Final = "Clients cannot register themselves here; an administrator can change dynamic_registration."


def make_initial_token(transaction: Transaction, by: By, token: str, lifetime: int) -> None:
    """Keep an initial access token that was just made, for `lifetime` seconds. Raises Invalid."""
    if not 1 <= lifetime <= LONGEST_TOKEN_LIFETIME:
        raise Invalid([FieldError("expires_in", f"This must be 1 to {LONGEST_TOKEN_LIFETIME} seconds.")])
    registrations.add_initial_token(transaction, digest(token), by.now + lifetime)
    audit.record(transaction, by, "registration_token.create", "registration token", None, {"expires_in": lifetime})


def new_initial_token() -> str:
    """An initial access token (RFC 7591 §1.2), to be kept by `make_initial_token`."""
    return make_secret(INITIAL_ACCESS_TOKEN)


def register(
    transaction: Transaction, by: By, document: Mapping[str, Any], token: str | None, issuer: str
) -> dict[str, Any]:
    """Register a client (RFC 7591 §3); the client information response. token: the initial access token, if any.

    Raises OAuthError.
    """
    by_token = _is_allowed(transaction, by, token)
    metadata = client_metadata.read(document)
    blank = Client(client_id=make_client_id(), name="", require_pkce=True)
    client = _named(transaction, metadata, _applied(metadata, blank, by_token))
    scopes = _cap(transaction, metadata)
    try:
        saved = clients.create(transaction, by, client, scopes=scopes)
    except Invalid as invalid:
        raise _refusal(invalid) from invalid
    registration_token = make_secret(REGISTRATION_ACCESS_TOKEN)
    registration = _registration(metadata, by_token)
    registrations.insert(transaction, client.client_id, digest(registration_token), registration, by.now)
    return _information(saved.client, scopes, registration, registration_token, issuer, saved.secret)


def read(transaction: Transaction, client_id: str, token: str | None, issuer: str) -> dict[str, Any]:
    """The client information response for a client's own configuration (RFC 7592 §2.1). Raises InvalidToken."""
    client, registration = _own(transaction, client_id, token)
    return _information(client, store.scopes(transaction, client_id), registration, token or "", issuer, None)


def update(
    transaction: Transaction, by: By, client_id: str, document: Mapping[str, Any], token: str | None, issuer: str
) -> dict[str, Any]:
    """Replace a client's metadata (RFC 7592 §2.2); its scopes can only become fewer. Raises OAuthError."""
    before, registration = _own(transaction, client_id, token)
    if settings.load(transaction).dynamic_registration == "closed":
        raise RegistrationClosed(_CLOSED)
    _check_update(transaction, client_id, document)
    metadata = client_metadata.read(document)
    client = _applied(metadata, before, registration.by_token)
    if metadata.client_name != before.name:
        client = _named(transaction, metadata, client)
    scopes = store.scopes(transaction, client_id)
    if metadata.scope is not None:
        scopes = tuple(name for name in scopes if name in metadata.scope.split())
    try:
        associations.set_client_scopes(transaction, by, client_id, scopes)
        defaults = tuple(name for name in client.default_scopes if name in scopes)
        current = msgspec.structs.replace(
            client, default_scopes=defaults, revision=clients.find(transaction, client_id).revision
        )
        saved = clients.update(transaction, by, current)
    except Invalid as invalid:
        raise _refusal(invalid) from invalid
    registration = _registration(metadata, registration.by_token)
    registrations.update(transaction, client_id, registration)
    return _information(saved.client, scopes, registration, token or "", issuer, saved.secret)


def delete(transaction: Transaction, by: By, client_id: str, token: str | None) -> None:
    """Remove a client at its own wish (RFC 7592 §2.3). Raises InvalidToken."""
    _own(transaction, client_id, token)
    clients.delete(transaction, by, client_id)


def remove_unused(transaction: Transaction, by: By, batch: int = 100) -> int:
    """Look after up to `batch` self-registered clients, and remove those that held no token for as long as the setting
    says; how many were looked after. Call again while it is not 0.
    """
    lifetime = settings.load(transaction).dynamic_registration_unused
    if lifetime == "never":
        return 0
    # First all that hold a token are noted as used: only then is it known who does not.
    if used := registrations.see_used(transaction, by.now - max(lifetime // 10, 1), by.now, batch):
        return used
    unused = registrations.unused(transaction, by.now - lifetime, batch)
    for client_id in unused:
        clients.delete(transaction, by, client_id)
    return len(unused)


def _is_allowed(transaction: Transaction, by: By, token: str | None) -> bool:
    """Whether an initial access token allows it; raises OAuthError when nothing does."""
    policy = settings.load(transaction).dynamic_registration
    if policy == "closed":
        raise RegistrationClosed(_CLOSED)
    if token is None and policy == "open":
        return False
    if (
        token is None
        or not is_well_formed(token, INITIAL_ACCESS_TOKEN)
        or not registrations.is_initial_token(transaction, digest(token), by.now)
    ):
        raise InvalidToken("Registering needs a valid initial access token; an administrator can make one.")
    return True


def _own(transaction: Transaction, client_id: str, token: str | None) -> tuple[Client, Registration]:
    if token is not None and is_well_formed(token, REGISTRATION_ACCESS_TOKEN):
        registration = registrations.find(transaction, client_id, digest(token))
        client = store.find(transaction, client_id)
        if registration is not None and client is not None and client.enabled:
            return client, registration
    # RFC 7592 §2.1: the same for a client that is gone, of somebody else, or disabled.
    raise InvalidToken("The registration access token is not this client's.")


def _applied(metadata: ClientMetadata, client: Client, by_token: bool) -> Client:
    """An administrator may have allowed the client more than it could register for; that it may keep."""
    allowed = client_metadata.TOKEN_GRANTS if by_token else client_metadata.OPEN_GRANTS
    if client.created_at:
        allowed |= set(client.allowed_grants)
    return client_metadata.apply(metadata, client, allowed)


def _named(transaction: Transaction, metadata: ClientMetadata, client: Client) -> Client:
    name = client_metadata.display_name(metadata)
    other = store.find_named(transaction, name, client.version)
    if other is not None and other.client_id != client.client_id:
        name = f"{name} {client.client_id[:12]}"
    return msgspec.structs.replace(client, name=name)


def _cap(transaction: Transaction, metadata: ClientMetadata) -> tuple[str, ...]:
    """The scopes a new client gets: those it names within the setting, or all of the setting's."""
    most = [
        name
        for name in settings.load(transaction).dynamic_registration_scopes
        if scope_store.find(transaction, name) is not None
    ]
    if metadata.scope is None:
        return tuple(sorted(set(most)))
    granted = tuple(sorted(set(most) & set(metadata.scope.split())))
    if metadata.scope.split() and not granted:
        raise InvalidClientMetadata("scope: none of these scopes is for clients that register themselves.")
    return granted


def _check_update(transaction: Transaction, client_id: str, document: Mapping[str, Any]) -> None:
    """RFC 7592 §2.2."""
    if document.get("client_id") != client_id:
        raise InvalidRequest("client_id must be the client's own.")
    if named := next((name for name in _NOT_IN_UPDATES if name in document), None):
        raise InvalidRequest(f"{named} must not be sent.")
    secret = document.get("client_secret")
    if secret is None:
        return
    made = [kept.digest for kept in store.secrets(transaction, client_id)]
    # "the value of this field MUST match the currently issued client secret"
    if not isinstance(secret, str) or not secret.isascii() or digest(secret) not in made:
        raise InvalidRequest("client_secret is not the client's; a client cannot choose it.")


def _registration(metadata: ClientMetadata, by_token: bool) -> Registration:
    return Registration(by_token=by_token, software_id=metadata.software_id, software_version=metadata.software_version)


def _information(
    client: Client, scopes: tuple[str, ...], registration: Registration, token: str, issuer: str, secret: str | None
) -> dict[str, Any]:
    """The client information response (RFC 7591 §3.2.1, RFC 7592 §3). A secret is told once: only its digest is kept."""
    told = {"client_secret": secret, "client_secret_expires_at": 0} if secret else {}
    software = {"software_id": registration.software_id, "software_version": registration.software_version}
    return {
        "client_id": client.client_id,
        **told,
        "client_id_issued_at": client.created_at,
        "registration_access_token": token,
        "registration_client_uri": f"{issuer}/oauth/register/{client.client_id}",
        **client_metadata.describe(client, scopes),
        **{name: value for name, value in software.items() if value},
    }


def _refusal(invalid: Invalid) -> OAuthError:
    """RFC 7591 §3.2.2."""
    first = invalid.errors[0]
    if any(error.field == "redirect_uris" for error in invalid.errors):
        return InvalidRedirectUri(next(error.message for error in invalid.errors if error.field == "redirect_uris"))
    return InvalidClientMetadata(f"{first.field}: {first.message}")
