"""Handing over what this process counted, and which runs failed, to the store, every few seconds and never on a request's
way.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import GatewrightError
from gatewright.services.failing_runs import without_data
from gatewright.services.invocation import Runtime
from gatewright.store import activity
from gatewright.store import client_use
from gatewright.store import failing_runs
from gatewright.store.database import Database
from gatewright.store.database import P
from gatewright.store.database import Verb
from gatewright.store.directory import Directory
from gatewright.store.failing_runs import FailingRun

_INTERVAL_SECONDS: Final = 5.0
_AT_ONCE: Final = 200  # cells in a transaction: a request that commits meanwhile waits for a few milliseconds at most
_log = structlog.get_logger("gatewright.activity")


class Reporter:
    """Hands over for as long as it runs. What the store does not take now is handed over with what comes next."""

    def __init__(self, runtime: Runtime, database: Database, directory: Directory, clock: Clock) -> None:
        self._runtime, self._gathered = runtime, runtime.activity
        self._database, self._directory, self._clock = database, directory, clock

    async def run(self) -> None:
        """Hand over until cancelled."""
        while True:
            await asyncio.sleep(_INTERVAL_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Hand over all that was counted until now."""
        if failed := self._runtime.failing_runs.take():
            await self._keep(failed)
        self._runtime.journals.report()
        if seen := self._gathered.take_seen():
            await self._taken(client_use.saw, seen)
        cells, now = self._gathered.take(), self._clock()
        while cells:
            part, cells = cells[:_AT_ONCE], cells[_AT_ONCE:]
            if not await self._taken(activity.add, part, now):
                self._gathered.put_back([*part, *cells])
                return

    async def _keep(self, failed: Sequence[FailingRun]) -> None:
        try:
            wanted = (await self._directory.settings()).failing_runs
        except GatewrightError as error:
            _log.warning("failing runs not handed over", reason=str(error))
            return
        if wanted == "without_data":
            failed = [without_data(run) for run in failed]
        if wanted != "none":
            await self._taken(failing_runs.add, failed)

    async def _taken(self, verb: Verb[P, None], *args: P.args, **kwargs: P.kwargs) -> bool:
        try:
            await self._database.write(verb, *args, **kwargs)
        except GatewrightError as error:
            _log.warning("activity not handed over yet", reason=str(error))
            return False
        return True
