"""The change log that caches follow, and the audit log that people read."""

from gatewright.store.database import Transaction
from gatewright.store.records import AuditRow
from gatewright.store.records import Change

_AUDIT = "id, at, actor, action, target, before, after"


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
    """Append to the audit log."""
    transaction.execute(
        f"INSERT INTO audit ({_AUDIT}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.id, row.at, row.actor, row.action, row.target, row.before, row.after),
    )


def audit_page(transaction: Transaction, before: str | None = None, limit: int = 50) -> list[AuditRow]:
    """Up to `limit` audit rows, newest first, those with ids before `before`."""
    condition, parameters = ("WHERE id < ?", (before,)) if before else ("", ())
    found = transaction.rows(f"SELECT {_AUDIT} FROM audit {condition} ORDER BY id DESC LIMIT ?", (*parameters, limit))
    return [
        AuditRow(id=row[0], at=row[1], actor=row[2], action=row[3], target=row[4], before=row[5], after=row[6])
        for row in found
    ]
