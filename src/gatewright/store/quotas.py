"""How much of their quotas clients have used."""

from gatewright.store.database import Transaction


def take(transaction: Transaction, client_id: str, ends_at: int, most: int, wanted: int) -> int:
    """Take some of a client's quota for the period that ends at `ends_at`; how much was taken: `wanted`, 1 or 0.

    ATOMIC: of `most`, all callers together never take more.
    """
    transaction.execute(
        "INSERT INTO quota_use (client_id, ends_at, used) VALUES (?, ?, 0) ON CONFLICT (client_id, ends_at) DO NOTHING",
        (client_id, ends_at),
    )
    for count in (wanted, 1):
        taken = transaction.execute(
            "UPDATE quota_use SET used = used + ? WHERE client_id = ? AND ends_at = ? AND used <= ?",
            (count, client_id, ends_at, most - count),
        )
        if taken == 1:
            return count
    return 0
