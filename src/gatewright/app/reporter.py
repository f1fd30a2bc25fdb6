"""Handing over what this process counted to the store, every few seconds and never on a request's way."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.telemetry import Activity
from gatewright.kernel.telemetry import Cell
from gatewright.store import activity
from gatewright.store.database import Database

_INTERVAL_SECONDS: Final = 5.0
_AT_ONCE: Final = 200  # cells in a transaction: a request that commits meanwhile waits for a few milliseconds at most
_log = structlog.get_logger("gatewright.activity")


class Reporter:
    """Hands over for as long as it runs. What the store does not take now is handed over with what comes next."""

    def __init__(self, gathered: Activity, database: Database, clock: Clock) -> None:
        self._gathered, self._database, self._clock = gathered, database, clock

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Hand over all that was counted until now."""
        cells, now = self._gathered.take(), self._clock()
        while cells:
            part, cells = cells[:_AT_ONCE], cells[_AT_ONCE:]
            if not await self._taken(part, now):
                self._gathered.put_back([*part, *cells])
                return

    async def _taken(self, cells: Sequence[Cell], now: int) -> bool:
        try:
            await self._database.write(activity.add, cells, now)
        except GatewrightError as error:
            _log.warning("activity not handed over yet", reason=str(error))
            return False
        return True
