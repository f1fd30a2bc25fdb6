"""Browser clients on other origins (the Fetch standard's CORS protocol), never with credentials."""

import pytest

from tests.running import seed
from tests.running.site import Site
from tests.running.site import basic

ORIGIN = {"origin": "https://spa.example"}
OPEN_TO_BROWSERS = [
    ("POST", "/oauth/token"),
    ("POST", "/oauth/introspect"),
    ("POST", "/oauth/revoke"),
    ("POST", "/invoke/pub.oauth/getToken"),
    ("GET", "/.well-known/oauth-authorization-server"),
    ("GET", "/invoke/orders/whoami"),
    ("GET", "/shop/orders/7"),
    ("GET", "/nothing/here"),
]


@pytest.mark.parametrize(("method", "path"), OPEN_TO_BROWSERS)
async def test_a_browser_client_may_read_every_answer_refusals_too(site: Site, method: str, path: str) -> None:
    answer = await site.http.request(method, path, headers=ORIGIN)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(("method", "path"), OPEN_TO_BROWSERS)
async def test_a_preflight_is_answered(site: Site, method: str, path: str) -> None:
    asked = {**ORIGIN, "access-control-request-method": method, "access-control-request-headers": "authorization"}
    answer = await site.http.options(path, headers=asked)
    assert answer.status_code == 204
    assert method in answer.headers["access-control-allow-methods"]
    assert "Authorization" in answer.headers["access-control-allow-headers"]


@pytest.mark.parametrize("path", ["/oauth/authorize", "/account/login", "/console/"])
async def test_pages_are_for_no_other_origin(site: Site, path: str) -> None:
    await site.sign_in()
    for method in ("GET", "OPTIONS"):
        answer = await site.http.request(method, path, headers=ORIGIN)
        assert not [name for name in answer.headers if name.startswith("access-control-")]


async def test_a_setting_narrows_the_origins_from_the_next_request_on(site: Site) -> None:
    await site.change_settings(cors_allowed_origins=("https://spa.example",))
    data, headers = {"grant_type": "client_credentials"}, basic(seed.LEDGER)
    allowed = await site.http.post("/oauth/token", data=data, headers={**headers, **ORIGIN})
    assert allowed.headers["access-control-allow-origin"] == "https://spa.example"
    assert "origin" in allowed.headers["vary"].lower()
    for origin in ("https://evil.example", "https://spa.example.evil.example", "http://spa.example", "null"):
        answer = await site.http.post("/oauth/token", data=data, headers={**headers, "origin": origin})
        assert "access-control-allow-origin" not in answer.headers
        preflight = await site.http.options("/oauth/token", headers={"origin": origin})
        assert "access-control-allow-methods" not in preflight.headers


async def test_an_answer_without_an_origin_carries_no_cors_headers(site: Site) -> None:
    answer = await site.http.get("/.well-known/oauth-authorization-server")
    assert "access-control-allow-origin" not in answer.headers
