"""The application in a worker process, built from what the server handed over."""

import asyncio
import gc
import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Final

from gatewright.app.logs import configure_logs
from gatewright.app.parts import Parts
from gatewright.app.server import handed_over
from gatewright.web.admin_api.table import services as admin_services
from gatewright.web.asgi import Gatewright
from gatewright.web.main import ENDING_SIGNALS
from gatewright.web.pages import pages_for

_START_SECONDS: Final = 0.05


async def _start() -> Parts:
    settings, workspace = handed_over(os.environ)
    configure_logs(settings.log_level)
    return await Parts.start(settings, workspace, builtins=admin_services())


class Worker(Gatewright):
    """Ends when it is told to, at any time, and with the main process."""

    def __init__(self) -> None:
        super().__init__(_start, pages_for)

    async def startup(self) -> None:
        """Build everything; until that is done a signal ends the process at once."""
        listen_again = _let_signals_end_it()
        await super().startup()
        _end_with_the_main_process()
        _spare_the_garbage_collector()
        # The loop stops between starting and serving, so this timer fires when granian's worker serves.
        asyncio.get_running_loop().call_later(_START_SECONDS, listen_again)


def _let_signals_end_it() -> Callable[[], None]:
    """Granian's worker misses signals while it starts, and would live on until it is killed for not stopping.

    Gives what makes it listen again.
    """
    kept = {number: signal.signal(number, signal.SIG_DFL) for number in ENDING_SIGNALS}

    def listen_again() -> None:
        for number, handler in kept.items():
            signal.signal(number, handler)

    return listen_again


def _spare_the_garbage_collector() -> None:
    """What is loaded by now stays: leave it out of every later search for cycles, and search less often."""
    gc.collect()
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
