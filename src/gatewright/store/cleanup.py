"""Removal of what has ended, in batches small enough to block nobody."""

from typing import Final

from gatewright.store.database import Transaction
from gatewright.store.documents import marks
from gatewright.store.documents import names

BATCH: Final = 100
"""Rows of each kind at once: some milliseconds, for which every writer waits."""


def expired_rows(transaction: Transaction, now: int, batch: int = BATCH) -> int:
    """Remove up to `batch` expired rows of each kind; how many went. Call again while it is not 0.

    Nothing is announced: whoever remembers a token knows when it expires.
    """
    removed = expired_access_tokens(transaction, now, batch) + _ended_grants(transaction, now, batch)
    for table, key, end in (
        ("authorization_codes", "digest", "expires_at"),
        ("pushed_requests", "digest", "expires_at"),
        ("device_codes", "digest", "expires_at"),
        ("sessions", "digest", "expires_at"),
        ("pending_sign_ins", "digest", "expires_at"),
        ("failures", "name", "window_ends_at"),
        ("single_use", "digest", "expires_at"),
        ("initial_access_tokens", "digest", "expires_at"),
        ("idempotent_requests", "digest", "expires_at"),
    ):
        removed += transaction.execute(_expired(table, key, end), (now, batch))
    return removed + transaction.execute("DELETE FROM quota_use WHERE ends_at <= ?", (now,))


def expired_access_tokens(transaction: Transaction, now: int, batch: int) -> int:
    """Remove up to `batch` expired access tokens; how many went."""
    return transaction.execute(_expired("access_tokens", "digest", "expires_at"), (now, batch))


def _ended_grants(transaction: Transaction, now: int, batch: int) -> int:
    """Remove up to `batch` grants of which every token has expired; how many were looked at.

    `look_at` is when a grant was last thought to end, so that a refresh, which moves its end, touches no index.
    """
    due = names(transaction.rows("SELECT id FROM grants WHERE look_at <= ? LIMIT ?", (now, batch)))
    if due:
        of_them = f"id IN ({marks(due)})"
        transaction.execute(f"DELETE FROM grants WHERE {of_them} AND ends_at <= ?", (*due, now))
        transaction.execute(f"UPDATE grants SET look_at = ends_at WHERE {of_them}", due)
    return len(due)


def _expired(table: str, key: str, end: str) -> str:
    return f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {end} <= ? LIMIT ?)"


def old_changes(transaction: Transaction, before: int) -> int:
    """Remove changes older than `before` but the newest, which tells a late reader that it missed some."""
    return transaction.execute(
        "DELETE FROM changes WHERE id < coalesce((SELECT id FROM changes WHERE at >= ? ORDER BY id LIMIT 1),"
        " (SELECT max(id) FROM changes))",
        (before,),
    )
