"""A client or issuer whose `jwks_uri` wants this server to ask, wait or swallow what it should not."""

import asyncio
import itertools
import socket
from typing import Any

import httpcore
import pytest

from gatewright.oauth.client_assertion import ASSERTION_TYPE
from tests.running import seed
from tests.running.remote import Remote
from tests.running.remote import remote
from tests.running.signing import TestKey
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

__all__ = ["remote"]
KEY = TestKey("ES256")
_count = itertools.count()


async def authenticate(site: Site, url: str) -> int:
    """The status of a token request that makes the server look for the client's keys at `url`."""
    await site.change_client(client_authentication=("private_key_jwt",), jwks_uri=url)
    claims = {"iss": seed.LEDGER, "sub": seed.LEDGER, "aud": ORIGIN, "exp": NOW + 60, "jti": f"ssrf-{next(_count)}"}
    fields = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": KEY.sign(claims)}
    answer = await site.http.post("/oauth/token", data={"grant_type": "client_credentials", **fields})
    if answer.status_code != 200:
        assert answer.json()["error"] == "invalid_client"
        assert url not in answer.text
        assert "private" not in answer.text
    return answer.status_code


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]", "0.0.0.0", "2130706433", "127.1", "169.254.169.254",
     "10.0.0.1", "192.168.1.1", "172.31.255.255", "[fd00::1]", "[fe80::1]", "metadata.localhost"],
)  # fmt: skip
async def test_keys_at_this_machine_or_its_network(site: Site, remote: Remote, scheme: str, host: str) -> None:
    remote.put("/jwks", KEY.jwks())
    assert await authenticate(site, f"{scheme}://{host}:{remote.port}/jwks") == 401
    assert remote.asked == []


async def test_a_name_that_is_public_when_judged_and_private_when_connected(
    site: Site, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: whatever a second look-up would say, there is none."""
    answers = iter(["8.8.8.8", "127.0.0.1", "127.0.0.1"])
    connected: list[str] = []

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async def connect(self: Any, host: str, *_: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError("no way out of the tests")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    assert await authenticate(site, f"https://rebound.example:{remote.port}/jwks") == 401
    assert connected == ["8.8.8.8"]


async def test_a_redirect_to_a_private_address(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=(f"127.0.0.1:{remote.port}",))
    inner = Remote()
    await inner.start()
    url = remote.put("/jwks", b"", 302, location=inner.put("/jwks", KEY.jwks()))
    assert await authenticate(site, url) == 401
    assert (len(remote.asked), inner.asked) == (1, [])
    await inner.stop()


async def test_a_listed_host_opens_its_port_alone(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=(f"127.0.0.1:{remote.port + 1}",))
    assert await authenticate(site, remote.put("/jwks", KEY.jwks())) == 401
    await site.change_settings(fetch_private_hosts=(f"127.0.0.1:{remote.port}",))
    site.clock.forward(30)  # the failure is forgotten
    assert await authenticate(site, remote.put("/jwks", KEY.jwks())) == 200


async def test_a_huge_key_set(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=("127.0.0.1",))
    assert await authenticate(site, remote.put("/jwks", b" " * 300_000)) == 401


async def test_a_key_set_of_very_many_keys_is_read_in_part(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=("127.0.0.1",))
    many = [TestKey("ES256", "other").jwk() for _ in range(1000)]
    assert await authenticate(site, remote.put("/jwks", {"keys": [*many, KEY.jwk()]})) == 401


async def test_a_slow_key_set_holds_nobody_for_long_and_once(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=("127.0.0.1",))
    site.parts.server.fetcher._seconds = 0.2
    remote.seconds = 60
    url = remote.put("/jwks", KEY.jwks())
    started = asyncio.get_running_loop().time()
    for _ in range(3):
        assert await authenticate(site, url) == 401
    assert asyncio.get_running_loop().time() - started < 30
    assert len(remote.asked) <= 1


async def test_the_others_are_served_while_one_clients_keys_are_slow(site: Site, remote: Remote) -> None:
    await site.change_settings(fetch_private_hosts=("127.0.0.1",))
    remote.seconds = 0.5
    slow = asyncio.create_task(authenticate(site, remote.put("/jwks", KEY.jwks())))
    await asyncio.sleep(0.05)
    assert (await site.token(seed.RIVAL, grant_type="client_credentials")).status_code == 200
    assert not slow.done()
    assert await slow == 200
