"""How long a request may take to arrive, with a clock that the tests move."""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from gatewright.web.connection import BODY_SECONDS
from gatewright.web.connection import HEAD_SECONDS
from gatewright.web.connection import Connection

HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"


class Transport(asyncio.Transport):
    """A transport that remembers what became of it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.cut = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def abort(self) -> None:
        self.cut = True

    def close(self) -> None:
        self.cut = True

    def is_closing(self) -> bool:
        return self.cut

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Peer:
    """The other end of one connection, whose application answers once it has the body and is told to."""

    def __init__(self) -> None:
        self.transport = Transport()
        self.may_answer = asyncio.Event()
        config = Config(
            self._application, interface="asgi3", lifespan="off", log_config=None, ws="none", http=Connection
        )
        config.load()
        self.connection = Connection(config, ServerState(), {}, asyncio.get_running_loop())
        self.now = self.connection.loop.time()
        self.connection.connection_made(self.transport)

    async def send(self, data: bytes) -> None:
        self.connection.data_received(data)
        for _ in range(5):
            await asyncio.sleep(0)

    async def answered(self) -> None:
        self.may_answer.set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert self.transport.written.startswith(b"HTTP/1.1 204 ")

    def is_cut_within(self, seconds: float) -> bool:
        """Look each second for so long."""
        end = self.now + seconds
        while self.now < end and not self.transport.cut:
            self.now += 1
            self.connection.look_at(self.now)
        return self.transport.cut

    async def _application(
        self, scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
    ) -> None:
        while (await receive()).get("more_body"):
            pass
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"POST /", HEAD[:-2]])
async def test_a_connection_that_sends_no_whole_head_is_cut(sent: bytes) -> None:
    peer = Peer()
    await peer.send(sent)
    assert not peer.is_cut_within(HEAD_SECONDS - 1)
    assert peer.is_cut_within(5)


async def test_a_byte_now_and_then_wins_no_time() -> None:
    peer = Peer()
    for byte in b"POST /" + b"a" * int(HEAD_SECONDS):
        await peer.send(bytes([byte]))
        peer.is_cut_within(1)
    assert peer.is_cut_within(5)


async def test_a_body_that_stops_is_cut() -> None:
    peer = Peer()
    await peer.send(HEAD + b"ab")
    assert not peer.is_cut_within(BODY_SECONDS - 1)
    assert peer.is_cut_within(5)


async def test_a_whole_request_waits_for_its_answer_as_long_as_that_takes() -> None:
    peer = Peer()
    await peer.send(HEAD + b"abcd")
    assert not peer.is_cut_within(10 * BODY_SECONDS)
    await peer.answered()


async def test_after_an_answer_uvicorn_alone_ends_an_idle_connection() -> None:
    peer = Peer()
    await peer.send(HEAD + b"abcd")
    await peer.answered()
    assert peer.connection.timeout_keep_alive_task is not None
    assert not peer.is_cut_within(10 * HEAD_SECONDS)


@pytest.mark.parametrize("sent", [b"\r\n", b"GET / HT", HEAD[:-2]])
async def test_a_next_request_that_does_not_arrive_is_cut(sent: bytes) -> None:
    peer = Peer()
    await peer.send(HEAD + b"abcd")
    await peer.answered()
    await peer.send(sent)
    assert not peer.is_cut_within(HEAD_SECONDS - 1)
    assert peer.is_cut_within(5)


async def test_many_requests_over_one_connection_are_no_large_head() -> None:
    peer = Peer()
    peer.may_answer.set()
    for _ in range(2000):
        await peer.send(HEAD + b"abcd")
    assert b"HTTP/1.1 400 " not in peer.transport.written
    assert peer.transport.written.count(b"HTTP/1.1 204 ") == 2000
