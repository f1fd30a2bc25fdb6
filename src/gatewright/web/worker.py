"""The application in a worker process, built from what the server handed over."""

import asyncio
import gc
import multiprocessing
import os
import signal

from gatewright.app.logs import configure_logs
from gatewright.app.parts import Parts
from gatewright.app.server import handed_over
from gatewright.kernel.allocation import give_memory_back
from gatewright.web.admin_api.table import services as admin_services
from gatewright.web.asgi import Application
from gatewright.web.asgi import Gatewright
from gatewright.web.connection import overload
from gatewright.web.connection import watch_over_connections
from gatewright.web.draining import drain_before_stopping


async def _start() -> Parts:
    settings, workspace = handed_over(os.environ)
    configure_logs(settings.log_level)
    return await Parts.start(settings, workspace, builtins=admin_services())


def _pages_for(parts: Parts) -> Application:
    from gatewright.web.pages import pages_for

    return pages_for(parts)


class Worker(Gatewright):
    """Ends with the main process, if that is another one."""

    def __init__(self) -> None:
        super().__init__(_start, _pages_for)

    async def startup(self) -> None:
        """Build everything."""
        give_memory_back()
        await super().startup()
        self._watches = [
            asyncio.create_task(watch_over_connections()),
            asyncio.create_task(overload.watch(self.parts.database, self.parts.activity)),
        ]
        _end_with_the_main_process()
        drain_before_stopping(self.parts)
        _spare_the_garbage_collector()


def _spare_the_garbage_collector() -> None:
    """What is loaded by now stays: leave it out of every later search for cycles, and search less often."""
    gc.collect()
    give_memory_back()
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _end_with_the_main_process() -> None:
    """A worker whose main process was killed would serve on, unseen, and hold the port against the next server."""
    main = multiprocessing.parent_process()
    if main is None:
        return
    loop, ended = asyncio.get_running_loop(), int(main.sentinel)

    def end() -> None:
        loop.remove_reader(ended)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(ended, end)
