"""What a client may be: the rules of the form "Client Configuration", told field by field."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final

import msgspec

from gatewright.admin import key_sources
from gatewright.admin.fields import Fields
from gatewright.admin.fields import did_you_mean
from gatewright.admin.fields import flag
from gatewright.admin.fields import listed
from gatewright.admin.fields import one_of
from gatewright.admin.fields import text
from gatewright.admin.fields import texts
from gatewright.admin.fields import whole_number
from gatewright.admin.lifetimes import read_by_grant
from gatewright.kernel.errors import FieldError
from gatewright.oauth import client_assertion
from gatewright.oauth import registrable_uri
from gatewright.oauth.authentication_methods import CONFIDENTIAL_METHODS
from gatewright.oauth.authentication_methods import METHODS
from gatewright.oauth.authentication_methods import SECRET_METHODS
from gatewright.store.records import Client

GRANTS: Final = {
    "authorization_code": "Authorization Code",
    "implicit": "Implicit",
    "client_credentials": "Client Credentials",
    "password": "Resource Owner Password Credentials",
    "jwt_bearer": "JWT Bearer",
    "token_exchange": "Token Exchange",
    "device_code": "Device Code",
}
"""The grants a client can be allowed, as the protocol and as the form names them."""

AUTHENTICATION: Final = {"confidential": METHODS, "public": ("none",)}
"""The authentication methods of each type of client."""

_LIFETIME: Final = "The expiration interval must be a whole number of seconds, 1 or more."
_REQUESTS: Final = "The number of requests must be a whole number, 1 or more."
_LIMIT: Final = "The limit of the refresh count must be a whole number, 0 or more."
_READERS: Final[Mapping[str, Callable[[Any], object]]] = {
    "name": text,
    "version": text,
    "type": one_of("confidential", "public"),
    "description": text,
    "redirect_uris": texts,
    "allowed_grants": texts,
    "require_pkce": one_of("global", True, False),
    "require_pushed_authorization_requests": flag,
    "access_token_lifetime": one_of("global", "never", otherwise=whole_number(1, _LIFETIME)),
    "access_token_lifetime_by_grant": read_by_grant,
    "access_token_format": one_of("global", "opaque", "jwt"),
    "refresh_limit": one_of("unlimited", otherwise=whole_number(0, _LIMIT)),
    "refresh_token_lifetime": one_of("global", "never", otherwise=whole_number(1, _LIFETIME)),
    "token_family_lifetime": one_of("global", "never", otherwise=whole_number(1, _LIFETIME)),
    "dpop_bound_access_tokens": flag,
    "may_act": text,
    "default_scopes": texts,
    "client_authentication": texts,
    "jwks": key_sources.read_jwks,
    "jwks_uri": text,
    "token_endpoint_auth_signing_alg": text,
    "refresh_rotation": flag,
    "introspect": one_of("own", "all"),
    "rate_limit": one_of("unlimited", otherwise=whole_number(1, _REQUESTS)),
    "daily_quota": one_of("unlimited", otherwise=whole_number(1, _REQUESTS)),
    "enabled": flag,
}

FIELDS: Final = tuple(_READERS)
"""The fields people choose; `client_id` is chosen once, scopes, groups and secrets are given beside them."""

NEW: Final = Client(client_id="", name="")
"""An empty form for a new client."""

_NOT_IN_NAMES: Final = "&()\\;,/\":'<>"
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._~-]{1,100}\Z")
_LONGEST_NAME: Final = 100
_LONGEST_DESCRIPTION: Final = 1000
_MOST_URIS: Final = 100


def read_client(values: Mapping[str, object], base: Client) -> Client:
    """`base` with the given values in place of its own. Raises Invalid, every wrong field named."""
    fields = Fields(values, FIELDS)
    read = {name: fields.read(name, getattr(base, name), reader) for name, reader in _READERS.items()}
    client = msgspec.structs.replace(base, **read)
    if client.type != base.type and "client_authentication" not in values:
        client = msgspec.structs.replace(client, client_authentication=())
    if not base.created_at and "refresh_rotation" not in values and client.type == "confidential":
        # Stolen without the key, what a refresh would give is of no use (RFC 9700 §2.2.2).
        client = msgspec.structs.replace(client, refresh_rotation=not client.dpop_bound_access_tokens)
    fields.refuse_if_wrong(problems(client))
    return client


def with_defaults(client: Client) -> Client:
    """The client with its type's authentication methods where none are chosen."""
    if client.client_authentication:
        return client
    default = CONFIDENTIAL_METHODS if client.type == "confidential" else AUTHENTICATION["public"]
    return msgspec.structs.replace(client, client_authentication=default)


def needs_secret(client: Client) -> bool:
    """Whether the client authenticates by a secret, or may."""
    return not set(client.client_authentication).isdisjoint(SECRET_METHODS)


def needs_readable_secret(client: Client) -> bool:
    """Whether a copy of its secret must be kept that can be read."""
    return client_assertion.CLIENT_SECRET in client.client_authentication


def problems(client: Client) -> list[FieldError]:
    """What is wrong with the client by itself: all that can be said without looking at others."""
    errors = [FieldError(field, message) for field, message in _names(client)]
    errors += [FieldError("redirect_uris", message) for message in _redirect_uris(client)]
    errors += [FieldError("allowed_grants", message) for message in _grants(client)]
    errors += [FieldError("client_authentication", message) for message in _authentication(client)]
    signs = client_assertion.PRIVATE_KEY in client.client_authentication
    errors += key_sources.problems(client, needed_by=client_assertion.PRIVATE_KEY if signs else "")
    errors += [FieldError("token_endpoint_auth_signing_alg", message) for message in _signing_algorithm(client)]
    if client.dpop_bound_access_tokens and "implicit" in client.allowed_grants:
        errors.append(
            FieldError(
                "allowed_grants", "Implicit gives tokens that are bound to no key; this client's must be (DPoP)."
            )
        )
    if len(client.may_act) > _LONGEST_NAME or not client.may_act.isprintable():
        errors.append(FieldError("may_act", f"A subject has at most {_LONGEST_NAME} printable characters."))
    if client.type == "public" and not client.refresh_rotation:
        errors.append(
            FieldError("refresh_rotation", "Refresh tokens of a public client always rotate (RFC 9700 §4.14.2).")
        )
    if client.type == "public" and client.introspect == "all":
        errors.append(FieldError("introspect", "Only a confidential client may introspect the tokens of others."))
    return errors


def _names(client: Client) -> list[tuple[str, str]]:
    found = []
    for field, label, value in (("name", "Name", client.name), ("version", "Version", client.version)):
        bad = [character for character in _NOT_IN_NAMES if character in value]
        if not value:
            found.append((field, f"{label} is missing."))
        elif bad or not value.isprintable():
            found.append((field, f"{label} must not contain any of & ( ) \\ ; , / \" : ' < > or control characters."))
        elif len(value) > _LONGEST_NAME:
            found.append((field, f"{label} has at most {_LONGEST_NAME} characters."))
    if client.client_id and not client.described_by_document and not _CLIENT_ID.match(client.client_id):
        found.append(("client_id", "A client_id has 1 to 100 letters, digits or . _ ~ - ."))
    if len(client.description) > _LONGEST_DESCRIPTION:
        found.append(("description", f"Description has at most {_LONGEST_DESCRIPTION} characters."))
    return found


def _redirect_uris(client: Client) -> list[str]:
    needing = [GRANTS[grant] for grant in ("authorization_code", "implicit") if grant in client.allowed_grants]
    if needing and not client.redirect_uris:
        return [f"{' and '.join(needing)} need{'' if len(needing) > 1 else 's'} at least one redirect URI."]
    if len(client.redirect_uris) > _MOST_URIS:
        return [f"A client has at most {_MOST_URIS} redirect URIs."]
    return [message for uri in client.redirect_uris if (message := registrable_uri.problem(uri))]


def _grants(client: Client) -> list[str]:
    found = []
    for grant in client.allowed_grants:
        if grant == "refresh_token":
            found.append("refresh_token is not listed here: the refresh limit decides about it.")
        elif grant not in GRANTS:
            found.append(f"{grant!r} is no grant; it must be {listed(list(GRANTS))}.{did_you_mean(grant, GRANTS)}")
        elif client.type == "public" and grant in ("client_credentials", "password", "token_exchange"):
            found.append(f"{GRANTS[grant]} needs a confidential client; this one is public and cannot keep a secret.")
    return found


def _authentication(client: Client) -> list[str]:
    allowed = AUTHENTICATION[client.type]
    return [
        f"{method!r} is no authentication method of a {client.type} client; it must be {listed(list(allowed))}."
        for method in client.client_authentication
        if method not in allowed
    ]


def _signing_algorithm(client: Client) -> list[str]:
    algorithm = client.token_endpoint_auth_signing_alg
    if not algorithm:
        return []
    if algorithm not in client_assertion.ALGORITHMS:
        hint = did_you_mean(algorithm, client_assertion.ALGORITHMS)
        return [f"{algorithm!r} is not known; it must be {listed(list(client_assertion.ALGORITHMS))}.{hint}"]
    method = client_assertion.method_by(algorithm)
    return (
        [] if method in client.client_authentication else [f"{algorithm} belongs to {method}; allow that method too."]
    )
