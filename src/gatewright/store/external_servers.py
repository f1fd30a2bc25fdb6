"""External authorization servers, whose access tokens call services here, by name."""

from typing import Any
from typing import Literal

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json

_SERVER = "document, sealed_secret, revision"


class ExternalServer(msgspec.Struct, frozen=True, kw_only=True):
    """An external authorization server.

    issuer: its `iss`.  jwks, jwks_uri: its keys, or where they are; with neither, tokens are introspected.
    introspection_endpoint, client_id, sealed_secret: whom to ask about tokens (RFC 7662), and as whom.
    audience: what its tokens name as `aud`; must be there when tokens are checked by keys.
    token_typ: the `typ` of its JWTs; `at+jwt` as RFC 9068 has it, or `any` for servers older than that.
    default_scope: our scopes for tokens that carry none.
    scope_mapping: its scopes to ours; empty: its scopes are called as ours are.
    user_id: the user that calls run as.
    introspection_cache: seconds for which an answer about an active token is remembered.
    """

    name: str
    issuer: str
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    introspection_endpoint: str = ""
    client_id: str = ""
    sealed_secret: bytes | None = None
    audience: str = ""
    token_typ: Literal["at+jwt", "any"] = "at+jwt"
    default_scope: tuple[str, ...] = ()
    scope_mapping: dict[str, tuple[str, ...]] = {}
    user_id: str = ""
    introspection_cache: int = 30
    enabled: bool = True
    revision: int = 1


def all_servers(transaction: Transaction) -> tuple[ExternalServer, ...]:
    """Every external authorization server, by name."""
    return tuple(_server(row) for row in transaction.rows(f"SELECT {_SERVER} FROM external_servers ORDER BY name"))


def find(transaction: Transaction, name: str) -> ExternalServer | None:
    """The external authorization server of that name."""
    row = transaction.row(f"SELECT {_SERVER} FROM external_servers WHERE name = ?", (name,))
    return _server(row) if row else None


def insert(transaction: Transaction, server: ExternalServer, now: int) -> None:
    """Keep a new one."""
    transaction.execute(
        "INSERT INTO external_servers (name, document, sealed_secret, revision) VALUES (?, ?, ?, ?)",
        (server.name, _document(server), server.sealed_secret, server.revision),
    )
    transaction.announce("external_server", server.name, now)


def update(transaction: Transaction, server: ExternalServer, now: int) -> bool:
    """Replace it if its revision is still `server.revision`; the kept one's is the next."""
    changed = transaction.execute(
        "UPDATE external_servers SET document = ?, sealed_secret = ?, revision = revision + 1"
        " WHERE name = ? AND revision = ?",
        (_document(server), server.sealed_secret, server.name, server.revision),
    )
    transaction.announce("external_server", server.name, now)
    return changed == 1


def delete(transaction: Transaction, name: str, now: int) -> bool:
    """Take its tokens no more."""
    transaction.announce("external_server", name, now)
    return transaction.execute("DELETE FROM external_servers WHERE name = ?", (name,)) == 1


def forget_scope(transaction: Transaction, scope: str, now: int) -> None:
    """Take a scope that is deleted from every external server. Theirs that meant it alone then mean nothing."""
    for server in all_servers(transaction):
        default = _without(scope, server.default_scope)
        mapping = {theirs: _without(scope, ours) for theirs, ours in server.scope_mapping.items()}
        if (default, mapping) != (server.default_scope, server.scope_mapping):
            update(transaction, msgspec.structs.replace(server, default_scope=default, scope_mapping=mapping), now)


def _without(scope: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in names if each != scope)


def _document(server: ExternalServer) -> str:
    return to_json(msgspec.structs.replace(server, sealed_secret=None))


def _server(row: Row) -> ExternalServer:
    server = msgspec.json.decode(row[0], type=ExternalServer)
    return msgspec.structs.replace(server, sealed_secret=row[1], revision=row[2])
