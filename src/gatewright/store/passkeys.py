"""Passkeys: the public keys that people sign in with."""

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.records import Passkey

_PASSKEY = "credential_id, user_id, name, public_key, sign_count, transports, backed_up, created_at, used_at"


def insert(transaction: Transaction, passkey: Passkey) -> None:
    """Keep a new passkey. Whoever calls finds Conflict when the authenticator's is registered already."""
    transaction.execute(
        f"INSERT INTO passkeys ({_PASSKEY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            passkey.credential_id,
            passkey.user_id,
            passkey.name,
            passkey.public_key,
            passkey.sign_count,
            " ".join(passkey.transports),
            int(passkey.backed_up),
            passkey.created_at,
            passkey.used_at,
        ),
    )


def find(transaction: Transaction, credential_id: bytes) -> Passkey | None:
    """The passkey of that credential."""
    row = transaction.row(f"SELECT {_PASSKEY} FROM passkeys WHERE credential_id = ?", (credential_id,))
    return _passkey(row) if row else None


def of_user(transaction: Transaction, user_id: str) -> list[Passkey]:
    """The user's passkeys, in the order in which they were registered."""
    found = transaction.rows(f"SELECT {_PASSKEY} FROM passkeys WHERE user_id = ?", (user_id,))
    return sorted(map(_passkey, found), key=lambda passkey: (passkey.created_at, passkey.name))


def use(transaction: Transaction, credential_id: bytes, sign_count: int, now: int) -> bool:
    """Note a use; False when the counter does not go on from the last one (Web Authentication Level 2, §6.1.1). ATOMIC."""
    return (
        transaction.execute(
            "UPDATE passkeys SET sign_count = ?, used_at = ?"
            " WHERE credential_id = ? AND (sign_count < ? OR (sign_count = 0 AND ? = 0))",
            (sign_count, now, credential_id, sign_count, sign_count),
        )
        == 1
    )


def rename(transaction: Transaction, user_id: str, credential_id: bytes, name: str) -> bool:
    """Give the user's passkey another name; whether there is one."""
    return (
        transaction.execute(
            "UPDATE passkeys SET name = ? WHERE credential_id = ? AND user_id = ?", (name, credential_id, user_id)
        )
        == 1
    )


def remove(transaction: Transaction, user_id: str, credential_id: bytes) -> bool:
    """Remove the user's passkey; whether there was one."""
    return (
        transaction.execute("DELETE FROM passkeys WHERE credential_id = ? AND user_id = ?", (credential_id, user_id))
        == 1
    )


def remove_all(transaction: Transaction, user_id: str) -> int:
    """Remove all passkeys of the user; how many there were."""
    return transaction.execute("DELETE FROM passkeys WHERE user_id = ?", (user_id,))


def _passkey(row: Row) -> Passkey:
    return Passkey(
        credential_id=bytes(row[0]),
        user_id=row[1],
        name=row[2],
        public_key=bytes(row[3]),
        sign_count=row[4],
        transports=tuple(row[5].split()),
        backed_up=bool(row[6]),
        created_at=row[7],
        used_at=row[8],
    )
