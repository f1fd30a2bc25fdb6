"""Removal of what has ended, in batches small enough to block nobody."""

from gatewright.store.database import Transaction

_EXPIRING = ("access_tokens", "refresh_tokens", "authorization_codes", "sessions")


def expired_rows(transaction: Transaction, now: int, batch: int = 500) -> int:
    """Remove up to `batch` expired rows of each kind; how many went. Call again while it is not 0."""
    removed = 0
    for table in _EXPIRING:
        removed += transaction.execute(
            f"DELETE FROM {table} WHERE digest IN (SELECT digest FROM {table} WHERE expires_at <= ? LIMIT ?)",
            (now, batch),
        )
    removed += transaction.execute(
        "DELETE FROM failures WHERE name IN (SELECT name FROM failures WHERE window_ends_at <= ? LIMIT ?)", (now, batch)
    )
    return removed


def old_changes(transaction: Transaction, before: int) -> int:
    """Remove changes older than `before` but the newest, which tells a late reader that it missed some."""
    return transaction.execute("DELETE FROM changes WHERE at < ? AND id < (SELECT max(id) FROM changes)", (before,))
