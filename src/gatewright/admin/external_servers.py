"""External authorization servers, whose access tokens call services here."""

import re
from collections.abc import Mapping
from typing import Any
from typing import Final

import msgspec

from gatewright.admin import audit
from gatewright.admin import key_sources
from gatewright.admin.actor import By
from gatewright.admin.fields import Fields
from gatewright.admin.fields import flag
from gatewright.admin.fields import one_of
from gatewright.admin.fields import text
from gatewright.admin.fields import texts
from gatewright.admin.fields import whole_number
from gatewright.admin.scopes import check_scopes
from gatewright.admin.trusted_issuers import identifier_problems
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.oauth.introspection_request import seal_context
from gatewright.store import external_servers as store
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.external_servers import ExternalServer

FIELDS: Final = (
    "name",
    "issuer",
    "jwks",
    "jwks_uri",
    "introspection_endpoint",
    "client_id",
    "audience",
    "token_typ",
    "default_scope",
    "scope_mapping",
    "introspection_cache",
    "enabled",
)
"""The fields people choose; the user and the client's secret are given beside them."""
NEW: Final = ExternalServer(name="", issuer="")
"""An empty form for a new one."""

_NAME: Final = re.compile(r"[^&()\\;,/\":'<>\x00-\x1f\x7f]{1,100}\Z")
_LONGEST_CLIENT_ID: Final = 255
_LONGEST_SECRET: Final = 4096
_LONGEST_CACHE: Final = 3600
_MOST_MAPPED: Final = 500


def read_server(values: Mapping[str, object], base: ExternalServer) -> ExternalServer:
    """`base` with the given values in place of its own. Raises Invalid, every wrong field named."""
    fields = Fields(values, FIELDS)
    seconds = whole_number(0, f"This must be a whole number of seconds, 0 to {_LONGEST_CACHE}.")
    server = msgspec.structs.replace(
        base,
        name=fields.read("name", base.name, text),
        issuer=fields.read("issuer", base.issuer, text),
        jwks=fields.read("jwks", base.jwks, key_sources.read_jwks),
        jwks_uri=fields.read("jwks_uri", base.jwks_uri, text),
        introspection_endpoint=fields.read("introspection_endpoint", base.introspection_endpoint, text),
        client_id=fields.read("client_id", base.client_id, text),
        audience=fields.read("audience", base.audience, text),
        token_typ=fields.read("token_typ", base.token_typ, one_of("at+jwt", "any")),
        default_scope=fields.read("default_scope", base.default_scope, texts),
        scope_mapping=fields.read("scope_mapping", base.scope_mapping, _mapping),
        introspection_cache=fields.read("introspection_cache", base.introspection_cache, seconds),
        enabled=fields.read("enabled", base.enabled, flag),
    )
    fields.refuse_if_wrong(problems(server))
    return server


def problems(server: ExternalServer) -> list[FieldError]:
    """What is wrong with the server by itself."""
    errors = []
    if not _NAME.match(server.name) or server.name != server.name.strip() or not server.name.isprintable():
        errors.append(FieldError("name", "Name has 1 to 100 characters, without & ( ) \\ ; , / \" : ' < > ."))
    errors += identifier_problems("issuer", server.issuer)
    errors += key_sources.problems(server)
    has_keys = server.jwks is not None or bool(server.jwks_uri)
    if not has_keys and not server.introspection_endpoint:
        message = "Say how its tokens are checked: by keys (jwks_uri or jwks), or by an introspection endpoint."
        errors.append(FieldError("introspection_endpoint", message))
    if server.introspection_endpoint and (message := key_sources.address_problem(server.introspection_endpoint) or ""):
        errors.append(FieldError("introspection_endpoint", message))
    if has_keys or server.audience:
        errors += identifier_problems("audience", server.audience)
    if len(server.client_id) > _LONGEST_CLIENT_ID:
        errors.append(FieldError("client_id", f"Client Id has at most {_LONGEST_CLIENT_ID} characters."))
    if server.introspection_cache > _LONGEST_CACHE:
        errors.append(FieldError("introspection_cache", f"This is at most {_LONGEST_CACHE} seconds."))
    return errors


def create(
    transaction: Transaction, by: By, server: ExternalServer, *, user: str, client_secret: str = ""
) -> ExternalServer:
    """Register an external authorization server. user: the name of the user that calls run as.

    client_secret: for its introspection endpoint; kept sealed.  Raises Invalid.
    """
    errors = _all_problems(transaction, server, client_secret)
    if store.find(transaction, server.name):
        errors.append(FieldError("name", f"There is an external authorization server {server.name} already."))
    user_id = _user(transaction, user, errors)
    if errors:
        raise Invalid(errors)
    sealed = by.seal(client_secret, seal_context(server.name)) if client_secret else None
    new = msgspec.structs.replace(server, user_id=user_id, sealed_secret=sealed, revision=1)
    store.insert(transaction, new, by.now)
    audit.record(transaction, by, "external_server.create", new.name, None, _audited(new, user))
    return new


def update(
    transaction: Transaction, by: By, server: ExternalServer, *, user: str | None = None, client_secret: str = ""
) -> ExternalServer:
    """Change one, known by its name, if its revision is the same. Raises Invalid, NotFound, Conflict.

    user: as in `create`; None: the same.  client_secret: as in `create`; empty: the same.
    """
    before = find(transaction, server.name)
    errors = _all_problems(transaction, server, client_secret)
    present = user_name(transaction, before)
    user_id = before.user_id if user is None else _user(transaction, user, errors)
    if errors:
        raise Invalid(errors)
    sealed = _sealed(by, before, client_secret) if server.introspection_endpoint else None
    new = msgspec.structs.replace(server, user_id=user_id, sealed_secret=sealed)
    if new == before:
        return before
    if not store.update(transaction, new, by.now):
        raise Conflict(f"{server.name} was changed meanwhile. Load it again and repeat your change.")
    after = _audited(new, present if user is None else user)
    if new.sealed_secret != before.sealed_secret:
        after["client_secret"] = "changed"
    audit.record(transaction, by, "external_server.update", server.name, _audited(before, present), after)
    return find(transaction, server.name)


def delete(transaction: Transaction, by: By, name: str) -> None:
    """Remove one: its tokens open nothing from the next request on. Raises NotFound."""
    before = find(transaction, name)
    store.delete(transaction, name, by.now)
    audit.record(transaction, by, "external_server.delete", name, _audited(before, user_name(transaction, before)))


def find(transaction: Transaction, name: str) -> ExternalServer:
    """The external authorization server of that name. Raises NotFound."""
    found = store.find(transaction, name)
    if found is None:
        raise NotFound(f"There is no external authorization server {name}.")
    return found


def user_name(transaction: Transaction, server: ExternalServer) -> str:
    """The name of the user that calls run as; empty when there is no such user any more."""
    user = users.find(transaction, server.user_id)
    return user.name if user else ""


def of_user(transaction: Transaction, user_id: str) -> list[str]:
    """The names of the external authorization servers whose calls run as that user."""
    return [server.name for server in store.all_servers(transaction) if server.user_id == user_id]


def _all_problems(transaction: Transaction, server: ExternalServer, client_secret: str) -> list[FieldError]:
    errors = problems(server)
    for field in ("jwks_uri", "introspection_endpoint"):
        errors += key_sources.insecure(transaction, field, getattr(server, field))
    for other in store.all_servers(transaction):
        if other.issuer == server.issuer and other.name != server.name:
            errors.append(FieldError("issuer", f"{other.name} is registered with this issuer."))
    errors += _scopes(transaction, "default_scope", server.default_scope)
    mapped = tuple(dict.fromkeys(ours for names in server.scope_mapping.values() for ours in names))
    errors += _scopes(transaction, "scope_mapping", mapped)
    if len(client_secret) > _LONGEST_SECRET:
        errors.append(FieldError("client_secret", f"Client Secret has at most {_LONGEST_SECRET} characters."))
    if client_secret and not (server.introspection_endpoint and server.client_id):
        errors.append(
            FieldError("client_id", "A secret is for an introspection endpoint and a client_id: give these, too.")
        )
    return errors


def _scopes(transaction: Transaction, field: str, names: tuple[str, ...]) -> list[FieldError]:
    return [FieldError(field, error.message) for error in check_scopes(transaction, names)]


def _user(transaction: Transaction, name: str, errors: list[FieldError]) -> str:
    user = users.find_named(transaction, name) if name else None
    if user is None:
        message = f"There is no user {name!r}." if name else "Name the user that calls run as."
        errors.append(FieldError("user", message))
        return ""
    return user.id


def _sealed(by: By, before: ExternalServer, client_secret: str) -> bytes | None:
    context = seal_context(before.name)
    if not client_secret:
        return before.sealed_secret
    if before.sealed_secret is not None and by.unseal(before.sealed_secret, context) == client_secret:
        return before.sealed_secret
    return by.seal(client_secret, context)


def _mapping(value: Any) -> dict[str, tuple[str, ...]]:
    """Theirs to ours: a mapping of lists, or lines `theirs = ours ours`."""
    if isinstance(value, str):
        value = dict(_line(line) for line in value.splitlines() if line.strip())
    if not isinstance(value, dict) or len(value) > _MOST_MAPPED:
        raise ValueError(f"This must be a mapping of their scopes to lists of ours, {_MOST_MAPPED} at most.")
    mapped = {text(theirs): texts([ours] if isinstance(ours, str) else ours) for theirs, ours in value.items()}
    if any(not theirs or len(theirs.split()) != 1 for theirs in mapped):
        raise ValueError("Each of their scopes is one word.")
    return mapped


def _line(line: str) -> tuple[str, list[str]]:
    theirs, equals, ours = line.partition("=")
    if not equals:
        raise ValueError(
            f"Write each line as: their-scope = our-scope our-scope. This one has no “=”: {line.strip()[:60]}"
        )
    return theirs, ours.split()


def _audited(server: ExternalServer, user: str) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(msgspec.structs.replace(server, sealed_secret=None))
    for name in ("revision", "sealed_secret", "user_id"):
        del document[name]
    return document | {"user": user}
