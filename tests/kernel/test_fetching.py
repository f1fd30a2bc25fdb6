"""Fetching documents of others: what must not be reached, how much and how long, and what is remembered."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from gatewright.kernel.fetching import BETWEEN_RENEWALS
from gatewright.kernel.fetching import FAILURE_KEPT
from gatewright.kernel.fetching import Fetcher
from gatewright.kernel.fetching import FetchFailed
from tests.running.remote import Remote
from tests.running.remote import remote
from tests.running.site import SettableClock

__all__ = ["remote"]


class Bench:
    """A fetcher with a clock and a list of hosts that tests set."""

    def __init__(self) -> None:
        self.clock = SettableClock()
        self.listed = ["127.0.0.1", "localhost"]
        self.fetcher = Fetcher(self._hosts, self.clock, seconds=5, most_bytes=1000)

    async def _hosts(self) -> list[str]:
        return self.listed

    async def refusal(self, url: str) -> str:
        with pytest.raises(FetchFailed) as caught:
            await self.fetcher.get(url)
        return str(caught.value)


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.fetcher.close()


class TestWhatIsNotReached:
    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0", "10.0.0.1", "172.16.0.1",
         "192.168.0.1", "169.254.169.254", "100.64.0.1", "[fe80::1]", "[fc00::1]", "[64:ff9b::7f00:1]"],
    )  # fmt: skip
    async def test_private_addresses_however_written(self, bench: Bench, remote: Remote, host: str) -> None:
        bench.listed = []
        await bench.refusal(f"https://{host}:{remote.port}/")
        assert remote.asked == []

    async def test_a_name_that_resolves_to_a_private_address(
        self, bench: Bench, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def resolve(host: str, port: int, **_: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", remote.port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        assert "fetch_private_hosts" in await bench.refusal("https://rebound.example/jwks")
        assert remote.asked == []

    async def test_a_name_with_one_private_address_among_public_ones(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def resolve(host: str, port: int, **_: Any) -> list[Any]:
            return [(2, 1, 6, "", (address, port)) for address in ("8.8.8.8", "10.0.0.1")]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        assert "private" in await bench.refusal("https://mixed.example/jwks")

    async def test_plain_http_unless_the_host_is_listed(self, bench: Bench, remote: Remote) -> None:
        url = remote.put("/jwks", {})
        assert (await bench.fetcher.get(url)).body == b"{}"
        bench.listed = []
        assert "https" in await bench.refusal(remote.put("/other", {}))

    @pytest.mark.parametrize(
        "url", ["file:///etc/passwd", "ftp://localhost/", "https://", "//localhost/", "https://[", "https://a:b", "",
                "https://user@localhost/", "https://localhost:99999/", "gopher://127.0.0.1/", "https://loc alhost/"],
    )  # fmt: skip
    async def test_other_addresses_than_https(self, bench: Bench, url: str) -> None:
        await bench.refusal(url)

    async def test_redirects_lead_nowhere(self, bench: Bench, remote: Remote) -> None:
        remote.put("/secret", {"keys": []})
        url = remote.put("/jwks", b"", 302, location=f"{remote.url}/secret")
        assert "302" in await bench.refusal(url)
        assert remote.paths() == ["/jwks"]

    async def test_the_way_out_ignores_proxies_of_the_environment(
        self, bench: Bench, remote: Remote, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert await bench.fetcher.get(remote.put("/jwks", {}))


class TestBounds:
    async def test_a_document_that_is_too_long(self, bench: Bench, remote: Remote) -> None:
        assert "more than 1000 bytes" in await bench.refusal(remote.put("/jwks", b"x" * 1001))
        assert len((await bench.fetcher.get(remote.put("/fits", b"x" * 1000))).body) == 1000

    async def test_a_document_that_lies_about_its_length(self, bench: Bench, remote: Remote) -> None:
        await bench.refusal(remote.put("/jwks", b"{}", content_length="10"))

    async def test_a_document_that_never_comes(self, bench: Bench, remote: Remote) -> None:
        bench.fetcher._seconds = 0.3
        remote.seconds = 60
        assert "0.3 s" in await bench.refusal(remote.put("/jwks", {}))

    async def test_a_document_that_drips(self, bench: Bench) -> None:
        """Each piece is quick, the whole is not."""

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
            try:
                for _ in range(500):
                    writer.write(b" ")
                    await writer.drain()
                    await asyncio.sleep(0.02)
            except OSError:
                return
            finally:
                writer.close()

        bench.fetcher._seconds = 0.3
        server = await asyncio.start_server(drip, "127.0.0.1", 0)
        started = asyncio.get_running_loop().time()
        await bench.refusal(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        assert asyncio.get_running_loop().time() - started < 8
        server.close()

    async def test_a_small_answer_that_swells(self, bench: Bench, remote: Remote) -> None:
        bomb = gzip.compress(b" " * 1_000_000)[:900]
        assert "encoding" in await bench.refusal(remote.put("/jwks", bomb, content_encoding="gzip"))

    @pytest.mark.parametrize("status", [201, 204, 400, 404, 500])
    async def test_another_status_than_200(self, bench: Bench, remote: Remote, status: int) -> None:
        assert str(status) in await bench.refusal(remote.put("/jwks", b"", status))

    async def test_a_304_that_was_not_asked_for(self, bench: Bench, remote: Remote) -> None:
        assert "304" in await bench.refusal(remote.put("/jwks", b"", 304))


class TestMemory:
    async def test_a_fresh_document_is_not_asked_for(self, bench: Bench, remote: Remote) -> None:
        url = remote.put("/jwks", {"n": 1}, cache_control="max-age=100")
        first = await bench.fetcher.get(url)
        bench.clock.forward(99)
        assert await bench.fetcher.get(url) is first
        bench.clock.forward(1)
        remote.put("/jwks", {"n": 2})
        assert (await bench.fetcher.get(url)).body == b'{"n": 2}'

    async def test_a_stale_document_is_validated_by_its_etag(self, bench: Bench, remote: Remote) -> None:
        url = remote.put("/jwks", {"n": 1}, cache_control="max-age=100", etag='"v1"')
        await bench.fetcher.get(url)
        bench.clock.forward(100)
        remote.put("/jwks", b"", 304, cache_control="max-age=200")
        assert (await bench.fetcher.get(url)).body == b'{"n": 1}'
        assert remote.asked[1].headers["if-none-match"] == '"v1"'
        bench.clock.forward(199)
        await bench.fetcher.get(url)
        assert len(remote.asked) == 2

    async def test_many_who_ask_at_once_send_one_request(self, bench: Bench, remote: Remote) -> None:
        remote.seconds = 0.1
        url = remote.put("/jwks", {})
        documents = await asyncio.gather(*(bench.fetcher.get(url) for _ in range(50)))
        assert len(remote.asked) == 1
        assert len({id(document) for document in documents}) == 1

    async def test_one_who_gives_up_does_not_end_it_for_the_others(self, bench: Bench, remote: Remote) -> None:
        remote.seconds = 0.1
        url = remote.put("/jwks", {})
        first, second = (asyncio.create_task(bench.fetcher.get(url)) for _ in range(2))
        await asyncio.sleep(0.03)
        first.cancel()
        assert (await second).body == b"{}"

    async def test_a_failure_is_remembered_for_a_while(self, bench: Bench, remote: Remote) -> None:
        url = f"{remote.url}/jwks"
        for _ in range(5):
            await bench.refusal(url)
        assert len(remote.asked) == 1
        remote.put("/jwks", {})
        bench.clock.forward(FAILURE_KEPT)
        assert await bench.fetcher.get(url)

    async def test_what_was_fetched_serves_a_while_when_asking_again_fails(self, bench: Bench, remote: Remote) -> None:
        url = remote.put("/jwks", {"n": 1}, cache_control="max-age=100")
        first = await bench.fetcher.get(url)
        remote.put("/jwks", b"", 500)
        bench.clock.forward(100)
        assert await bench.fetcher.get(url) is first
        bench.clock.forward(600)
        await bench.refusal(url)

    async def test_asking_again_is_rare_and_a_failure_keeps_what_there_is(self, bench: Bench, remote: Remote) -> None:
        url = remote.put("/jwks", {"n": 1}, cache_control="max-age=1000")
        first = await bench.fetcher.get(url)
        assert await bench.fetcher.renewed(url, first) is first
        remote.put("/jwks", {"n": 2})
        bench.clock.forward(BETWEEN_RENEWALS)
        second = await bench.fetcher.renewed(url, first)
        assert second.body == b'{"n": 2}'
        assert await bench.fetcher.renewed(url, first) is second
        remote.put("/jwks", b"", 500)
        bench.clock.forward(BETWEEN_RENEWALS)
        assert await bench.fetcher.renewed(url, second) is second
        assert len(remote.asked) == 3


async def test_a_form_is_posted_and_any_status_is_an_answer(bench: Bench, remote: Remote) -> None:
    url = remote.put("/introspect", {"active": False}, 401)
    answer = await bench.fetcher.post(url, {"token": "a b&c"}, {"authorization": "Basic x"})
    assert (answer.status, answer.body) == (401, b'{"active": false}')
    assert (remote.asked[0].form, remote.asked[0].headers["authorization"]) == ({"token": "a b&c"}, "Basic x")
