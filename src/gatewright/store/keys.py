"""Signing keys. Of each algorithm at most one has no successor, so that all processes and nodes follow one line of keys."""

from typing import Literal

import msgspec

from gatewright.kernel.settings import SigningAlgorithm
from gatewright.store.database import Row
from gatewright.store.database import Transaction

_KEY = "id, algorithm, public_jwk, sealed, created_at, active_at, retire_at, overlap"

State = Literal["announced", "in use", "retired", "gone"]


class SigningKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair that signs. Times are seconds since the epoch.

    id: the `kid`.  public_jwk: the public key as JSON (RFC 7517).  sealed: the private one's, under the master key.
    active_at: used from then on, announced until then.  retire_at: used no more; None while it has no successor.
    overlap: seconds from retire_at for which its signatures count, at least the longest life of what it signed.
    """

    id: str
    algorithm: SigningAlgorithm
    public_jwk: str
    sealed: bytes
    created_at: int
    active_at: int
    retire_at: int | None = None
    overlap: int = 0

    @property
    def gone_at(self) -> int | None:
        """When its signatures stop to count; None while it has no successor."""
        return None if self.retire_at is None else self.retire_at + self.overlap

    def state(self, now: int) -> State:
        """Where it stands in its life."""
        if self.gone_at is not None and self.gone_at <= now:
            return "gone"
        if self.retire_at is not None and self.retire_at <= now:
            return "retired"
        return "in use" if self.active_at <= now else "announced"


def all_keys(transaction: Transaction) -> tuple[SigningKey, ...]:
    """Every key, those used earlier first."""
    return tuple(_key(row) for row in transaction.rows(f"SELECT {_KEY} FROM signing_keys ORDER BY active_at, id"))


def find(transaction: Transaction, key_id: str) -> SigningKey | None:
    """The key of that `kid`."""
    row = transaction.row(f"SELECT {_KEY} FROM signing_keys WHERE id = ?", (key_id,))
    return _key(row) if row else None


def succeed(transaction: Transaction, key: SigningKey, predecessor: str | None, now: int) -> bool:
    """Keep `key` and retire `predecessor`, the newest of its algorithm, when `key` becomes active.

    ATOMIC: of any number of callers that name the same predecessor (None: there is no newest) exactly one gets True.
    """
    transaction.announce("key", key.id, now)  # from here on alone
    newest = transaction.row("SELECT id FROM signing_keys WHERE algorithm = ? AND retire_at IS NULL", (key.algorithm,))
    if (newest[0] if newest else None) != predecessor:
        return False
    transaction.execute("UPDATE signing_keys SET retire_at = ? WHERE id = ?", (key.active_at, predecessor))
    transaction.execute(
        f"INSERT INTO signing_keys ({_KEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key.id,
            key.algorithm,
            key.public_jwk,
            key.sealed,
            key.created_at,
            key.active_at,
            key.retire_at,
            key.overlap,
        ),
    )
    return True


def use_now(transaction: Transaction, key: SigningKey, now: int) -> None:
    """Use an announced key from now on, and those of its algorithm before it no more."""
    transaction.announce("key", key.id, now)
    transaction.execute("UPDATE signing_keys SET active_at = ? WHERE id = ? AND active_at > ?", (now, key.id, now))
    transaction.execute(
        "UPDATE signing_keys SET retire_at = ? WHERE algorithm = ? AND retire_at > ?", (now, key.algorithm, now)
    )


def retire_algorithm(transaction: Transaction, algorithm: str, now: int) -> None:
    """Use the keys of an algorithm no more; what they signed counts on."""
    transaction.announce("key", algorithm, now)
    transaction.execute(
        "UPDATE signing_keys SET retire_at = ? WHERE algorithm = ? AND (retire_at IS NULL OR retire_at > ?)",
        (now, algorithm, now),
    )


def withdraw(transaction: Transaction, key: SigningKey, now: int) -> bool:
    """End a key at once: what it signed counts no more. False when there is no such key, or it is gone already.

    If it was announced only, the one it was to succeed goes on.
    """
    transaction.announce("key", key.id, now)
    ended = transaction.execute(
        "UPDATE signing_keys SET overlap = 0,"
        " retire_at = CASE WHEN retire_at IS NULL OR retire_at > ? THEN ? ELSE retire_at END"
        " WHERE id = ? AND (retire_at IS NULL OR retire_at + overlap > ?)",
        (now, now, key.id, now),
    )
    if key.retire_at is None and key.active_at > now:
        transaction.execute(
            "UPDATE signing_keys SET retire_at = NULL WHERE algorithm = ? AND retire_at = ? AND retire_at > ?",
            (key.algorithm, key.active_at, now),
        )
    return ended == 1


def cover(transaction: Transaction, key_id: str, lifetime: int, now: int) -> bool:
    """Let a key that is about to sign something of that lifetime (seconds) count long enough. False: it is withdrawn."""
    transaction.announce("key", key_id, now)
    transaction.execute(
        "UPDATE signing_keys SET overlap = ? WHERE id = ? AND overlap < ? AND (retire_at IS NULL OR retire_at > ?)",
        (lifetime, key_id, lifetime, now),
    )
    key = find(transaction, key_id)
    return key is not None and key.overlap >= lifetime


def remove_gone(transaction: Transaction, now: int) -> int:
    """Remove the keys whose signatures count no more; how many."""
    transaction.announce("key", "", now)
    return transaction.execute("DELETE FROM signing_keys WHERE retire_at + overlap <= ?", (now,))


def _key(row: Row) -> SigningKey:
    return SigningKey(
        id=row[0],
        algorithm=row[1],
        public_jwk=row[2],
        sealed=row[3],
        created_at=row[4],
        active_at=row[5],
        retire_at=row[6],
        overlap=row[7],
    )
