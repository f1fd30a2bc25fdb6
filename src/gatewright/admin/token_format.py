"""The rule that JWT access tokens expire (RFC 9068 §2.2 requires `exp`), of settings and clients together."""

from typing import Final

from gatewright.admin.listing import all_clients
from gatewright.kernel.errors import FieldError
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.issuing import access_token_lifetime
from gatewright.oauth.jwt_access_token import is_jwt
from gatewright.store import settings
from gatewright.store.database import Transaction
from gatewright.store.records import Client

_SENTENCE: Final = "A JWT must expire (RFC 9068 §2.2): choose a lifetime in seconds, or opaque tokens."


def of_client(transaction: Transaction, client: Client) -> list[FieldError]:
    """What is wrong with the client under the settings in force."""
    if not _is_endless_jwt(client, settings.load(transaction)):
        return []
    return [FieldError("access_token_lifetime", f"{_SENTENCE} The global settings count where the client has none.")]


def of_settings(transaction: Transaction, new: GlobalSettings) -> list[FieldError]:
    """What is wrong with settings for the clients that follow them. Others of `problems` come first."""
    field = "access_token_format" if new.access_token_format == "jwt" else "access_token_lifetime"
    for client in all_clients(transaction):
        if _is_endless_jwt(client, new):
            return [FieldError(field, f"{_SENTENCE} This concerns the client {client.label}.")]
    return []


def of_itself(new: GlobalSettings) -> list[FieldError]:
    """What is wrong with settings, whatever clients there are."""
    is_wrong = new.access_token_format == "jwt" and new.access_token_lifetime == "never"
    return [FieldError("access_token_lifetime", _SENTENCE)] if is_wrong else []


def _is_endless_jwt(client: Client, under: GlobalSettings) -> bool:
    return is_jwt(client, under) and access_token_lifetime(client, under) is None
