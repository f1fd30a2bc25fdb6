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
from gatewright.services.upstream_client import _resolver
from gatewright.services.upstream_request import Body
from gatewright.services.upstream_request import UpstreamRequest
from tests.running.upstream import Answer
from tests.running.upstream import Received
from tests.running.upstream import StandIn
from tests.running.upstream import drop
from tests.running.upstream import hang
from tests.running.upstream import plain
from tests.running.upstream import stand_in

__all__ = ["stand_in"]

Make = Callable[..., UpstreamClient]


@pytest_asyncio.fixture
async def client(stand_in: StandIn) -> AsyncIterator[Make]:
    made: list[UpstreamClient] = []

    def make(**document: Any) -> UpstreamClient:
        retries = {"most": 0, **document.pop("retries", {})}
        upstream = msgspec.convert({"base_url": stand_in.url, "retries": retries, **document}, Upstream)
        made.append(UpstreamClient(upstream, "orders:erp"))
        return made[-1]

    yield make
    for each in made:
        await each.close()


def request(path: str = "/a", method: str = "GET", body: Body | bytes | None = None) -> UpstreamRequest:
    return UpstreamRequest(method=method, target=path, headers=[], body=body)


async def status(client: UpstreamClient, asked: UpstreamRequest | None = None) -> int:
    try:
        answer = await client.send(asked or request())
    except ServiceError as error:
        return error.status
    answer.close()
    return answer.status


def in_turn(*answers: Answer) -> Answer:
    left = list(answers)

    async def answer(received: Received, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(received, writer)

    return answer


async def test_connection_is_used_again(client: Make, stand_in: StandIn) -> None:
    erp = client()
    for _ in range(3):
        answer = await erp.send(request())
        assert await answer.read() == b"{}"
        answer.close()
    assert (len(stand_in.received), stand_in.open) == (3, 1)


async def test_upstream_that_does_not_answer_is_given_up(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = hang
    assert await status(client(time={"first_byte": 0.05})) == 504
    assert await status(client(time={"total": 0.05})) == 504


async def test_nobody_listening_is_502(client: Make) -> None:
    assert await status(client(base_url="http://127.0.0.1:1")) == 502


async def test_noise_is_502(client: Make, stand_in: StandIn) -> None:
    async def noise(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"this is no HTTP\r\n\r\n")

    stand_in.answers["/a"] = noise
    assert await status(client()) == 502


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX-A : 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"x" * 20_000 + b"\r\nContent-Length: 2\r\n\r\nab",
    ],
)
async def test_answer_that_could_be_read_in_two_ways_is_502(client: Make, stand_in: StandIn, head: bytes) -> None:
    async def ambiguous(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(head)

    stand_in.answers["/a"] = ambiguous
    assert await status(client()) == 502


async def test_answer_that_breaks_off_is_never_taken_for_whole(client: Make, stand_in: StandIn) -> None:
    async def half(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    stand_in.answers["/a"] = half
    answer = await client().send(request())
    with pytest.raises(ServiceError):
        await answer.read()
    answer.close()


async def test_answer_over_its_limit_is_refused_or_broken_off(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = plain(body=b"x" * 200)
    erp = client(limits={"response": 100})
    assert await status(erp) == 502
    stand_in.answers["/a"] = plain(
        "200 OK",
        b"32\r\n" + b"x" * 50 + b"\r\n" + b"c8\r\n" + b"x" * 200 + b"\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked",
        length=False,
    )
    answer = await erp.send(request())
    with pytest.raises(BrokenOff):
        _ = [chunk async for chunk in answer.chunks()]
    answer.close()


async def test_call_without_a_body_is_tried_again(client: Make, stand_in: StandIn) -> None:
    erp = client(retries={"most": 2, "backoff": 0})
    stand_in.answers["/a"] = in_turn(plain("503 Service Unavailable"), drop, plain())
    assert await status(erp) == 200
    assert len(stand_in.received) >= 3


@pytest.mark.parametrize(("method", "body"), [("POST", None), ("PATCH", None), ("PUT", b"x")])
async def test_call_that_may_have_done_something_is_not(
    client: Make, stand_in: StandIn, method: str, body: bytes | None
) -> None:
    stand_in.answers["/a"] = in_turn(plain("503 Service Unavailable"), plain())
    assert await status(client(retries={"most": 2, "backoff": 0}), request(method=method, body=body)) == 503
    assert len(stand_in.received) == 1


async def test_api_that_says_when_to_come_again_is_not_tried_at_once(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = in_turn(plain("503 Service Unavailable", b"", "Retry-After: 60"), plain())
    assert await status(client(retries={"most": 2, "backoff": 0})) == 503
    assert len(stand_in.received) == 1


async def test_retries_are_a_share_of_the_calls(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = plain("503 Service Unavailable")
    erp = client(retries={"most": 5, "backoff": 0, "share": 0.1}, breaker={"failures": 0})
    for _ in range(50):
        assert await status(erp) == 503
    assert len(stand_in.received) <= 50 + 10 + 5


async def test_retry_stops_when_the_breaker_opens(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = plain("503 Service Unavailable")
    assert await status(client(retries={"most": 5, "backoff": 0}, breaker={"failures": 2})) == 503
    assert len(stand_in.received) == 2


async def test_error_of_the_application_does_not_open_the_breaker(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = plain("500 Internal Server Error")
    erp = client(breaker={"failures": 2})
    assert [await status(erp) for _ in range(5)] == [500] * 5


async def test_breaker_closes_when_the_upstream_is_back(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = in_turn(drop, drop, plain())
    erp = client(breaker={"failures": 2, "seconds": 0.05})
    assert [await status(erp) for _ in range(3)] == [502, 502, 503]
    await asyncio.sleep(0.1)
    assert [await status(erp) for _ in range(2)] == [200, 200]


async def test_dropped_connection_is_no_reason_to_send_twice(client: Make, stand_in: StandIn) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"x"

    stand_in.answers["/a"] = in_turn(drop, plain())
    assert await status(client(), request(method="PUT", body=Body(pieces()))) == 502
    assert [each.body for each in stand_in.received] == [b"x"]


async def test_hanging_upstream_refuses_early_and_leaves_others_alone(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/hangs"] = hang
    erp = client(connections={"most": 2, "waiting": 1, "wait": 0.05})
    held = [asyncio.ensure_future(erp.send(request("/hangs"))) for _ in range(2)]
    await stand_in.until(2)
    waiting = asyncio.ensure_future(status(erp))
    await asyncio.sleep(0)
    assert await status(erp) == 503  # at once: one waits already
    assert not waiting.done()
    assert await waiting == 503
    assert await status(client()) == 200
    for each in held:
        each.cancel()
    await asyncio.gather(*held, return_exceptions=True)
    assert await status(erp) == 200


async def test_place_is_free_when_a_waiting_call_gets_it(client: Make, stand_in: StandIn) -> None:
    erp = client(connections={"most": 1, "waiting": 5, "wait": 5})
    assert await asyncio.gather(*(status(erp) for _ in range(5))) == [200] * 5


async def test_forgotten_answer_gives_its_place_back(client: Make) -> None:
    erp = client(connections={"most": 1, "waiting": 0})
    answer = await erp.send(request())
    answer._reply.release()
    del answer
    assert await status(erp) == 200


async def test_cancelled_call_closes_its_connection(client: Make, stand_in: StandIn) -> None:
    stand_in.answers["/a"] = hang
    call = asyncio.ensure_future(client().send(request()))
    await stand_in.until(1)
    call.cancel()
    async with asyncio.timeout(5):
        await stand_in.until_left()


async def test_retired_client_lets_its_calls_end(client: Make, stand_in: StandIn) -> None:
    erp = client()
    answer = await erp.send(request())
    erp.retire()
    assert await answer.read() == b"{}"
    answer.close()
    assert erp._closing is not None
    await erp._closing
    assert erp._wire is None


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "0.0.0.0"])
async def test_name_that_leads_to_link_local_addresses_is_refused(
    client: Make, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        return [{"hostname": host, "host": address, "port": port, "family": 2, "proto": 0, "flags": 0}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    assert await status(client(base_url="http://metadata.example")) == 502
    with pytest.raises(OSError, match="which names may not lead to"):
        await _resolver("metadata.example").resolve("metadata.example", 80)
