"""Failed passwords and secrets, counted per window; shared by all processes."""

from collections.abc import Sequence

from gatewright.store.database import Transaction
from gatewright.store.documents import marks


def blocked_until(transaction: Transaction, names: Sequence[str], most: int, now: int) -> int:
    """When the last of these names that has `most` failures may try again; 0 when none has."""
    row = transaction.row(
        f"SELECT max(window_ends_at) FROM failures WHERE name IN ({marks(names)}) AND count >= ? AND window_ends_at > ?",
        (*names, most, now),
    )
    return int(row[0] or 0) if row else 0


def count(transaction: Transaction, names: Sequence[str], window: int, now: int) -> None:
    """Count one failure under each name; a window of `window` seconds begins with its first."""
    for name in sorted(names):  # all transactions lock them in one order
        transaction.execute(
            "INSERT INTO failures (name, count, window_ends_at) VALUES (?, 1, ?) ON CONFLICT (name) DO UPDATE SET"
            " count = CASE WHEN failures.window_ends_at > ? THEN failures.count + 1 ELSE 1 END,"
            " window_ends_at = CASE WHEN failures.window_ends_at > ? THEN failures.window_ends_at ELSE ? END",
            (name, now + window, now, now, now + window),
        )
