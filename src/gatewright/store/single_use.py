"""What may be used once: the `jti` of assertions and proofs. Kept until it would be refused as expired anyway."""

from gatewright.store.database import Transaction


def use(transaction: Transaction, digest: bytes, expires_at: int) -> bool:
    """Use what has that digest. ATOMIC: of any number of callers exactly one gets True.

    expires_at: when nobody accepts it any more, in seconds since the epoch.
    """
    used = transaction.execute(
        "INSERT INTO single_use (digest, expires_at) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING",
        (digest, expires_at),
    )
    return used == 1
