"""The load generator: keep-alive connections in a closed loop, each with one request under way, every answer checked."""

import asyncio
import random
from collections.abc import Callable
from time import perf_counter
from typing import Protocol
from typing import cast

from bench.processes import HOST


class Work(Protocol):
    """What a row asks. `connection` numbers the connection from 0, for rows whose requests depend on the answers."""

    def request(self, connection: int) -> bytes | None:
        """The next request, or None when there is nothing left to ask."""
        ...

    def check(self, connection: int, status: int, body: bytes) -> None:
        """Look at an answer. Raises Unexpected when it is not the one that was due."""
        ...


class Unexpected(Exception):
    """An answer that is not what was asked for."""


class Window:
    """What one stretch of load saw. Times are seconds; `cpu` is the server's."""

    def __init__(self) -> None:
        self.answered = 0
        self.seconds = 0.0
        self.cpu = 0.0
        self.latencies: list[float] = []
        self.errors = 0
        self.first_error = ""

    def fail(self, message: str) -> None:
        """Count an error."""
        self.errors += 1
        self.first_error = self.first_error or message


class _Connection(asyncio.Protocol):
    """One connection: asks until there is no time or work left, then calls `finished`."""

    def __init__(self, number: int, work: Work, period: float = 0.0) -> None:
        self.number = number
        self.work = work
        self.period = period  # seconds from one request to the next; 0: as soon as it is answered
        self._due = 0.0
        self.transport: asyncio.Transport
        self._window: Window
        self._until = 0.0
        self._sent = 0.0
        self._received = b""
        self._length = -1  # of the whole answer, once its head is here
        self._body_at = 0
        self._finished: Callable[[], None] | None = None

    def begin(self, window: Window, until: float, finished: Callable[[], None]) -> None:
        """Ask until that time (of `perf_counter`)."""
        self._window, self._until, self._finished = window, until, finished
        self._due = perf_counter() + self.period * random.random()
        if self.transport.is_closing():
            self._finish("the connection was closed")
        else:
            self._go_on()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio's."""
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        self._received = self._received + data if self._received else data
        try:
            if self._length < 0:
                self._read_head()
            if 0 <= self._length <= len(self._received):
                self._answered()
        except Unexpected as error:
            self._finish(str(error))
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """asyncio's."""
        self._finish("the connection was closed")

    def _go_on(self) -> None:
        wait = self._due - perf_counter() if self.period else 0.0
        if wait > 0:
            asyncio.get_running_loop().call_later(wait, self._ask)
        else:
            self._ask(self._due if self.period else 0.0)

    def _ask(self, since: float = 0.0) -> None:
        """since: from when the wait for the answer counts, if not from now: a request that is late already waits."""
        now = perf_counter()
        self._sent = since or now
        self._due += self.period
        request = self.work.request(self.number) if now < self._until else None
        if request is None:
            self._finish()
        else:
            self.transport.write(request)

    def _read_head(self) -> None:
        end = self._received.find(b"\r\n\r\n")
        if end >= 0:
            self._body_at = end + 4
            self._length = self._body_at + _content_length(self._received[:end])

    def _answered(self) -> None:
        window, answer = self._window, self._received
        window.latencies.append(perf_counter() - self._sent)
        window.answered += 1
        self._received, self._length = b"", -1
        try:
            self.work.check(self.number, int(answer[9:12]), answer[self._body_at :])
        except Unexpected as error:
            window.fail(str(error))
        self._go_on()

    def _finish(self, failure: str = "") -> None:
        if self._finished is None:
            return
        if failure:
            self._window.fail(failure)
        finished, self._finished = self._finished, None
        finished()


async def load(
    port: int,
    work: Work,
    connections: int,
    seconds: float,
    cpu: Callable[[], float],
    per_second: float | None = None,
) -> Window:
    """Ask for `seconds`, or until there is nothing left; returns when every request is answered.

    Connections open and warm up (a tenth of the time) before anything is counted. cpu: the server's seconds so far.
    per_second: how many requests all connections send together, whether they are answered in time or not; None: each
    sends the next when the last is answered.
    """
    period = connections / per_second if per_second else 0.0
    loop = asyncio.get_running_loop()
    opened = [
        (await loop.create_connection(lambda number=number: _Connection(number, work, period), HOST, port))[1]  # type: ignore[misc]
        for number in range(connections)
    ]
    await _run(opened, Window(), seconds / 10)
    window = Window()
    before = cpu()
    await _run(opened, window, seconds)
    window.cpu = cpu() - before
    for connection in opened:
        connection.transport.close()
    return window


async def _run(opened: list[_Connection], window: Window, seconds: float) -> None:
    left = len(opened)
    all_finished = asyncio.Event()

    def finished() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            all_finished.set()

    started = perf_counter()
    for connection in opened:
        connection.begin(window, started + seconds, finished)
    await all_finished.wait()
    window.seconds = perf_counter() - started


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    if at < 0:
        raise Unexpected("an answer without Content-Length")
    end = lowered.find(b"\r\n", at + 2)
    return int(lowered[at + 17 : end if end > 0 else len(lowered)])
