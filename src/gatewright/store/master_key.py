"""Which master key a store's secrets are sealed under: known by a fingerprint, so that another one is noticed at start."""

from gatewright.store.database import Transaction


def confirm(transaction: Transaction, fingerprint: str) -> bool:
    """Whether this is the store's master key. The first one that asks makes it so."""
    transaction.execute(
        "INSERT INTO master_key (fingerprint) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM master_key)", (fingerprint,)
    )
    return transaction.row("SELECT fingerprint FROM master_key") == (fingerprint,)
