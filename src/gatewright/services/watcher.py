"""Keeping the catalogue current: the packages' folder is scanned each second, beside the requests."""

import asyncio
from collections.abc import Callable

import structlog

from gatewright.services.catalogue import Catalogue
from gatewright.services.loader import Loader

_log = structlog.get_logger(__name__)


class Watcher:
    """Scans in a thread and publishes a new catalogue on the event loop, only when something has changed.

    publish: called with each new catalogue. current: the newest one.
    interval: seconds between two scans.
    """

    def __init__(self, loader: Loader, publish: Callable[[Catalogue], None], *, interval: float = 1.0) -> None:
        self._loader, self._publish, self._interval = loader, publish, interval
        self._one_at_a_time = asyncio.Lock()
        self.current = Catalogue()

    async def refresh(self) -> Catalogue:
        """Scan now, as after a save; gives what is current then."""
        async with self._one_at_a_time:
            loaded = await asyncio.to_thread(self._loader.load)
            if loaded is not self.current:
                self.current = loaded
                self._publish(loaded)
            return loaded

    async def run(self) -> None:
        """Scan until cancelled. A failing scan (a disk that does not answer) is logged, and the next one tries again."""
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self.refresh()
            except Exception:
                _log.exception("scan of packages failed")
