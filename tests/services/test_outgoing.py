import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.services.outgoing import Outgoing

Answers = dict[str, bytes]
ANSWERS: Answers = {
    "/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-A: 1\r\nx-a: 2\r\n\r\nhi",
    "/moved": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://169.254.169.254/\r\n\r\n",
    "/long": b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
    "/hang": b"",
    "/noise": b"this is no HTTP\r\n\r\n",
}


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        found = ANSWERS[head.split(" ")[1]]
        if not found:
            await reader.read()  # until the other side gives up
        writer.write(found)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest_asyncio.fixture
async def outgoing() -> AsyncIterator[Outgoing]:
    async def private_hosts() -> list[str]:
        return ["127.0.0.1", "localhost"]

    made = Outgoing(private_hosts, seconds=0.3, most_bytes=1000)
    yield made
    await made.close()


async def failure(sent) -> HttpFailure:
    with pytest.raises(HttpFailure) as caught:
        await sent
    return caught.value


async def test_answer_comes_back_whole(outgoing, port) -> None:
    answer = await outgoing.send(HttpRequest("GET", f"http://localhost:{port}/ok"))
    assert (answer.status, answer.headers["x-a"], answer.body, answer.reason) == (200, "1, 2", b"hi", "OK")


async def test_redirect_is_given_back_not_followed(outgoing, port) -> None:
    assert (await outgoing.send(HttpRequest("GET", f"http://127.0.0.1:{port}/moved"))).status == 302


@pytest.mark.parametrize(
    "uri",
    ["http://127.0.0.1:{port}/ok", "http://localhost:{port}/ok", "http://[::ffff:127.0.0.1]:{port}/ok",
     "http://2130706433:{port}/ok", "http://0x7f.1:{port}/ok", "http://0:{port}/ok", "http://169.254.169.254/latest"],
)  # fmt: skip
async def test_private_addresses_are_refused_however_written(port, uri) -> None:
    strict = Outgoing(seconds=0.3)
    refused = await failure(strict.send(HttpRequest("GET", uri.format(port=port))))
    assert refused.kind in ("refused", "unreachable")  # a spelling that no resolver takes reaches nothing either
    await strict.close()


async def test_name_that_resolves_to_a_private_address_is_refused(monkeypatch, port) -> None:
    async def resolve(host, port_, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port_))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    strict = Outgoing(seconds=0.3)
    refused = await failure(strict.send(HttpRequest("GET", f"http://rebound.example:{port}/ok")))
    assert refused.kind == "refused"
    assert "fetch_private_hosts" in str(refused)
    await strict.close()


async def test_only_allowed_hosts_are_called_when_there_are_any(outgoing, port) -> None:
    request = HttpRequest("GET", f"http://localhost:{port}/ok")
    assert (await failure(outgoing.send(request, ["api.example.com"]))).kind == "refused"
    assert (await outgoing.send(request, [f"localhost:{port}"])).status == 200


@pytest.mark.parametrize("uri", ["file:///etc/passwd", "ftp://localhost/x", "http://", "http://[::1", "//localhost/ok"])
async def test_other_addresses_than_http_are_refused(outgoing, uri) -> None:
    assert (await failure(outgoing.send(HttpRequest("GET", uri)))).kind == "refused"


async def test_userinfo_does_not_disguise_the_host(outgoing, port) -> None:
    request = HttpRequest("GET", f"http://api.example.com@localhost:{port}/ok")
    assert (await failure(outgoing.send(request, ["api.example.com"]))).kind == "refused"


@pytest.mark.parametrize(("path", "kind"), [("/long", "too large"), ("/hang", "timeout"), ("/noise", "unreachable")])
async def test_servers_that_misbehave_end_in_a_failure_that_says_how(outgoing, port, path, kind) -> None:
    assert (await failure(outgoing.send(HttpRequest("GET", f"http://localhost:{port}{path}")))).kind == kind


async def test_a_server_that_hangs_holds_up_nobody_elses_requests(port) -> None:
    async def private_hosts() -> list[str]:
        return ["127.0.0.1", "localhost"]

    narrow = Outgoing(private_hosts, seconds=0.3, connections=2)
    hanging = [
        asyncio.ensure_future(narrow.send(HttpRequest("GET", f"http://127.0.0.1:{port}/hang"))) for _ in range(200)
    ]
    await asyncio.sleep(0.05)
    answer = await narrow.send(HttpRequest("GET", f"http://localhost:{port}/ok"))
    assert answer.status == 200
    assert not any(each.done() for each in hanging)
    ended = await asyncio.gather(*hanging, return_exceptions=True)
    assert {each.kind for each in ended if isinstance(each, HttpFailure)} == {"timeout"}
    assert (await narrow.send(HttpRequest("GET", f"http://127.0.0.1:{port}/ok"))).status == 200
    await narrow.close()


async def test_nobody_listening_is_unreachable(outgoing) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        free = taken.getsockname()[1]
        assert (await failure(outgoing.send(HttpRequest("GET", f"http://localhost:{free}/")))).kind == "unreachable"
