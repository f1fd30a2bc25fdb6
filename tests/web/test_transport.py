"""Require HTTPS, forwarding headers, and tricks with Host."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gatewright.services.catalogue import Catalogue
from tests.running import seed
from tests.running.site import Answer
from tests.running.site import Site
from tests.running.site import basic
from tests.running.site import open_site

BODY = b"grant_type=client_credentials"


async def ask(site: Site, *, address: str = "127.0.0.1", scheme: str = "http", **headers: str) -> Answer:
    given = {"content-type": "application/x-www-form-urlencoded", **basic(seed.LEDGER), **headers}
    pairs = [(name.replace("_", "-").encode(), text.encode()) for name, text in given.items()]
    return await site.raw("POST", b"/oauth/token", headers=pairs, body=BODY, address=address, scheme=scheme)


async def test_over_https_every_setting_serves(site: Site) -> None:
    for setting in ("always", "except_loopback", "never"):
        await site.change_settings(require_https=setting)
        assert (await ask(site, scheme="https", address="203.0.113.9", host="as.example")).status == 200


async def test_always_refuses_even_loopback(site: Site) -> None:
    await site.change_settings(require_https="always")
    answer = await ask(site)
    assert answer.status == 400
    assert b"HTTPS is required" in answer.body
    assert b"Require HTTPS" in answer.body


async def test_never_serves_plain_http_from_anywhere(site: Site) -> None:
    await site.change_settings(require_https="never")
    assert (await ask(site, address="203.0.113.9", host="as.example")).status == 200


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5555", "LOCALHOST:1", "127.0.0.1:5555", "[::1]:5555", "[::1]"]
)
@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1", "127.0.0.9"])
async def test_except_loopback_serves_a_loopback_peer_with_a_loopback_host(site: Site, host: str, address: str) -> None:
    assert (await ask(site, host=host, address=address)).status == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:5555",
        "localhost.evil.example",
        "localhost:5555@evil.example",
        "localhost:evil",
        "localhost:80, evil.example",
        "localhost.",
        "127.0.0.1.nip.io",
        "127.0.0.1:80:evil",
        "[::1",
        "::1",
        "[",
        "localhost/evil",
        "0.0.0.0",
    ],
)
async def test_a_loopback_peer_with_another_host_is_refused(site: Site, host: str) -> None:
    """DNS rebinding, or a proxy on this machine that nobody told us of."""
    assert (await ask(site, host=host)).status == 400


@pytest.mark.parametrize(
    "header", ["forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "via"]
)
async def test_a_forwarding_header_shows_that_the_request_is_not_loopback(site: Site, header: str) -> None:
    assert (await ask(site, **{header: "127.0.0.1"})).status == 400


@pytest.mark.parametrize("address", ["203.0.113.9", "::2", "", "1270.0.0.1"])
async def test_another_peer_is_refused_whatever_it_claims(site: Site, address: str) -> None:
    assert (await ask(site, address=address)).status == 400
    assert (await ask(site, address=address, x_forwarded_proto="https")).status == 400
    assert (await ask(site, address=address, x_forwarded_for="127.0.0.1")).status == 400


async def test_the_setting_holds_for_every_oauth_endpoint_and_page(site: Site) -> None:
    await site.change_settings(require_https="always")
    for path in ("/oauth/introspect", "/oauth/revoke", "/invoke/pub.oauth/getToken", "/invoke/pub.oauth:revokeToken"):
        answer = await site.http.post(path, data={"token": "x"}, headers=basic(seed.LEDGER))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    await site.sign_in()
    assert "HTTPS is required" in (await site.ask()).text
    assert "HTTPS is required" in (await site.http.post("/invoke/wm.server.oauth/approve", data={"a": "b"})).text


# Behind a trusted proxy


@pytest_asyncio.fixture
async def proxied(seeded: Path, catalogue: Catalogue, tmp_path: Path) -> AsyncIterator[Site]:
    """A site that trusts the proxies in 10.0.0.0/8."""
    opened = await open_site(seeded, catalogue, tmp_path, trusted_proxies=("10.0.0.0/8",))
    yield opened
    await opened.parts.stop()


async def test_a_trusted_proxys_https_counts(proxied: Site) -> None:
    assert (await ask(proxied, address="10.1.2.3", x_forwarded_proto="https", host="as.example")).status == 200


@pytest.mark.parametrize("proto", ["http", "https, http", "ftp", "", "httpsx"])
async def test_a_trusted_proxys_plain_http_is_plain_http(proxied: Site, proto: str) -> None:
    assert (await ask(proxied, address="10.1.2.3", x_forwarded_proto=proto)).status == 400


async def test_an_untrusted_peers_https_does_not_count(proxied: Site) -> None:
    assert (await ask(proxied, address="203.0.113.9", x_forwarded_proto="https")).status == 400


async def test_a_trusted_proxy_makes_no_request_loopback(proxied: Site) -> None:
    assert (await ask(proxied, address="10.1.2.3", x_forwarded_for="127.0.0.1")).status == 400


@pytest.mark.parametrize("proto", ["https", "http", "gopher", "\u00ff", "["])
async def test_pages_survive_any_forwarded_scheme(proxied: Site, proto: str) -> None:
    headers = [(b"x-forwarded-proto", proto.encode("latin-1")), (b"host", b"as.example")]
    answer = await proxied.raw("GET", b"/account/login", headers=headers, address="10.1.2.3")
    assert answer.status == 200
    assert ("secure" in answer.headers["set-cookie"].lower()) is (proto == "https")


async def failures_from(site: Site, forwarded: list[str]) -> list[int]:
    """Wrong secrets of many clients, each with the next forwarding header: what counts is the address."""
    await site.change_settings(throttle_failures=1)
    statuses = []
    for number, header in enumerate(forwarded):
        pairs = [
            (b"x-forwarded-for", header.encode()),
            (b"x-forwarded-proto", b"https"),
            (b"authorization", basic(f"nobody-{number}", "wrong")["authorization"].encode()),
        ]
        answer = await site.raw("POST", b"/oauth/token", headers=pairs, address="10.1.2.3")
        statuses.append(answer.status)
    return statuses


async def test_the_throttle_counts_the_address_a_trusted_proxy_saw_not_what_the_client_claims(proxied: Site) -> None:
    claims = [f"198.51.100.{number}, 203.0.113.9" for number in range(11)]
    assert await failures_from(proxied, claims) == [401] * 10 + [429]


async def test_a_port_beside_the_address_makes_it_no_other_address(proxied: Site) -> None:
    assert await failures_from(proxied, [f"203.0.113.9:{number}" for number in range(11)]) == [401] * 10 + [429]
    assert await failures_from(proxied, [f"[2001:db8::1]:{number}" for number in range(11)]) == [401] * 10 + [429]


# Host and pages

HOSTS = [
    b"evil.example",
    b"evil.example/x",
    b"evil.example?x",
    b"[",
    b"[::1",
    b"a b",
    b"x:y:z",
    b"\xff",
    b"",
    b"@evil.example",
    b"localhost:99999999",
]


@pytest.mark.parametrize("host", HOSTS, ids=repr)
@pytest.mark.parametrize(
    "path", [b"/account/login", b"/account/password", b"/account/login/", b"/oauth/authorize", b"/"]
)
async def test_no_page_repeats_the_host_it_was_asked_under(site: Site, host: bytes, path: bytes) -> None:
    answer = await site.raw("GET", path, headers=[(b"host", host)], query=b"client_id=ledger")
    assert answer.status in (200, 303, 400, 404)
    assert answer.headers.get("location", "/").startswith("/")
    assert b"evil.example" not in answer.body


async def test_a_query_that_is_not_utf8_gets_a_page_with_a_sentence(site: Site) -> None:
    for path in (b"/oauth/authorize", b"/account/login", b"/account/password"):
        answer = await site.raw("GET", path, query=b"client_id=\xff&next=\xff")
        assert answer.status in (200, 303, 400), path
