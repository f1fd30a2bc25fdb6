"""Open redirects and redirect URI tricks, over HTTP (RFC 9700 §4.1, §4.11)."""

from urllib.parse import quote

import pytest

from tests.running import seed
from tests.running.site import Site

TRICKS = [
    "https://evil.example/",
    "https://ledger.example.evil.example/callback",
    "https://ledger.example@evil.example/callback",
    "https://ledger.example:@evil.example/callback",
    "https://evil.example\\@ledger.example/callback",
    "https://evil.example#@ledger.example/callback",
    "https://evil.example/?https://ledger.example/callback",
    "https://ledger.example/callback/../../evil",
    "https://ledger.example/callback/%2e%2e/evil",
    "https://ledger.example/callback%2f..%2fevil",
    "https://ledger.example/callback?next=https://evil.example",
    "https://ledger.example/callback#fragment",
    "https://ledger.example/callback%23",
    "https://ledger.example/callback%00",
    "https://ledger.example/callback\r\nLocation: https://evil.example",
    "https://ledger.example/callback ",
    "https://ledger.example:443/callback",
    "https://LEDGER.example/callback",
    "http://ledger.example/callback",
    "//ledger.example/callback",
    "/callback",
    "callback",
    "javascript:alert(document.domain)",
    "data:text/html,<script>alert(1)</script>",
    "https://lеdger.example/callback",
    "https://[::1]/callback",
    "https://[::ffff:127.0.0.1]/callback",
    "https://*.example/callback",
]


@pytest.mark.parametrize("response_type", ["code", "token", "nonsense", ""])
@pytest.mark.parametrize("redirect_uri", TRICKS)
async def test_no_answer_goes_to_an_unregistered_redirect_uri(
    site: Site, redirect_uri: str, response_type: str
) -> None:
    """Neither a code, nor a refusal, nor a consent page, signed in or not."""
    for _ in range(2):
        answer = await site.ask(redirect_uri=redirect_uri, response_type=response_type, scope="unheard-of")
        assert answer.status_code == 400
        assert "location" not in answer.headers
        assert "refresh" not in answer.headers
        assert "<script>alert" not in answer.text
        await site.sign_in()


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://127.0.0.1:8080/evil",
        "http://127.0.0.1:8080/callback/",
        "http://127.0.0.1:8080/callback?x=1",
        "http://127.0.0.1:8080@evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://localhost:8080/callback",
        "https://127.0.0.1:8080/callback",
        "http://127.0.0.1:8080/../callback",
        "http://[::1]:8080/evil",
        "http://[::2]:8080/callback",
        "com.example.shop:/callback/evil",
        "com.example.shop://callback",
    ],
)
async def test_a_loopback_redirect_uri_is_free_in_its_port_only(site: Site, redirect_uri: str) -> None:
    answer = await site.ask(client_id=seed.SPA, redirect_uri=redirect_uri)
    assert answer.status_code == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize("redirect_uri", ["http://127.0.0.1:51004/callback", "http://[::1]:1/callback"])
async def test_a_loopback_answer_goes_to_the_port_that_was_asked(site: Site, redirect_uri: str) -> None:
    await site.change_client(seed.SPA, require_pkce=False)
    await site.sign_in()
    answer = await site.decide(client_id=seed.SPA, redirect_uri=redirect_uri)
    assert answer.headers["location"].startswith(f"{redirect_uri}?code=")


async def test_login_leads_back_to_the_server_even_for_a_hostile_request(site: Site) -> None:
    """The authorization request is checked before anyone is asked to sign in."""
    answer = await site.ask(redirect_uri="https://evil.example/")
    assert answer.status_code == 400


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example", "\t//evil.example"])
async def test_the_password_page_leads_nowhere_else(site: Site, target: str) -> None:
    await site.sign_in()
    page = await site.http.get(f"/account/password?next={quote(target, safe='')}")
    assert "evil.example" not in page.text


async def test_a_state_with_line_breaks_splits_no_response(site: Site) -> None:
    await site.sign_in()
    answer = await site.decide(state="x\r\nSet-Cookie: session=evil\r\n\r\n<html>")
    assert "\r" not in answer.headers["location"]
    assert "session=evil" not in answer.headers.get("set-cookie", "")


async def test_the_redirect_after_approval_is_a_get(site: Site) -> None:
    """RFC 9700 §4.12: 307 would send the user's form on to the client."""
    await site.sign_in()
    assert (await site.decide()).status_code == 303
