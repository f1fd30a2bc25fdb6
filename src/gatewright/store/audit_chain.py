"""The chain that the audit log forms: each row's hash covers the row and the hash before it.

A row that is changed, removed or inserted breaks it at that place. The head, kept apart, tells when the newest are gone.
"""

import hashlib
from collections.abc import Iterator
from typing import Final
from typing import Literal

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.records import AuditRow

COLUMNS: Final = "id, at, actor, action, target, before, after"
START: Final = b"\0" * 32
"""Stands for the hash before the first row."""
_BATCH: Final = 1000


class Head(msgspec.Struct, frozen=True):
    """The newest link: how many rows there are, and its hash."""

    number: int
    hash: bytes


class Break(msgspec.Struct, frozen=True):
    """Where the chain is broken, and how. number: of the row in the log, 0 for one that is in no order."""

    kind: Literal["changed", "removed", "inserted"]
    number: int
    row: AuditRow | None = None

    def __str__(self) -> str:
        if self.row is None:
            return f"row {self.number} was removed"
        what = f"{self.row.id}, {self.row.action} of {self.row.target} by {self.row.actor}"
        return f"row {self.number or 'without number'} was {self.kind} ({what})"


def link(number: int, before: bytes, row: AuditRow) -> bytes:
    """The hash of a row: SHA-256 over its number, the hash before it and all that it holds."""
    held = (number, before.hex(), row.id, row.at, row.actor, row.action, row.target, row.before, row.after)
    return hashlib.sha256(msgspec.json.encode(held)).digest()


def append(transaction: Transaction, row: AuditRow) -> None:
    """Add a row to the log and to the chain."""
    transaction.alone()  # before the head is locked: others lock both, in this order
    found = transaction.row("SELECT number, hash FROM audit_head WHERE id = 1")
    assert found is not None
    number, digest = int(found[0]) + 1, bytes(found[1])
    hashed = link(number, digest, row)
    transaction.execute("UPDATE audit_head SET number = ?, hash = ? WHERE id = 1", (number, hashed))
    transaction.execute(
        f"INSERT INTO audit ({COLUMNS}, number, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (row.id, row.at, row.actor, row.action, row.target, row.before, row.after, number, hashed),
    )


def head(transaction: Transaction) -> Head:
    """The newest link."""
    found = transaction.row("SELECT number, hash FROM audit_head WHERE id = 1")
    assert found is not None
    return Head(int(found[0]), bytes(found[1]))


def hash_of(transaction: Transaction, number: int) -> bytes | None:
    """The hash of a row, to be compared with one that was noted elsewhere."""
    found = transaction.row("SELECT hash FROM audit WHERE number = ?", (number,))
    return None if found is None or found[0] is None else bytes(found[0])


def breaks(transaction: Transaction) -> Iterator[Break]:
    """Every place at which the log is not what was written, in its order."""
    number, before = 0, START
    for row, found, hashed in _links(transaction):
        if found > number + 1:
            yield Break("removed", number + 1)
        elif link(found, before, row) != hashed:
            yield Break("changed", found, row)
        number, before = found, hashed
    newest = head(transaction)
    if number < newest.number:
        yield Break("removed", number + 1)
    elif number > newest.number or (number and before != newest.hash):
        yield Break("inserted", number, _row_at(transaction, number))
    for each in transaction.rows(f"SELECT {COLUMNS} FROM audit WHERE number IS NULL OR hash IS NULL ORDER BY id"):
        yield Break("inserted", 0, audit_row(each))


def audit_row(row: Row) -> AuditRow:
    """A row of COLUMNS."""
    return AuditRow(id=row[0], at=row[1], actor=row[2], action=row[3], target=row[4], before=row[5], after=row[6])


def _links(transaction: Transaction) -> Iterator[tuple[AuditRow, int, bytes]]:
    last = 0
    while True:
        found = transaction.rows(
            f"SELECT {COLUMNS}, number, hash FROM audit WHERE number > ? AND hash IS NOT NULL ORDER BY number LIMIT ?",
            (last, _BATCH),
        )
        for each in found:
            yield audit_row(each), int(each[7]), bytes(each[8])
        if len(found) < _BATCH:
            return
        last = int(found[-1][7])


def _row_at(transaction: Transaction, number: int) -> AuditRow | None:
    found = transaction.row(f"SELECT {COLUMNS} FROM audit WHERE number = ?", (number,))
    return None if found is None else audit_row(found)
