"""Connections: stored credentials for calling out, by name, and the tokens that were got with them."""

from typing import Final
from typing import Literal

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json

ConnectionKind = Literal["client_credentials", "refresh_token", "basic", "bearer", "api_key", "sql", "smtp"]
_CONNECTION: Final = "document, sealed, revision"


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Credentials that flows use by name and never see. What is secret of them is in `sealed` alone.

    hosts: the only hosts that get the credentials, `name`, `name:port` or `*.name`; of the kinds that send HTTP.
    packages: those whose flows may use it; none: all.
    test_address: what a test of it asks by GET; empty: a test gets a token, or asks nothing.
    token_endpoint … audience: of the OAuth kinds (RFC 6749 §4.4 and §6).
    username: of `basic`, and of `smtp` (empty: no authentication).
    place, parameter: where an API key goes, and the name of the header field or query parameter.
    url: of `sql`: `postgresql://user@host/database`, or `sqlite:FILE` with a path below the workspace.
    server, encryption, sender: of `smtp`: `host:port`, how it is encrypted, and the address that mails come from.
    """

    name: str
    kind: ConnectionKind
    description: str = ""
    hosts: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    test_address: str = ""
    token_endpoint: str = ""
    client_id: str = ""
    client_authentication: Literal["client_secret_basic", "client_secret_post", "none"] = "client_secret_basic"
    scopes: tuple[str, ...] = ()
    audience: str = ""
    username: str = ""
    place: Literal["header", "query"] = "header"
    parameter: str = ""
    url: str = ""
    server: str = ""
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    sender: str = ""
    sealed: bytes | None = None
    revision: int = 1


class KeptTokens(msgspec.Struct, frozen=True):
    """What was got with a connection's refresh token, sealed; None: nothing yet."""

    revision: int
    sealed: bytes | None


def all_connections(transaction: Transaction) -> tuple[Connection, ...]:
    """Every connection, by name."""
    return tuple(_connection(row) for row in transaction.rows(f"SELECT {_CONNECTION} FROM connections ORDER BY name"))


def find(transaction: Transaction, name: str) -> Connection | None:
    """The connection of that name."""
    row = transaction.row(f"SELECT {_CONNECTION} FROM connections WHERE name = ?", (name,))
    return _connection(row) if row else None


def insert(transaction: Transaction, connection: Connection, now: int) -> None:
    """Keep a new one."""
    transaction.execute(
        "INSERT INTO connections (name, document, sealed, revision) VALUES (?, ?, ?, ?)",
        (connection.name, _document(connection), connection.sealed, connection.revision),
    )
    transaction.announce("connection", connection.name, now)


def update(transaction: Transaction, connection: Connection, now: int) -> bool:
    """Replace it if its revision is still `connection.revision`; the kept one's is the next. Its tokens are forgotten."""
    changed = transaction.execute(
        "UPDATE connections SET document = ?, sealed = ?, sealed_tokens = NULL, leased_until = 0,"
        " revision = revision + 1 WHERE name = ? AND revision = ?",
        (_document(connection), connection.sealed, connection.name, connection.revision),
    )
    transaction.announce("connection", connection.name, now)
    return changed == 1


def delete(transaction: Transaction, name: str, now: int) -> bool:
    """Remove it, and its tokens."""
    transaction.announce("connection", name, now)
    return transaction.execute("DELETE FROM connections WHERE name = ?", (name,)) == 1


def tokens(transaction: Transaction, name: str) -> KeptTokens | None:
    """The tokens kept for a connection; None when it is gone."""
    row = transaction.row("SELECT revision, sealed_tokens FROM connections WHERE name = ?", (name,))
    return KeptTokens(*row) if row else None


def lease(transaction: Transaction, name: str, now: int, until: int) -> bool:
    """Be the one who renews a connection's tokens until then. ATOMIC: of any number of callers one gets True."""
    changed = transaction.execute(
        "UPDATE connections SET leased_until = ? WHERE name = ? AND leased_until <= ?", (until, name, now)
    )
    return changed == 1


def end_lease(transaction: Transaction, name: str, until: int) -> None:
    """Let another renew the tokens, if the lease is still the one until then."""
    transaction.execute("UPDATE connections SET leased_until = 0 WHERE name = ? AND leased_until = ?", (name, until))


def keep_tokens(transaction: Transaction, name: str, revision: int, sealed: bytes) -> bool:
    """Keep new tokens, and let go of the lease, unless the connection was changed meanwhile."""
    changed = transaction.execute(
        "UPDATE connections SET sealed_tokens = ?, leased_until = 0 WHERE name = ? AND revision = ?",
        (sealed, name, revision),
    )
    return changed == 1


def _document(connection: Connection) -> str:
    return to_json(msgspec.structs.replace(connection, sealed=None))


def _connection(row: Row) -> Connection:
    connection = msgspec.json.decode(row[0], type=Connection)
    return msgspec.structs.replace(connection, sealed=row[1], revision=row[2])
