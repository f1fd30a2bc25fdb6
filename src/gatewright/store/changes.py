"""The change log that caches follow, and the audit log that people read."""

from gatewright.store import audit_chain
from gatewright.store import daily_sums
from gatewright.store.database import Transaction
from gatewright.store.documents import containing
from gatewright.store.keyset import Order
from gatewright.store.records import AuditRow
from gatewright.store.records import Change


def newest(transaction: Transaction) -> int:
    """The id of the newest change. There is always one: the schema begins with one, and clean-up leaves the last."""
    row = transaction.row("SELECT max(id) FROM changes")
    assert row is not None
    return int(row[0])


def since(transaction: Transaction, after: int) -> list[Change] | None:
    """The changes after `after`, oldest first; None when some of them were cleaned up already."""
    found = [
        Change(*row)
        for row in transaction.rows("SELECT id, kind, name FROM changes WHERE id >= ? ORDER BY id", (after,))
    ]
    return found[1:] if found and found[0].id == after else None


def add_audit(transaction: Transaction, row: AuditRow) -> None:
    """Append to the audit log, and count what its days are summed up by."""
    audit_chain.append(transaction, row)
    daily_sums.count_of_person(transaction, row.action, row.at)


def audit_page(
    transaction: Transaction,
    before: str | None = None,
    limit: int = 50,
    *,
    actor: str = "",
    action: str = "",
    target: str = "",
    since: int = 0,
    until: int = 0,
    oldest_first: bool = False,
) -> list[AuditRow]:
    """Up to `limit` audit rows, newest first, those before the row of the id `before`; oldest first, those after it.

    actor, target: what they contain; action: what it begins with (`client.`); since, until: times.
    """
    conditions, parameters = [], []
    order = Order(("number",), descending=not oldest_first)
    for condition, value in (
        (f"number {'>' if oldest_first else '<'} (SELECT number FROM audit WHERE id = ?)", before),
        ("lower(actor) LIKE ? ESCAPE '!'", containing(actor.lower()) if actor else ""),
        ("action LIKE ? ESCAPE '!'", containing(action)[1:] if action else ""),
        ("lower(target) LIKE ? ESCAPE '!'", containing(target.lower()) if target else ""),
        ("at >= ?", since),
        ("at < ?", until),
    ):
        if value:
            conditions.append(condition)
            parameters.append(value)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    found = transaction.rows(
        f"SELECT {audit_chain.COLUMNS} FROM audit {where} ORDER BY {order.by} LIMIT ?", (*parameters, limit)
    )
    return [audit_chain.audit_row(row) for row in found]
