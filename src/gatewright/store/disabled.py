"""Packages and services that administrators put out of use."""

from typing import Final

import msgspec

from gatewright.store.database import Transaction

KIND: Final = "disabled"
"""The kind of change that is announced."""


class Disabled(msgspec.Struct, frozen=True):
    """target: the name of a package, or the full name of a service. at: since when, in seconds since the epoch."""

    target: str
    at: int
    actor: str


def all_disabled(transaction: Transaction) -> dict[str, Disabled]:
    """All of them, by target."""
    rows = transaction.rows("SELECT target, at, actor FROM disabled ORDER BY target")
    return {row[0]: Disabled(*row) for row in rows}


def disable(transaction: Transaction, disabled: Disabled) -> bool:
    """Put out of use; False when it was already."""
    changed = transaction.execute(
        "INSERT INTO disabled (target, at, actor) VALUES (?, ?, ?) ON CONFLICT (target) DO NOTHING",
        (disabled.target, disabled.at, disabled.actor),
    )
    if changed:
        transaction.announce(KIND, disabled.target, disabled.at)
    return changed > 0


def enable(transaction: Transaction, target: str, now: int) -> bool:
    """Put into use again; False when it was not out of it."""
    changed = transaction.execute("DELETE FROM disabled WHERE target = ?", (target,))
    if changed:
        transaction.announce(KIND, target, now)
    return changed > 0
