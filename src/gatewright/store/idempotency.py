"""Requests with an `Idempotency-Key`: who has begun, and what was answered (draft-ietf-httpapi-idempotency-key-header)."""

import msgspec

from gatewright.store.database import Transaction


class Known(msgspec.Struct, frozen=True):
    """A request that has begun. sealed: its answer; None: it has none yet."""

    fingerprint: bytes
    sealed: bytes | None


def begin(transaction: Transaction, digest: bytes, fingerprint: bytes, now: int, until: int) -> Known | None:
    """Begin a request. ATOMIC: of any number of callers exactly one gets None and does it; the others, what is known.

    digest: of client, service and key. until: when its doer is given up, in seconds since the epoch.
    """
    begun = transaction.execute(
        "INSERT INTO idempotent_requests (digest, fingerprint, sealed, expires_at) VALUES (?, ?, NULL, ?)"
        " ON CONFLICT (digest) DO UPDATE SET fingerprint = excluded.fingerprint, sealed = NULL,"
        " expires_at = excluded.expires_at WHERE idempotent_requests.expires_at <= ?",
        (digest, fingerprint, until, now),
    )
    if begun == 1:
        return None
    row = transaction.row("SELECT fingerprint, sealed FROM idempotent_requests WHERE digest = ?", (digest,))
    return Known(bytes(row[0]), None if row[1] is None else bytes(row[1])) if row else Known(fingerprint, None)


def finish(transaction: Transaction, digest: bytes, sealed: bytes, expires_at: int) -> None:
    """Keep the answer."""
    transaction.execute(
        "UPDATE idempotent_requests SET sealed = ?, expires_at = ? WHERE digest = ?", (sealed, expires_at, digest)
    )


def give_up(transaction: Transaction, digest: bytes) -> None:
    """Forget a request that ended without an answer that would be the same again."""
    transaction.execute("DELETE FROM idempotent_requests WHERE digest = ? AND sealed IS NULL", (digest,))
