"""Quotas: how many requests a client may send in a day (UTC), over all workers and nodes.

A process takes some of the quota at a time, by one conditional write, and hands it out: never more than the quota is
spent, and the store is written to once in a hundred requests or so. What a process has taken and not handed out when it
ends is lost for the day.
"""

from typing import Final

from gatewright.kernel.clock import Clock
from gatewright.kernel.memory import Memory
from gatewright.services.rates import TooMany
from gatewright.store import quotas as store
from gatewright.store.database import Database

DAY: Final = 86_400
_MOST_CLIENTS: Final = 20_000
_MOST_TAKEN: Final = 100


class Quotas:
    """The quotas of one process."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._left: Memory[str, tuple[int, int]] = Memory(_MOST_CLIENTS)

    async def take(self, client_id: str, most: int) -> None:
        """Count one request of a client that may send `most` in a day. Raises TooMany."""
        now = self._clock()
        end = (now // DAY + 1) * DAY
        until, left = self._left.get(client_id, (end, 0))
        if until != end:
            left = 0
        if not left:
            wanted = max(1, min(_MOST_TAKEN, most // 100))
            taken = await self._database.write(store.take, client_id, end, most, wanted)
            until, left = self._left.get(client_id, (end, 0))  # another request may have taken some meanwhile
            left = taken + (left if until == end else 0)
        if not left:
            wait = end - now
            raise TooMany("The quota is used up", f"{most} requests in a day (UTC) are allowed", wait, [])
        self._left.put(client_id, (end, left - 1))
