"""A stand-in for an existing HTTP API: it writes down what it was sent, byte by byte, and answers as it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable

import msgspec
import pytest_asyncio

MOST_KEPT = 100_000


class Received(msgspec.Struct):
    """A request as it came: header names in lower case, in order."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    length: int = 0

    def header(self, name: str) -> str | None:
        """The one value of a header; None without any."""
        found = [value for each, value in self.headers if each == name]
        assert len(found) <= 1, found
        return found[0] if found else None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


Answer = Callable[[Received, asyncio.StreamWriter], Awaitable[None]]


def plain(status: str = "200 OK", body: bytes = b"{}", *headers: str, length: bool = True) -> Answer:
    """Always the same answer."""

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {len(body)}"] if length else [])]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (b"" if received.method == "HEAD" else body))

    return answer


async def hang(received: Received, writer: asyncio.StreamWriter) -> None:
    """No answer, ever."""
    await asyncio.sleep(3600)


async def drop(received: Received, writer: asyncio.StreamWriter) -> None:
    """The connection is closed without an answer."""
    writer.close()


class StandIn:
    """The API. answers: by path; every other path is answered `{}`."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.received: list[Received] = []
        self.open = 0
        """Connections that are open now."""
        self.busy = 0
        """Requests that are being answered."""
        self.port = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def until(self, count: int) -> None:
        """Wait for so many requests."""
        while len(self.received) < count:  # noqa: ASYNC110  they come over a socket
            await asyncio.sleep(0.01)

    async def until_left(self) -> None:
        """Wait until every request is answered or its connection is closed."""
        while self.busy:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    @property
    def last(self) -> Received:
        return self.received[-1]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.open += 1
        try:
            while await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1
            self._tasks.discard(task)
            writer.close()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        method, target, _ = first.split(" ")
        pairs = [line.split(": ", 1) for line in lines]
        received = Received(method, target, [(name.lower(), value) for name, value in pairs])
        self.received.append(received)
        self.busy += 1
        answering = asyncio.ensure_future(self._answer(received, reader, writer))
        gone = asyncio.ensure_future(_closed(reader, writer))
        try:
            await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.busy -= 1
            answering.cancel()
            gone.cancel()
        if not answering.done() or answering.cancelled():
            return False
        return answering.result()

    async def _answer(self, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await _read_body(received, reader)
        await self.answers.get(received.path, plain())(received, writer)
        await writer.drain()
        return not writer.is_closing() and received.method != "HEAD"


async def _closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof() and not writer.is_closing():  # noqa: ASYNC110  nothing tells of either
        await asyncio.sleep(0.02)


async def _read_body(received: Received, reader: asyncio.StreamReader) -> None:
    if received.header("transfer-encoding") == "chunked":
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            _keep(received, await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
    left = int(received.header("content-length") or 0)
    while left:
        chunk = await reader.readexactly(min(left, 65_536))
        left -= len(chunk)
        _keep(received, chunk)


def _keep(received: Received, chunk: bytes) -> None:
    received.length += len(chunk)
    received.body += chunk[: MOST_KEPT - len(received.body)]


@contextlib.asynccontextmanager
async def standing_in() -> AsyncIterator[StandIn]:
    """One on a free port of this machine."""
    made = StandIn()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=1_000_000)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await made.stop()


@pytest_asyncio.fixture
async def stand_in() -> AsyncIterator[StandIn]:
    """One for this test."""
    async with standing_in() as made:
        yield made
