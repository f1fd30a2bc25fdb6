"""The public keys of clients and issuers, as people give them: a JWK Set, or the address of one (RFC 7591 §2)."""

import json
from typing import Any
from typing import Final
from urllib.parse import urlsplit

from gatewright.kernel.addresses import is_listed
from gatewright.kernel.errors import FieldError
from gatewright.oauth import key_set
from gatewright.oauth.key_set import KeySource
from gatewright.store import settings
from gatewright.store.database import Transaction

_PORTS: Final = {"http": 80, "https": 443}
_LONGEST_URL: Final = 2000
_LONGEST_SET: Final = 100_000


def read_jwks(value: Any) -> dict[str, Any] | None:
    """A JWK Set: an object, its JSON text, or nothing. Raises ValueError."""
    if value in (None, "", {}):
        return None
    if isinstance(value, str):
        if len(value) > _LONGEST_SET:
            raise ValueError(f"A JWK Set has at most {_LONGEST_SET} characters.")
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("This is no JSON.") from None
    if problem := key_set.problem(value):
        raise ValueError(problem)
    found: dict[str, Any] = value
    return found


def problems(source: KeySource, *, needed_by: str = "") -> list[FieldError]:
    """What is wrong with a source of keys by itself. needed_by: what cannot be without keys, if anything."""
    if source.jwks is not None and source.jwks_uri:
        return [FieldError("jwks_uri", "Give the keys or their address, not both (RFC 7591 §2).")]
    if source.jwks_uri and (message := address_problem(source.jwks_uri)):
        return [FieldError("jwks_uri", message)]
    if needed_by and source.jwks is None and not source.jwks_uri:
        return [FieldError("jwks_uri", f"{needed_by} needs public keys: give jwks_uri or jwks.")]
    return []


def address_problem(url: str) -> str | None:
    """Why nothing can be fetched from an address, as far as its text tells."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme in _PORTS and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    if not fits or "@" in parts.netloc or "#" in url or not url.isprintable() or " " in url or len(url) > _LONGEST_URL:
        return "This must be an https address, without user name and fragment."
    return None


def insecure(transaction: Transaction, field: str, url: str) -> list[FieldError]:
    """An error for an address over plain http whose host the setting `fetch_private_hosts` does not list."""
    if not url or address_problem(url):
        return []
    parts = urlsplit(url)
    listed = settings.load(transaction).fetch_private_hosts
    if parts.scheme == "https" or is_listed(parts.hostname or "", parts.port or 80, listed):
        return []
    message = "This must be https; plain http is for hosts that the setting fetch_private_hosts lists."
    return [FieldError(field, message)]
