"""Second factors: authenticator apps, recovery codes, and sign-ins that wait for one."""

from collections.abc import Sequence

from gatewright.store.database import Transaction
from gatewright.store.documents import marks
from gatewright.store.documents import names
from gatewright.store.records import Totp


def find_totp(transaction: Transaction, user_id: str) -> Totp | None:
    """The user's authenticator app."""
    row = transaction.row("SELECT user_id, sealed, last_step, created_at FROM totp WHERE user_id = ?", (user_id,))
    return Totp(user_id=row[0], sealed=row[1], last_step=row[2], created_at=row[3]) if row else None


def save_totp(transaction: Transaction, totp: Totp) -> None:
    """Keep an authenticator app, in place of the former one."""
    transaction.execute(
        "INSERT INTO totp (user_id, sealed, last_step, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE"
        " SET sealed = excluded.sealed, last_step = excluded.last_step, created_at = excluded.created_at",
        (totp.user_id, totp.sealed, totp.last_step, totp.created_at),
    )


def use_step(transaction: Transaction, user_id: str, step: int) -> bool:
    """Use up a time step and those before it. ATOMIC: of any number of callers exactly one gets True."""
    return (
        transaction.execute(
            "UPDATE totp SET last_step = ? WHERE user_id = ? AND last_step < ?",
            (step, user_id, step),
        )
        == 1
    )


def remove_totp(transaction: Transaction, user_id: str) -> bool:
    """Remove the user's authenticator app; whether there was one."""
    return transaction.execute("DELETE FROM totp WHERE user_id = ?", (user_id,)) == 1


def having(transaction: Transaction, user_ids: Sequence[str]) -> frozenset[str]:
    """Those of the users who have an authenticator app or a passkey."""
    if not user_ids:
        return frozenset()
    of_them = f"user_id IN ({marks(user_ids)})"
    return frozenset(
        name
        for table in ("totp", "passkeys")
        for name in names(transaction.rows(f"SELECT user_id FROM {table} WHERE {of_them}", user_ids))
    )


def set_recovery_codes(transaction: Transaction, user_id: str, digests: Sequence[bytes]) -> None:
    """Make just these the user's recovery codes."""
    transaction.execute("DELETE FROM recovery_codes WHERE user_id = ?", (user_id,))
    for digest in digests:
        transaction.execute("INSERT INTO recovery_codes (user_id, digest) VALUES (?, ?)", (user_id, digest))


def use_recovery_code(transaction: Transaction, user_id: str, digest: bytes) -> bool:
    """Use up a recovery code. ATOMIC: of any number of callers exactly one gets True."""
    return transaction.execute("DELETE FROM recovery_codes WHERE user_id = ? AND digest = ?", (user_id, digest)) == 1


def count_recovery_codes(transaction: Transaction, user_id: str) -> int:
    """How many recovery codes are left."""
    row = transaction.row("SELECT count(*) FROM recovery_codes WHERE user_id = ?", (user_id,))
    assert row is not None
    return int(row[0])


def add_pending(transaction: Transaction, digest: bytes, user_id: str, expires_at: int) -> None:
    """Keep a sign-in that waits for a second factor, under the digest of its cookie."""
    transaction.execute(
        "INSERT INTO pending_sign_ins (digest, user_id, expires_at) VALUES (?, ?, ?)", (digest, user_id, expires_at)
    )


def find_pending(transaction: Transaction, digest: bytes, now: int) -> str | None:
    """The id of the user whose sign-in waits; None when it does not, or no longer."""
    row = transaction.row("SELECT user_id FROM pending_sign_ins WHERE digest = ? AND expires_at > ?", (digest, now))
    return str(row[0]) if row else None


def end_pending(transaction: Transaction, digest: bytes) -> bool:
    """End such a sign-in. ATOMIC: of any number of callers exactly one gets True."""
    return transaction.execute("DELETE FROM pending_sign_ins WHERE digest = ?", (digest,)) == 1
