"""What happened on each day in sum, kept as long as the audit log beside which it is shown: always.

A day is one of UTC. Its rows are as many as there are names: grants, error codes of refusals, actions of the audit log.
"""

from collections.abc import Iterable
from typing import Final
from typing import Literal

import msgspec

from gatewright.store.database import Transaction

Kind = Literal["grant", "refusal", "person"]
"""Tokens issued, by grant; refusals, by error code; what people did, by the audit log's action."""
DAY: Final = 86_400
_OF_PEOPLE: Final = ("user.sign_in", "consent.")


class Sum(msgspec.Struct, frozen=True):
    """How often something happened on a day. day: when it began, in seconds since the epoch."""

    day: int
    kind: Kind
    name: str
    count: int


def add(transaction: Transaction, counts: Iterable[tuple[str, str, int]], now: int) -> None:
    """Add to the sums of the day of `now`. counts: kind, name and how many, in an order that all writers keep."""
    for kind, name, count in counts:
        transaction.execute(
            "INSERT INTO daily_sums (day, kind, name, count) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (day, kind, name) DO UPDATE SET count = daily_sums.count + excluded.count",
            (now // DAY * DAY, kind, name, count),
        )


def count_of_person(transaction: Transaction, action: str, now: int) -> None:
    """Count a row of the audit log, if it is of a kind that is summed up: sign-ins and consents."""
    if action.startswith(_OF_PEOPLE):
        add(transaction, [("person", action, 1)], now)


def newest(transaction: Transaction, since: int = 0, until: int = 0, days: int = 31) -> list[Sum]:
    """The sums of the newest `days` on which something happened, the newest day first. since, until: times; 0: no bound."""
    window = (since // DAY * DAY, until or 2**62)
    found = transaction.rows(
        "SELECT DISTINCT day FROM daily_sums WHERE day >= ? AND day < ? ORDER BY day DESC LIMIT ?", (*window, days)
    )
    if not found:
        return []
    rows = transaction.rows(
        "SELECT day, kind, name, count FROM daily_sums WHERE day >= ? AND day <= ? ORDER BY day DESC, kind DESC, name DESC",
        (found[-1][0], found[0][0]),
    )
    return [Sum(int(row[0]), row[1], row[2], int(row[3])) for row in rows]
