"""Keeping the catalogue current: the packages' folder is scanned each second, beside the requests."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from typing import Final

import structlog

from gatewright.kernel.errors import Unavailable
from gatewright.services.catalogue import Catalogue
from gatewright.services.loader import NOTHING_DISABLED
from gatewright.services.loader import Loader

Disabled = Callable[[], Awaitable[Iterable[str]]]
_LOOK_SECONDS: Final = 0.25
_log = structlog.get_logger(__name__)


class Watcher:
    """Scans in a thread and publishes a new catalogue on the event loop, only when something has changed.

    publish: called with each new catalogue. current: the newest one.
    before: done before each scan; tells whether it changed files. disabled: asked then for what administrators put out of
    use; while it cannot be told, the last answer holds. position: changes with whatever these two tell, and is looked at
    between two scans.
    interval: seconds between two scans.
    """

    def __init__(
        self,
        loader: Loader,
        publish: Callable[[Catalogue], None],
        *,
        before: Callable[[], Awaitable[bool]] | None = None,
        disabled: Disabled | None = None,
        position: Callable[[], object] | None = None,
        interval: float = 1.0,
    ) -> None:
        self._loader, self._publish, self._interval = loader, publish, interval
        self._before, self._ask_disabled = before, disabled
        self._position_now, self._position = position, object()
        self._disabled = NOTHING_DISABLED
        self._one_at_a_time = asyncio.Lock()
        self.current = Catalogue()

    async def refresh(self) -> Catalogue:
        """Scan now, as after a save; gives what is current then."""
        async with self._one_at_a_time:
            await self._prepare()
            loaded = await asyncio.to_thread(self._loader.load, self._disabled)
            if loaded is not self.current:
                self.current = loaded
                self._publish(loaded)
            return loaded

    async def run(self) -> None:
        """Scan until cancelled. A failing scan (a disk that does not answer) is logged, and the next one tries again."""
        while True:
            await self._pause()
            try:
                await self.refresh()
            except Exception:
                _log.exception("scan of packages failed")

    async def _pause(self) -> None:
        """Wait for the next scan; it comes early when another process disabled or shared something."""
        clock = asyncio.get_running_loop().time
        ends = clock() + self._interval
        while (left := ends - clock()) > 0:
            await asyncio.sleep(left if self._position_now is None else min(left, _LOOK_SECONDS))
            if self._position_now is None or self._position_now() == self._position:
                continue
            async with self._one_at_a_time:
                if await self._prepare():
                    return

    async def _prepare(self) -> bool:
        """Follow what other processes changed; whether there was something."""
        position, disabled = self._position_now() if self._position_now else None, self._disabled
        try:
            wrote = await self._before() if self._before is not None else False
            if self._ask_disabled is not None:
                self._disabled = frozenset(await self._ask_disabled())
        except Unavailable as error:
            _log.warning("what other processes changed cannot be told now", reason=str(error))
            return False
        self._position = position
        return wrote or self._disabled != disabled
