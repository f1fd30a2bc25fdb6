"""Removal of what has ended, in batches small enough to block nobody."""

from typing import Final

from gatewright.store import tokens
from gatewright.store.database import Transaction

BATCH: Final = 100
"""Rows of each kind at once: some milliseconds, for which every writer waits."""


def expired_rows(transaction: Transaction, now: int, batch: int = BATCH) -> int:
    """Remove up to `batch` expired rows of each kind; how many went. Call again while it is not 0.

    Nothing is announced: whoever remembers a token knows when it expires.
    """
    removed = expired_access_tokens(transaction, now, batch) + _expired_tokens(
        transaction, "refresh_tokens", now, batch
    )
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
    return _expired_tokens(transaction, "access_tokens", now, batch)


def _expired_tokens(transaction: Transaction, table: str, now: int, batch: int) -> int:
    ended = transaction.rows(f"{_expired(table, 'digest', 'expires_at')} RETURNING grant_id", (now, batch))
    tokens.end_spent_grants(transaction, sorted({row[0] for row in ended if row[0] is not None}))
    return len(ended)


def _expired(table: str, key: str, end: str) -> str:
    return f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {end} <= ? LIMIT ?)"


def old_changes(transaction: Transaction, before: int) -> int:
    """Remove changes older than `before` but the newest, which tells a late reader that it missed some."""
    return transaction.execute(
        "DELETE FROM changes WHERE id < coalesce((SELECT id FROM changes WHERE at >= ? ORDER BY id LIMIT 1),"
        " (SELECT max(id) FROM changes))",
        (before,),
    )
