"""When a process refuses at the door, with a store and a clock that the tests move; and what a refusal looks like."""

import asyncio
import json

import pytest

from gatewright.web import connection
from gatewright.web.overload import BURST
from gatewright.web.overload import FEWEST
from gatewright.web.overload import LATE_SECONDS
from gatewright.web.overload import MOST_WAITING
from gatewright.web.overload import STANDING_SECONDS
from gatewright.web.overload import Overload
from tests.web.test_connection import Peer

TICK = 0.02
TOKEN = b"POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nabcd"


class Store:
    """A store for which so many calls wait."""

    waiting = 0


class Process:
    """A process that is observed again and again."""

    def __init__(self) -> None:
        self.store = Store()
        self.overload = Overload(self.store)
        self.now = 0.0

    def goes_on(self, seconds: float, *, late: float = 0.0) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += TICK + late
            self.overload.observe(late, TICK + late, self.now)


async def admitted(overload: Overload, count: int, *, writes: bool = False) -> int:
    """How many of `count` requests that arrive in one turn are let in."""
    let_in = sum(overload.admits(writes=writes) for _ in range(count))
    await asyncio.sleep(0)
    return let_in


def test_a_loop_that_is_late_for_a_moment_refuses_nobody() -> None:
    process = Process()
    for _ in range(10):
        process.goes_on(STANDING_SECONDS / 2, late=LATE_SECONDS * 2)
        process.goes_on(TICK)
    assert not process.overload.is_on


async def test_a_loop_that_stays_late_begins_fewer_and_fewer_but_never_none() -> None:
    process = Process()
    process.goes_on(STANDING_SECONDS * 3, late=LATE_SECONDS)
    assert process.overload.is_on
    first = await admitted(process.overload, 1000)
    process.goes_on(1, late=LATE_SECONDS)
    second = await admitted(process.overload, 1000)
    assert 0 < second < first < 1000
    process.goes_on(60, late=LATE_SECONDS)
    assert await admitted(process.overload, 1000) == FEWEST


async def test_a_loop_that_is_in_time_again_admits_everybody_soon() -> None:
    process = Process()
    process.goes_on(10, late=LATE_SECONDS)
    process.goes_on(3)
    assert not process.overload.is_on


def test_calls_that_wait_for_a_moment_refuse_nobody() -> None:
    process = Process()
    process.store.waiting = 4 * MOST_WAITING
    process.goes_on(2 * TICK)
    assert not process.overload.is_on


async def test_a_store_that_is_behind_refuses_who_would_write_and_nobody_else() -> None:
    process = Process()
    process.store.waiting = 2 * MOST_WAITING
    process.goes_on(2 * STANDING_SECONDS)
    assert process.overload.is_on
    assert await admitted(process.overload, 1000, writes=True) == 0
    assert await admitted(process.overload, 1000) == 1000


async def test_as_many_may_write_as_there_is_room_for() -> None:
    process = Process()
    process.store.waiting = 2 * MOST_WAITING
    process.goes_on(2 * STANDING_SECONDS)
    process.store.waiting = MOST_WAITING - 10
    assert await admitted(process.overload, 1000, writes=True) == 10
    process.store.waiting = 0
    process.goes_on(3 * STANDING_SECONDS)
    assert not process.overload.is_on


def test_too_large_a_burst_counts_at_once() -> None:
    process = Process()
    process.store.waiting = BURST + 1
    process.goes_on(TICK)
    assert process.overload.is_on


def test_refused_connections_are_read_again_as_there_is_room_and_all_of_them_in_the_end() -> None:
    process = Process()
    read: list[int] = []
    for number in range(1000):
        process.overload.keep_outside(lambda number=number: read.append(number))  # type: ignore[misc]
    process.store.waiting = MOST_WAITING
    process.overload.let_in(TICK)
    few = len(read)
    process.store.waiting = 0
    process.overload.let_in(TICK)
    assert 0 < few < len(read) - few < 1000
    while len(read) < 1000:
        process.overload.let_in(TICK)
    assert read == list(range(1000))


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Overload:
    """The process of the connections has a store that is behind."""
    process = Process()
    process.store.waiting = 2 * MOST_WAITING
    process.goes_on(2 * STANDING_SECONDS)
    monkeypatch.setattr(connection, "overload", process.overload)
    return process.overload


async def test_a_refusal_is_an_oauth_error_and_says_when_to_come_back(full: Overload) -> None:
    peer = Peer()
    await peer.send(TOKEN)
    head, _, body = peer.transport.written.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nretry-after: 1" in head
    assert json.loads(body)["error"] == "temporarily_unavailable"
    assert b"\r\ncontent-length: %d" % len(body) in head
    assert not peer.transport.cut


@pytest.mark.parametrize("pieces", [(TOKEN,), (TOKEN[:-4], TOKEN[-4:]), (TOKEN[:30], TOKEN[30:-2], TOKEN[-2:])])
async def test_the_next_request_of_a_refused_connection_is_answered(full: Overload, pieces: tuple[bytes, ...]) -> None:
    peer = Peer()
    for piece in pieces:
        await peer.send(piece)
    full.store.waiting = 0
    full.let_in(1)
    peer.transport.written = b""
    await peer.send(TOKEN)
    await peer.answered()


async def test_a_refused_connection_is_cut_no_sooner_than_an_idle_one(full: Overload) -> None:
    peer = Peer()
    await peer.send(TOKEN)
    assert not peer.is_cut_within(200)
    assert peer.connection.timeout_keep_alive_task is not None


@pytest.mark.parametrize("header", [b"Expect: 100-continue", b"Connection: close"])
async def test_a_body_that_may_never_come_ends_the_connection(full: Overload, header: bytes) -> None:
    peer = Peer()
    await peer.send(TOKEN[:-4].replace(b"Host:", header + b"\r\nHost:"))
    assert peer.transport.written.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nconnection: close\r\n" in peer.transport.written
    assert peer.transport.cut


async def test_a_refusal_of_head_has_no_body(full: Overload) -> None:
    peer = Peer()
    await peer.send(b"HEAD /oauth/token HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert peer.transport.written.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("path", [b"/health/ready", b"/console/", b"/admin/v1/clients", b"/oauth/introspect"])
async def test_what_looks_after_the_server_and_what_only_reads_is_let_in(full: Overload, path: bytes) -> None:
    peer = Peer()
    await peer.send(TOKEN.replace(b"/oauth/token", path))
    await peer.answered()


async def test_a_request_that_waits_for_the_one_before_it_is_not_refused_out_of_turn(full: Overload) -> None:
    peer = Peer()
    await peer.send(TOKEN.replace(b"/oauth/token", b"/oauth/introspect"))
    await peer.send(TOKEN)
    assert peer.transport.written == b""
    await peer.answered()


async def test_one_connection_too_many_is_told_so_and_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    most = len(connection._open) + 1
    monkeypatch.setattr(connection, "most_connections", lambda: most)
    first, second = Peer(), Peer()
    assert not first.transport.cut
    assert second.transport.written.startswith(b"HTTP/1.1 503 ")
    assert second.transport.cut
    for peer in (first, second):
        peer.connection.connection_lost(None)
