"""Connections: stored credentials for calling out."""

import re
from collections.abc import Mapping
from typing import Any
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gatewright.admin import audit
from gatewright.admin import key_sources
from gatewright.admin.actor import By
from gatewright.admin.fields import Fields
from gatewright.admin.fields import one_of
from gatewright.admin.fields import text
from gatewright.admin.fields import texts
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.connection_tokens import Token
from gatewright.services.connection_tokens import tokens_context
from gatewright.services.connections import HTTP
from gatewright.services.connections import OAUTH
from gatewright.services.connections import Secrets
from gatewright.services.connections import seal_context
from gatewright.store import connections as store
from gatewright.store.connections import Connection
from gatewright.store.database import Transaction

KINDS: Final[Mapping[str, str]] = {
    "client_credentials": "OAuth client credentials",
    "refresh_token": "OAuth refresh token",
    "basic": "Basic",
    "bearer": "Bearer token",
    "api_key": "API key",
    "sql": "SQL database",
    "smtp": "Mail server",
}
"""The kinds, in the words of forms."""
FIELDS: Final = tuple(name for name in Connection.__struct_fields__ if name not in ("sealed", "revision"))
"""The fields people choose; the secrets are given beside them."""
NEW: Final = Connection(name="", kind="client_credentials")
"""An empty form for a new one."""
OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "client_credentials": ("token_endpoint", "client_id", "client_authentication", "scopes", "audience"),
    "refresh_token": ("token_endpoint", "client_id", "client_authentication", "scopes"),
    "basic": ("username",),
    "bearer": (),
    "api_key": ("place", "parameter"),
    "sql": ("url",),
    "smtp": ("server", "encryption", "username", "sender"),
}
"""The fields of each kind, beside those that all have."""
_FOR_HTTP: Final = ("hosts", "test_address")
_SPECIFIC: Final = frozenset(name for names in OF_KIND.values() for name in names) | set(_FOR_HTTP)
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,99}\Z")
_HOST: Final = re.compile(r"(?:\*\.)?(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?\Z")
_FIELD_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_SERVER: Final = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z")
_MAIL: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
_SQLITE: Final = re.compile(r"sqlite:(?!/)[A-Za-z0-9_./-]{1,200}\Z")
_LONGEST: Final = 2000
_LONGEST_SECRET: Final = 8192


def read_connection(values: Mapping[str, object], base: Connection) -> Connection:
    """`base` with the given values in place of its own; what its kind does not have is left at its default.

    Raises Invalid, every wrong field named.
    """
    fields = Fields(values, FIELDS)
    kinds, methods = one_of(*KINDS), one_of("client_secret_basic", "client_secret_post", "none")
    read: dict[str, Any] = {
        "kind": kinds,
        "hosts": texts,
        "packages": texts,
        "scopes": texts,
        "client_authentication": methods,
        "place": one_of("header", "query"),
        "encryption": one_of("starttls", "tls", "none"),
    }
    given = {name: fields.read(name, getattr(base, name), read.get(name, text)) for name in FIELDS}
    own = (*OF_KIND[given["kind"]], *(_FOR_HTTP if given["kind"] in HTTP else ()))
    for name in _SPECIFIC.difference(own):
        given[name] = getattr(NEW, name)
    connection = msgspec.structs.replace(base, **given)
    fields.refuse_if_wrong(problems(connection))
    return connection


def problems(connection: Connection) -> list[FieldError]:
    """What is wrong with the connection by itself."""
    errors = []
    if not _NAME.match(connection.name):
        message = "Name is letters, digits, _ and -, beginning with a letter or _, 100 at most: flows write it."
        errors.append(FieldError("name", message))
    for name in FIELDS:
        value = getattr(connection, name)
        longest = max(map(len, value), default=0) if isinstance(value, tuple) else len(value)
        if longest > _LONGEST or (isinstance(value, tuple) and len(value) > 100):
            errors.append(FieldError(name, f"This has at most {_LONGEST} characters, a list 100 entries."))
    return errors + (_of_http(connection) if connection.kind in HTTP else []) + _OF_KIND[connection.kind](connection)


def _of_http(connection: Connection) -> list[FieldError]:
    errors = []
    if not connection.hosts:
        message = "Name the hosts that get these credentials, such as api.example.com; no other ever does."
        errors.append(FieldError("hosts", message))
    errors += [
        FieldError("hosts", f"{host[:60]!r} is no host: write name, name:port or *.name.")
        for host in connection.hosts
        if not _HOST.match(host)
    ]
    if connection.test_address and (message := key_sources.address_problem(connection.test_address) or ""):
        errors.append(FieldError("test_address", message))
    return errors


def _of_oauth(connection: Connection) -> list[FieldError]:
    message = key_sources.address_problem(connection.token_endpoint) or ""
    if not connection.token_endpoint:
        message = "Say where tokens are got: the authorization server's token endpoint."
    errors = [FieldError("token_endpoint", message)] if message else []
    if not connection.client_id:
        errors.append(FieldError("client_id", "Say as which client tokens are got."))
    if any(len(scope.split()) != 1 for scope in connection.scopes):
        errors.append(FieldError("scopes", "Each scope is one word."))
    return errors


def _of_basic(connection: Connection) -> list[FieldError]:
    if not connection.username or ":" in connection.username:  # RFC 7617 §2: a user-id holds no colon
        return [FieldError("username", "Give the user name, which has no colon.")]
    return []


def _of_api_key(connection: Connection) -> list[FieldError]:
    if not _FIELD_NAME.match(connection.parameter):
        return [FieldError("parameter", "Name the header field or query parameter, such as X-API-Key.")]
    return []


def _of_sql(connection: Connection) -> list[FieldError]:
    if connection.url.startswith("sqlite:"):
        return _of_sqlite(connection.url)
    try:
        parts = urlsplit(connection.url)
        fits = parts.scheme in ("postgresql", "postgres") and bool(parts.hostname) and len(parts.path) > 1
        has_password = bool(parts.password)
    except ValueError:
        fits = has_password = False
    if not fits:
        return [FieldError("url", "Write postgresql://user@host/database, or sqlite:FILE for a file of the workspace.")]
    if has_password or "password=" in (parts.query or ""):
        return [FieldError("url", "Give the password as the secret, which is kept sealed, not within the address.")]
    return []


def _of_sqlite(url: str) -> list[FieldError]:
    parts = url.removeprefix("sqlite:").split("/")
    if not _SQLITE.match(url) or any(part.startswith(".") or not part for part in parts):
        return [FieldError("url", "Write sqlite:FILE, with a path below the workspace, such as sqlite:shop.db.")]
    if parts[0] in ("data", "packages"):
        return [FieldError("url", f"The workspace's {parts[0]} folder is the server's own: choose another.")]
    return []


def _of_smtp(connection: Connection) -> list[FieldError]:
    errors = []
    if not _SERVER.match(connection.server):
        errors.append(FieldError("server", "Write the mail server as host:port, such as mail.example.com:587."))
    if not _MAIL.match(connection.sender):
        errors.append(FieldError("sender", "Give the address that mails come from, such as orders@example.com."))
    if connection.username and connection.encryption == "none":
        errors.append(FieldError("encryption", "A password is not sent without encryption: choose starttls or tls."))
    return errors


def _nothing(connection: Connection) -> list[FieldError]:
    return []


_OF_KIND: Final = {
    "client_credentials": _of_oauth,
    "refresh_token": _of_oauth,
    "basic": _of_basic,
    "bearer": _nothing,
    "api_key": _of_api_key,
    "sql": _of_sql,
    "smtp": _of_smtp,
}


def create(transaction: Transaction, by: By, connection: Connection, secrets: Secrets) -> Connection:
    """Keep a new connection; its secrets are sealed and never shown again. Raises Invalid."""
    errors = _all_problems(transaction, connection, secrets)
    if store.find(transaction, connection.name):
        errors.append(FieldError("name", f"There is a connection {connection.name} already."))
    if errors:
        raise Invalid(errors)
    new = msgspec.structs.replace(connection, sealed=_sealed(by, connection.name, secrets), revision=1)
    store.insert(transaction, new, by.now)
    audit.record(transaction, by, "connection.create", new.name, None, document(new))
    return new


def update(transaction: Transaction, by: By, connection: Connection, secrets: Secrets) -> Connection:
    """Change one, known by its name, if its revision is the same. Raises Invalid, NotFound, Conflict.

    secrets: what is empty stays as it is, unless the kind is another.
    """
    before = find(transaction, connection.name)
    sealed = _opened(by, before)
    known = _renewed(transaction, by, sealed, before.name) if connection.kind == before.kind else Secrets()
    kept = _merged(known, secrets)
    if errors := _all_problems(transaction, connection, kept):
        raise Invalid(errors)
    same = kept == known and connection.kind == before.kind
    if same and msgspec.structs.replace(connection, sealed=before.sealed) == before:
        return before
    new = before.sealed if kept == sealed else _sealed(by, before.name, kept)
    if not store.update(transaction, msgspec.structs.replace(connection, sealed=new), by.now):
        raise Conflict(f"{connection.name} was changed meanwhile. Load it again and repeat your change.")
    told = document(connection) | ({} if same else {"secret": "changed"})
    audit.record(transaction, by, "connection.update", connection.name, document(before), told)
    return find(transaction, connection.name)


def delete(transaction: Transaction, by: By, name: str) -> None:
    """Remove one: calls that name it fail from the next on. Raises NotFound."""
    before = find(transaction, name)
    store.delete(transaction, name, by.now)
    audit.record(transaction, by, "connection.delete", name, document(before))


def find(transaction: Transaction, name: str) -> Connection:
    """The connection of that name. Raises NotFound."""
    found = store.find(transaction, name)
    if found is None:
        raise NotFound(f"There is no connection {name}.")
    return found


def document(connection: Connection) -> dict[str, Any]:
    """Its name, its kind, and what is not as a new one has it; no secret."""
    values, default = msgspec.to_builtins(msgspec.structs.replace(connection, sealed=None)), msgspec.to_builtins(NEW)
    return {name: values[name] for name in FIELDS if name in ("name", "kind") or values[name] != default[name]}


def uses(catalogue: Catalogue, name: str) -> list[str]:
    """The full names of the services that name a connection in their text, sorted."""
    return sorted(service.name for service in catalogue.services.values() if name in service.connections)


def _all_problems(transaction: Transaction, connection: Connection, secrets: Secrets) -> list[FieldError]:
    errors = problems(connection)
    for field in ("token_endpoint", "test_address"):
        errors += key_sources.insecure(transaction, field, getattr(connection, field))
    for field, value in (("secret", secrets.secret), ("refresh_token", secrets.refresh_token)):
        if len(value) > _LONGEST_SECRET:
            errors.append(FieldError(field, f"This has at most {_LONGEST_SECRET} characters."))
    needs_none = connection.kind == "sql" or (connection.kind == "smtp" and not connection.username)
    public = connection.kind in OAUTH and connection.client_authentication == "none"
    if not secrets.secret and not needs_none and not public:
        errors.append(FieldError("secret", "The secret is missing."))
    if connection.kind == "refresh_token" and not secrets.refresh_token:
        errors.append(FieldError("refresh_token", "The refresh token is missing."))
    return errors


def _sealed(by: By, name: str, secrets: Secrets) -> bytes | None:
    if secrets == Secrets():
        return None
    return by.seal(msgspec.json.encode(secrets).decode(), seal_context(name))


def _opened(by: By, connection: Connection) -> Secrets:
    opened = by.unseal(connection.sealed, seal_context(connection.name)) if connection.sealed is not None else None
    return msgspec.json.decode(opened, type=Secrets) if opened else Secrets()


def _renewed(transaction: Transaction, by: By, secrets: Secrets, name: str) -> Secrets:
    """The secrets with the refresh token that the last renewal brought."""
    kept = store.tokens(transaction, name)
    tokens = by.unseal(kept.sealed, tokens_context(name)) if kept is not None and kept.sealed is not None else None
    newest = msgspec.json.decode(tokens, type=Token).refresh_token if tokens else ""
    if newest in ("", secrets.refresh_token):
        return secrets
    return msgspec.structs.replace(secrets, renewed=newest)


def _merged(known: Secrets, given: Secrets) -> Secrets:
    """What is given in place of what is known; a refresh token that was given before keeps what came of it."""
    if given.refresh_token and given.refresh_token != known.refresh_token:
        return Secrets(given.secret or known.secret, given.refresh_token)
    return msgspec.structs.replace(known, secret=given.secret or known.secret)
