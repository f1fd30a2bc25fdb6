"""Documents at a client_id that want more than they may, or want this server to ask where it should not."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpcore
import pytest
import pytest_asyncio

from tests.oauth.test_client_id_document import KEY
from tests.oauth.test_client_id_document import Described
from tests.oauth.test_client_id_document import described
from tests.running import seed
from tests.running.secure_remote import SecureRemote
from tests.running.site import CHALLENGE
from tests.running.site import Site
from tests.running.site import returned

__all__ = ["described"]
PRIVATE = {"keys": [KEY.jwk() | {"d": "AAAA"}]}


@pytest_asyncio.fixture
async def open_site(site: Site) -> AsyncIterator[Site]:
    """Every host's documents count; no private address may be asked."""
    await site.change_settings(client_id_metadata_hosts=("*",), dynamic_registration_scopes=("orders",))
    yield site


async def refused(site: Site, client_id: str) -> None:
    """Both endpoints refuse, neither tells why the way there was closed, and the browser stays here."""
    page = await site.ask(client_id=client_id, redirect_uri="https://evil.example/", code_challenge=CHALLENGE)
    assert page.status_code == 400
    assert "location" not in page.headers
    answer = await site.http.post("/oauth/token", data={"grant_type": "authorization_code", "client_id": client_id})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    for text in (page.text, answer.text):
        assert "private address" not in text
        assert "resolve" not in text


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "2130706433", "127.1", "0", "169.254.169.254", "10.0.0.1", "192.168.0.1", "0x7f.1"],
)
async def test_a_document_on_this_machine_or_its_network(open_site: Site, tmp_path: Path, host: str) -> None:
    remote = SecureRemote(tmp_path)
    await remote.start()
    remote.trust(open_site.parts.server.fetcher)
    await refused(open_site, f"https://{host}:{remote.port}/app")
    assert remote.asked == []
    await remote.stop()


async def test_a_name_that_is_public_when_judged_and_private_when_connected(
    open_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding."""
    answers = iter(["8.8.8.8", "127.0.0.1", "127.0.0.1"])
    connected: list[str] = []

    async def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    async def connect(self: Any, host: str, *_: Any) -> Any:
        connected.append(host)
        raise httpcore.ConnectError("no way out of the tests")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect)
    await refused(open_site, "https://rebound.example/app")
    assert connected == ["8.8.8.8"]


@pytest.mark.parametrize(
    "client_id",
    ["http://app.example/app", "HTTPS://app.example/app", "https://app.example", "https://user@app.example/app",
     "https://user:secret@app.example/app", "https://app.example/app#fragment", "https://app.example/app?id=1",
     "https://app.example/./app", "https://app.example/a/../app", "https://app.example/a/..", "https://app.example/%2e%2e/app",
     "https://app.example/app\r\nx: y", "https://app.example/a b", "https://app.example\\@evil.example/app",
     "https://app.example:0/app", "https://app.example:99999/app", "https://äpp.example/app", "https://[::1]/app",
     "https:///app", "https://app.example/" + "a" * 300, "file:///etc/passwd", "gopher://app.example/app"],
)  # fmt: skip
async def test_an_address_that_is_no_client_identifier_is_not_asked(
    open_site: Site, monkeypatch: pytest.MonkeyPatch, client_id: str
) -> None:
    asked: list[str] = []

    async def get(url: str, most_bytes: int | None = None) -> Any:
        asked.append(url)

    monkeypatch.setattr(open_site.parts.server.fetcher, "get", get)
    page = await open_site.ask(client_id=client_id)
    assert (page.status_code, asked) == (400, [])


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "xlocalhost"])
async def test_a_host_that_is_not_listed(described: Described, host: str) -> None:
    await refused(described.site, f"https://{host}:{described.remote.port}/app")
    assert described.remote.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "https://localhost/app"},
        {"client_id": None},
        {"client_id": ["x"]},
        {"client_secret": "known to all"},
        {"client_secret_expires_at": 0},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": "client_secret_post"},
        {"token_endpoint_auth_method": "client_secret_jwt"},
        {"token_endpoint_auth_method": {"a": 1}},
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": PRIVATE},
        {"token_endpoint_auth_method": "private_key_jwt", "jwks": KEY.jwks(), "jwks_uri": "https://localhost/jwks"},
        {"redirect_uris": None},
        {"redirect_uris": []},
        {"redirect_uris": "https://localhost/callback"},
        {
            "redirect_uris": [
                "javascript:alert(1)",
                "http://evil.example/",
                "https://*.example/",
                "https://a.example/#f",
            ]
        },
        {"redirect_uris": [f"https://localhost/{number}" for number in range(101)]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": ["password", "implicit"]},
        {"grant_types": ["refresh_token"]},
        {"grant_types": [{}]},
        {"client_name": 7},
    ],
)
async def test_a_document_that_breaks_the_rules(described: Described, changes: dict[str, Any]) -> None:
    described.publish(**changes)
    await refused(described.site, described.client_id)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'"x"', b"<html>", b"\xff\xfe", b'{"client_id":', b"[" * 10_000, b'{"a":' * 3_000, b" " * 17_000],
)  # fmt: skip
async def test_a_document_that_is_none(described: Described, body: bytes) -> None:
    described.remote.put("/app", body)
    await refused(described.site, described.client_id)


async def test_a_redirect_leads_to_no_document(described: Described) -> None:
    described.publish("/other", client_id=described.client_id)
    described.remote.put("/app", b"", 302, location=f"{described.remote.url}/other")
    await refused(described.site, described.client_id)
    assert described.remote.paths() == ["/app"]


@pytest.mark.parametrize("status", [201, 203, 404, 500])
async def test_only_200_is_an_answer(described: Described, status: int) -> None:
    document = {"client_id": described.client_id, "redirect_uris": [described.callback]}
    described.remote.put("/app", json.dumps(document).encode(), status)
    await refused(described.site, described.client_id)


async def test_a_broken_document_is_neither_kept_nor_asked_for_without_end(described: Described) -> None:
    described.publish(client_secret="known to all", headers={"cache_control": "max-age=86400"})
    for _ in range(5):
        await refused(described.site, described.client_id)
    assert len(described.remote.asked) == 1
    described.publish()
    described.site.clock.forward(30)
    await described.site.sign_in()
    assert (await described.ask()).status_code == 200


async def test_a_client_describes_itself_into_no_further_scopes_or_grants(described: Described) -> None:
    described.publish(
        scope="orders customers route-only",
        grant_types=["authorization_code", "client_credentials", "password", "implicit",
                     "urn:ietf:params:oauth:grant-type:token-exchange"],
        introspect="all", enabled=True, groups=["Administrators"], access_token_lifetime="never", require_pkce=False,
    )  # fmt: skip
    site = described.site
    await site.sign_in()
    assert returned(await described.ask(scope="customers"))["error"] == "invalid_scope"
    assert returned(await described.ask(response_type="token"))["error"] == "unauthorized_client"
    assert returned(await described.ask(code_challenge=""))["error"] == "invalid_request"
    assert (await described.redeem(await described.code())).json()["scope"] == "orders"
    kept = await described.kept()
    assert kept is not None
    assert (kept.allowed_grants, kept.introspect, kept.require_pkce) == (("authorization_code",), "own", True)
    answer = await site.token(described.client_id, grant_type="client_credentials")
    assert answer.json()["error"] == "unauthorized_client"


async def test_a_document_cannot_take_the_name_or_the_rights_of_a_registered_client(described: Described) -> None:
    described.publish(client_name="Ledger")
    await described.tokens()
    kept = await described.kept()
    assert kept is not None
    assert kept.label == "Ledger (localhost)"
    stolen = await described.site.redeem(await described.code(), seed.LEDGER, redirect_uri=described.callback)
    assert stolen.json()["error"] == "invalid_grant"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "A\r\nSet-Cookie: x=y", "\u202eA", "A" * 10_000])
async def test_a_name_that_would_be_more_than_a_name(described: Described, name: str) -> None:
    described.publish(client_name=name)
    await described.site.sign_in()
    page = await described.ask()
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u202e" not in page.text
    assert len(page.text) < 10_000
    await described.site.submit_consent(page)


async def test_redirect_uris_are_compared_letter_by_letter(described: Described) -> None:
    await described.site.sign_in()
    for trick in ("/", "?x=1", "/../evil", "#f", "%2f"):
        assert (await described.ask(redirect_uri=described.callback + trick)).status_code == 400


async def test_an_address_of_keys_in_the_document_is_held_to_the_same_rules(
    described: Described, tmp_path: Path
) -> None:
    """jwks_uri at a private address that is not listed."""
    (tmp_path / "inner").mkdir()
    inner = SecureRemote(tmp_path / "inner")
    await inner.start()
    url = inner.put("/jwks", KEY.jwks())
    described.publish(token_endpoint_auth_method="private_key_jwt", jwks_uri=url)
    claims = {"iss": described.client_id, "sub": described.client_id, "jti": "x"}
    fields = {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": KEY.sign(claims),
    }
    answer = await described.site.http.post("/oauth/token", data={"grant_type": "authorization_code", **fields})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert inner.asked == []
    await inner.stop()
