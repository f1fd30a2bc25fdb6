import asyncio
from collections.abc import AsyncIterator
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from gatewright.services.errors import ServiceError
from gatewright.services.upstream import Upstream
from gatewright.services.upstream_answer import BrokenOff
from gatewright.services.upstream_client import UpstreamClient
from gatewright.services.upstream_request import Body
from gatewright.services.upstream_request import UpstreamRequest
from gatewright.services.upstream_wire import Wire
from tests.running.upstream import Received
from tests.running.upstream import StandIn
from tests.running.upstream import plain
from tests.running.upstream import stand_in

__all__ = ["stand_in"]

Ask = Callable[..., Any]
JSON = (b"Content-Type", b"application/json")


@pytest_asyncio.fixture
async def erp(stand_in: StandIn) -> AsyncIterator[UpstreamClient]:
    document = {"base_url": stand_in.url, "retries": {"most": 0}, "time": {"total": 2}}
    client = UpstreamClient(msgspec.convert(document, Upstream), "orders:erp")
    yield client
    await client.close()


def request(
    method: str, body: Body | bytes | None = None, target: str = "/a", *headers: tuple[bytes, bytes]
) -> UpstreamRequest:
    return UpstreamRequest(method=method, target=target, headers=list(headers), body=body)


async def answered(erp: UpstreamClient, asked: UpstreamRequest) -> tuple[int, bytes]:
    answer = await erp.send(asked)
    try:
        return answer.status, await answer.read()
    finally:
        answer.close()


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [
        ("GET", None, None),
        ("HEAD", None, None),
        ("DELETE", None, "0"),
        ("POST", None, "0"),
        ("POST", b"", "0"),
        ("PUT", b'{"a":1}', "7"),
        ("PUT", b"x" * 200_000, "200000"),
    ],
)
async def test_length_is_told_where_the_method_foresees_a_body(
    erp: UpstreamClient, stand_in: StandIn, method: str, body: bytes | None, length: str | None
) -> None:
    assert (await answered(erp, request(method, body)))[0] == 200
    assert stand_in.last.header("content-length") == length
    assert (stand_in.last.header("transfer-encoding"), stand_in.last.length) == (None, len(body or b""))


@pytest.mark.parametrize(("length", "told"), [(None, (None, "chunked")), (7, ("7", None))])
async def test_body_that_comes_in_pieces_goes_in_pieces(
    erp: UpstreamClient, stand_in: StandIn, length: int | None, told: tuple[str | None, str | None]
) -> None:
    body = Body(pieces(b"abc", b"", b"defg"), length)
    assert (await answered(erp, request("POST", body, "/a", JSON)))[0] == 200
    last = stand_in.last
    assert (last.header("content-length"), last.header("transfer-encoding")) == told
    assert (last.body, last.header("content-type")) == (b"abcdefg", "application/json")
    assert (await answered(erp, request("GET")), stand_in.open) == ((200, b"{}"), 1)


@pytest.mark.parametrize("chunks", [(b"abc",), (b"abc", b"defgh")])
async def test_body_of_another_length_than_was_said_is_not_sent_as_whole(
    erp: UpstreamClient, stand_in: StandIn, chunks: tuple[bytes, ...]
) -> None:
    with pytest.raises(ServiceError) as caught:
        await erp.send(request("POST", Body(pieces(*chunks), 5)))
    assert caught.value.status == 502
    assert (await answered(erp, request("GET")))[0] == 200
    assert b"defgh" not in b"".join(each.body for each in stand_in.received)


async def test_interim_answers_are_passed_over(erp: UpstreamClient, stand_in: StandIn) -> None:
    async def hints(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n")
        await plain("201 Created", b"made")(received, writer)

    stand_in.answers["/a"] = hints
    assert await answered(erp, request("GET")) == (201, b"made")
    assert await answered(erp, request("GET", target="/b")) == (200, b"{}")


async def test_protocol_that_nobody_asked_for_is_502(erp: UpstreamClient, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = plain("101 Switching Protocols", b"", "Upgrade: other", "Connection: upgrade")
    with pytest.raises(ServiceError) as caught:
        await erp.send(request("GET"))
    assert caught.value.status == 502


async def test_answer_before_the_body_was_sent_closes_the_connection(erp: UpstreamClient, stand_in: StandIn) -> None:
    unsent = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        await unsent.wait()
        yield b"y"

    class Early(StandIn):
        async def _answer(self, received: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
            await plain("413 Content Too Large", b"long")(received, writer)
            await reader.read()
            return False

    early = Early()
    server = await asyncio.start_server(early.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = UpstreamClient(msgspec.convert({"base_url": f"http://127.0.0.1:{port}"}, Upstream), "orders:erp")
    assert await answered(client, request("POST", Body(endless()))) == (413, b"long")
    async with asyncio.timeout(5):
        await early.until_left()
    await client.close()
    server.close()
    await early.stop()


async def test_ending_a_call_wakes_who_waits_for_the_rest_of_its_answer(erp: UpstreamClient, stand_in: StandIn) -> None:
    async def pauses(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
        await asyncio.sleep(3600)

    stand_in.answers["/a"] = pauses
    answer = await erp.send(request("GET"))
    chunks = answer.chunks()
    assert await anext(chunks) == b"half"
    waiting = asyncio.ensure_future(anext(chunks))
    await asyncio.sleep(0)
    answer.close()
    with pytest.raises(BrokenOff):
        await asyncio.wait_for(waiting, 30)


async def test_time_for_the_whole_call_ends_an_answer_that_trickles(erp: UpstreamClient, stand_in: StandIn) -> None:
    async def trickle(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    stand_in.answers["/a"] = trickle
    answer = await erp.send(request("GET"), 0.2)
    with pytest.raises(ServiceError):
        await answer.read()
    answer.close()
    async with asyncio.timeout(5):
        await stand_in.until_left()


@pytest.mark.parametrize(
    "asked",
    [
        request("GET", None, "/a b"),
        request("GET", None, "/a\r\nX: 1"),
        request("GET", None, "/a", (b"X", b"1\r\nY: 2")),
        request("GET", None, "/a", (b"X", b"1\nY: 2")),
        request("GET", None, "/a", (b"X", b"1\0")),
    ],
)
async def test_request_cannot_be_split(erp: UpstreamClient, stand_in: StandIn, asked: UpstreamRequest) -> None:
    with pytest.raises(ServiceError) as caught:
        await erp.send(asked)
    assert (caught.value.status, stand_in.received) == (502, [])


async def test_host_names_the_port_unless_it_is_the_usual_one(erp: UpstreamClient, stand_in: StandIn) -> None:
    await answered(erp, request("GET"))
    assert stand_in.last.header("host") == f"127.0.0.1:{stand_in.port}"
    document = {"base_url": "https://erp.example:443/api"}
    wire = Wire(msgspec.convert(document, Upstream), None)  # type: ignore[arg-type]
    assert wire._host == b"Host: erp.example\r\n"
    await wire.close()
