"""When each client last got a token, to the day: since it was registered, for one that never did."""

from collections.abc import Mapping
from collections.abc import Sequence

from gatewright.store.database import Transaction
from gatewright.store.documents import marks


def saw(transaction: Transaction, seen: Mapping[str, int]) -> None:
    """Keep that clients got tokens. seen: when, by client_id; ids that are gone, or none of ours, are left out."""
    for client_id in sorted(seen):  # all transactions lock rows in one order
        transaction.execute(
            "UPDATE client_use SET used_at = ? WHERE client_id = ? AND used_at < ?",
            (seen[client_id], client_id, seen[client_id]),
        )


def used(transaction: Transaction, client_ids: Sequence[str]) -> dict[str, int]:
    """When clients last got a token or were registered, by client_id."""
    if not client_ids:
        return {}
    found = transaction.rows(
        f"SELECT client_id, used_at FROM client_use WHERE client_id IN ({marks(client_ids)})", client_ids
    )
    return {row[0]: int(row[1]) for row in found}


def unused_since(transaction: Transaction, before: int, limit: int = 20) -> list[tuple[str, int]]:
    """Clients that got no token since `before`, and when they last got one or were registered; the longest first."""
    found = transaction.rows(
        "SELECT client_id, used_at FROM client_use WHERE used_at < ? ORDER BY used_at, client_id LIMIT ?",
        (before, limit),
    )
    return [(row[0], int(row[1])) for row in found]


def expiring_secrets(transaction: Transaction, now: int, until: int, limit: int = 20) -> list[tuple[str, int]]:
    """Clients whose secrets end between `now` and `until`, with when, the soonest first."""
    found = transaction.rows(
        "SELECT client_id, expires_at FROM client_secrets WHERE expires_at > ? AND expires_at <= ?"
        " ORDER BY expires_at LIMIT ?",
        (now, until, limit),
    )
    return [(row[0], int(row[1])) for row in found]
