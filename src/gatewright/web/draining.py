"""Stopping without a failed request: for `drain_seconds` a server that is told to stop says so, and serves on."""

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import Final

from gatewright.app.parts import Parts

CLOSE: Final = (b"connection", b"close")
"""On every answer meanwhile, so that clients take another connection, and by it another node (RFC 9112 §9.6)."""
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def drain_before_stopping(parts: Parts) -> None:
    """Let signals stop the server `drain_seconds` later; a second one at once."""
    seconds = parts.settings.drain_seconds
    if not seconds:
        return
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        stop = signal.getsignal(number)
        if callable(stop):
            signal.signal(number, _later(stop, parts, loop, seconds))


def _later(
    stop: Callable[[int, FrameType | None], object], parts: Parts, loop: asyncio.AbstractEventLoop, seconds: float
) -> Callable[[int, FrameType | None], None]:
    def begin(number: int, frame: FrameType | None) -> None:
        if parts.draining:
            stop(number, frame)
            return
        parts.draining = True
        loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, None)

    return begin
