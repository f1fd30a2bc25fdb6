"""Upstreams through a real server: bodies that are larger than its memory, clients that go away, answers that break off."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.running import seed
from tests.running.process import Server
from tests.running.process import new_server
from tests.running.upstream import Received
from tests.running.upstream import StandIn
from tests.running.upstream import hang
from tests.running.upstream import standing_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEGABYTE = 1_000_000
LARGE = 200 * MEGABYTE
PIECE = b"x" * 100_000
MANIFEST = """
name: Erp
version: 1.0.0
url_templates:
  - {template: "GET /erp/{+path}", service: "orders:erp"}
  - {template: "PUT /erp/{+path}", service: "orders:erp"}
"""
"""Its folder is one that the scope `orders` opens."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api() -> AsyncIterator[StandIn]:
    async with standing_in() as made:
        yield made


@pytest.fixture(scope="module")
def server(seeded: Path, tmp_path_factory: pytest.TempPathFactory, api: StandIn) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("forwarding")
    running = new_server(seeded, folder, workers=1)
    package = folder / "packages" / "Erp"
    (package / "services" / "orders").mkdir(parents=True)
    (package / "package.yaml").write_text(MANIFEST)
    (package / "services" / "orders" / "erp.upstream.yaml").write_text(
        f"base_url: {api.url}\nlimits: {{request: 2000000000}}\nconnections: {{most: 2, waiting: 0}}\n"
        "breaker: {failures: 0}\n"
    )
    running.start()
    yield running
    running.stop()
    running.clean_up()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def token(server: Server) -> str:
    async with httpx.AsyncClient(base_url=server.url) as client:
        grant = {"grant_type": "client_credentials"}
        answer = await client.post("/oauth/token", data=grant, auth=(seed.LEDGER, seed.SECRETS[seed.LEDGER]))
    return str(answer.json()["access_token"])


@pytest.fixture
def stand_in(api: StandIn) -> StandIn:
    api.received.clear()
    api.answers.clear()
    return api


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: Server, token: str, stand_in: StandIn) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=60) as client:
        yield client


def memory(server: Server) -> int:
    """Bytes that the server's processes hold; they are one process group."""
    assert server._process is not None
    group = server._process.pid
    kept = 0
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and os.getpgid(int(process.name)) == group:
                kept += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (FileNotFoundError, ProcessLookupError):
            continue
    return kept


async def test_large_bodies_pass_both_ways_in_little_memory(
    server: Server, http: httpx.AsyncClient, stand_in: StandIn
) -> None:
    async def sent() -> AsyncIterator[bytes]:
        for _ in range(LARGE // len(PIECE)):
            yield PIECE

    async def large(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE)
        for _ in range(LARGE // len(PIECE)):
            writer.write(PIECE)
            await writer.drain()

    stand_in.answers["/large"] = large
    assert (await http.get("/erp/small")).status_code == 200
    before = memory(server)
    answer = await http.put("/erp/large-body", content=sent(), headers={"Content-Length": str(LARGE)})
    assert (answer.status_code, stand_in.last.length) == (200, LARGE)
    most, size = memory(server), 0
    async with http.stream("GET", "/erp/large") as got:
        async for piece in got.aiter_raw():
            if size // (20 * MEGABYTE) != (size + len(piece)) // (20 * MEGABYTE):
                most = max(most, memory(server))
            size += len(piece)
    assert size == LARGE
    assert most - before < 60 * MEGABYTE


async def test_client_that_goes_away_stops_the_call(http: httpx.AsyncClient, stand_in: StandIn) -> None:
    stand_in.answers["/hangs"] = hang
    for count in (1, 2, 3):  # more than there are connections: each gives its place back
        asked = asyncio.ensure_future(http.get("/erp/hangs"))
        await stand_in.until(count)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        async with asyncio.timeout(20):
            await stand_in.until_left()


async def test_client_that_goes_away_in_the_answer_stops_it(http: httpx.AsyncClient, stand_in: StandIn) -> None:
    async def pauses(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + PIECE)
        await asyncio.sleep(3600)

    stand_in.answers["/pauses"] = pauses
    async with http.stream("GET", "/erp/pauses") as got:
        assert await anext(got.aiter_raw())
    async with asyncio.timeout(20):
        await stand_in.until_left()


async def test_client_that_goes_away_in_its_body_ends_the_upstreams_request(
    http: httpx.AsyncClient, stand_in: StandIn
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield PIECE
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await http.put("/erp/half", content=half(), headers={"Content-Length": "200000"})
    async with asyncio.timeout(20):
        await stand_in.until_left()
    assert (await http.get("/erp/small")).status_code == 200


@pytest.mark.parametrize("length", ["Content-Length: 200000", "Transfer-Encoding: chunked"])
async def test_answer_that_breaks_off_does_not_look_whole(
    http: httpx.AsyncClient, stand_in: StandIn, length: str
) -> None:
    async def broken(received: Received, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\n{length}\r\n\r\n4\r\nhalf\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.1)
        writer.close()

    stand_in.answers["/broken"] = broken
    with pytest.raises(httpx.RemoteProtocolError):
        await http.get("/erp/broken")


async def test_two_large_requests_with_one_connection_each_do_not_mix(
    http: httpx.AsyncClient, stand_in: StandIn
) -> None:
    bodies = [bytes([number]) * 3_000_000 for number in (1, 2)]
    answers = await asyncio.gather(*(http.put("/erp/body", content=body) for body in bodies))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert {each.body[:1] for each in stand_in.received} == {b"\1", b"\2"}
    assert all(set(each.body) == {each.body[0]} and each.length == 3_000_000 for each in stand_in.received)


async def test_hanging_upstream_leaves_everything_else_at_work(http: httpx.AsyncClient, stand_in: StandIn) -> None:
    stand_in.answers["/hangs"] = hang
    calls = [asyncio.ensure_future(http.get("/erp/hangs")) for _ in range(50)]
    await stand_in.until(2)
    refused, pending = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
    while len(pending) > 2:  # as many as it has connections
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        refused |= done
    assert {call.result().status_code for call in refused} == {503}
    assert all(call.result().headers["retry-after"] == "1" for call in refused)
    for path in ("/health/live", "/invoke/orders/get?number=1"):
        assert (await http.get(path)).status_code == 200
    assert len(pending) == 2
    for call in pending:
        call.cancel()
    await asyncio.gather(*pending, return_exceptions=True)


TWO_READINGS = [
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\nContent-Length: 6\r\n",
    "Content-Length: +5\r\n",
    "Content-Length: 5, 6\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding:\x0bchunked\r\n",
    "X: y\nTransfer-Encoding: chunked\r\n",
]
"""Framings that two servers might read in two ways (RFC 9112 §6.3, §11.2)."""


async def test_request_that_could_be_read_in_two_ways_reaches_the_upstream_as_one_or_not_at_all(
    http: httpx.AsyncClient, server: Server, stand_in: StandIn
) -> None:
    for head in TWO_READINGS:
        stand_in.received.clear()
        await send_smuggling(server, f"Authorization: {http.headers['Authorization']}\r\n{head}")
        for each in stand_in.received:
            lengths = [name for name, _ in each.headers if name in ("content-length", "transfer-encoding")]
            assert (each.method, each.path, len(lengths)) == ("PUT", "/first", 1), head
        assert len(stand_in.received) <= 1, head


async def send_smuggling(server: Server, head: str) -> None:
    smuggled = "0\r\n\r\nGET /erp/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    reader, writer = await asyncio.open_connection("localhost", server.settings.port)
    writer.write(f"PUT /erp/first HTTP/1.1\r\nHost: localhost\r\n{head}\r\n{smuggled}".encode("latin-1"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0.3):
            await reader.read(10_000)
    writer.close()


async def test_host_of_the_request_is_not_the_upstreams_to_see(http: httpx.AsyncClient, stand_in: StandIn) -> None:
    await http.get("/erp/a", headers={"Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert stand_in.last.header("host") == f"127.0.0.1:{stand_in.port}"
    assert "evil" not in repr(stand_in.last)
