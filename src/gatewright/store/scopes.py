"""Scopes and their association with clients."""

from collections.abc import Iterator
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import marks
from gatewright.store.documents import names
from gatewright.store.documents import to_json
from gatewright.store.records import Scope

_BATCH: Final = 500


def find(transaction: Transaction, name: str) -> Scope | None:
    """The scope of that name."""
    row = transaction.row("SELECT document, revision FROM scopes WHERE name = ?", (name,))
    return _scope(row) if row else None


def all_scopes(transaction: Transaction) -> tuple[Scope, ...]:
    """Every scope, by name."""
    return tuple(_scope(row) for row in transaction.rows("SELECT document, revision FROM scopes ORDER BY name"))


def insert(transaction: Transaction, scope: Scope, now: int) -> None:
    """Keep a new scope."""
    transaction.execute(
        "INSERT INTO scopes (name, document, revision) VALUES (?, ?, ?)", (scope.name, to_json(scope), scope.revision)
    )
    transaction.announce("scope", scope.name, now)


def update(transaction: Transaction, scope: Scope, now: int) -> bool:
    """Replace the scope if its revision is still `scope.revision`; the kept one's is the next."""
    changed = transaction.execute(
        "UPDATE scopes SET document = ?, revision = revision + 1 WHERE name = ? AND revision = ?",
        (to_json(scope), scope.name, scope.revision),
    )
    transaction.announce("scope", scope.name, now)
    return changed == 1


def delete(transaction: Transaction, name: str, now: int) -> bool:
    """Remove the scope and its associations. Tokens that carry its name open nothing by it."""
    transaction.announce("scope", name, now)
    return transaction.execute("DELETE FROM scopes WHERE name = ?", (name,)) == 1


def clients(transaction: Transaction, name: str) -> tuple[str, ...]:
    """The ids of the clients associated with the scope."""
    return names(transaction.rows("SELECT client_id FROM client_scopes WHERE scope = ? ORDER BY client_id", (name,)))


def count_clients(transaction: Transaction, name: str) -> int:
    """How many clients are associated with the scope."""
    row = transaction.row("SELECT count(*) FROM client_scopes WHERE scope = ?", (name,))
    return int(row[0]) if row else 0


def first_clients(transaction: Transaction, name: str, limit: int) -> tuple[str, ...]:
    """The ids of the first clients associated with the scope."""
    return names(
        transaction.rows(
            "SELECT client_id FROM client_scopes WHERE scope = ? ORDER BY client_id LIMIT ?", (name, limit)
        )
    )


def first_clients_of(transaction: Transaction, scopes: Sequence[str], limit: int) -> tuple[tuple[str, ...], int]:
    """The ids of the first clients associated with one of the scopes, and how many there are in all."""
    if not scopes:
        return (), 0
    of_them = f"FROM client_scopes WHERE scope IN ({marks(scopes)})"
    first = transaction.rows(f"SELECT DISTINCT client_id {of_them} ORDER BY client_id LIMIT ?", (*scopes, limit))
    row = transaction.row(f"SELECT count(DISTINCT client_id) {of_them}", tuple(scopes))
    return names(first), int(row[0]) if row else 0


def associations(transaction: Transaction, client_ids: Sequence[str] | None = None) -> dict[str, frozenset[str]]:
    """The scopes of clients that have some, by client_id. client_ids: of these alone; None: of all."""
    found: dict[str, set[str]] = {}
    for client_id, scope in _associated(transaction, client_ids):
        found.setdefault(client_id, set()).add(scope)
    return {client_id: frozenset(names) for client_id, names in found.items()}


def _associated(transaction: Transaction, client_ids: Sequence[str] | None) -> Iterator[Row]:
    if client_ids is None:
        yield from transaction.rows("SELECT client_id, scope FROM client_scopes")
        return
    for start in range(0, len(client_ids), _BATCH):
        some = client_ids[start : start + _BATCH]
        yield from transaction.rows(
            f"SELECT client_id, scope FROM client_scopes WHERE client_id IN ({marks(some)})", tuple(some)
        )


def set_clients(transaction: Transaction, name: str, client_ids: Sequence[str], now: int) -> None:
    """Associate the scope with just these clients."""
    transaction.announce("scope", name, now)
    transaction.execute("DELETE FROM client_scopes WHERE scope = ?", (name,))
    for client_id in client_ids:
        transaction.execute("INSERT INTO client_scopes (client_id, scope) VALUES (?, ?)", (client_id, name))


def _scope(row: Row) -> Scope:
    scope = msgspec.json.decode(row[0], type=Scope)
    return msgspec.structs.replace(scope, revision=row[1])
