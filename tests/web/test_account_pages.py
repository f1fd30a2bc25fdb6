"""Signing in and out, and the browser's session."""

import httpx
import pytest

from gatewright.web.sessions import LOGIN_COOKIE
from gatewright.web.sessions import SESSION_COOKIE
from tests.running import seed
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import returned
from tests.running.site import set_session
from tests.running.site import value


async def sign_in(site: Site, target: str = "/oauth/authorize?x=y", **changes: str) -> httpx.Response:
    """Through the form, as a browser does."""
    page = await site.http.get("/account/login", params={"next": target})
    fields = {
        "csrf": value(page.text, "csrf"),
        "next": value(page.text, "next"),
        "username": "ada",
        "password": seed.PASSWORD,
    }
    return await site.http.post("/account/login", data={**fields, **changes})


def cookie_line(response: httpx.Response, name: str) -> str:
    return next(line for line in response.headers.get_list("set-cookie") if line.startswith(f"{name}="))


async def test_the_right_password_starts_a_session_and_leads_back(site: Site) -> None:
    answer = await sign_in(site)
    assert (answer.status_code, answer.headers["location"]) == (303, "/oauth/authorize?x=y")
    assert site.http.cookies[SESSION_COOKIE].startswith("gw_se_")


async def test_signing_in_consenting_and_coming_back_to_the_client(site: Site) -> None:
    """The whole way as a browser walks it."""
    asked = await site.http.get(authorize_address(state="s"))
    page = await site.http.get(asked.headers["location"])
    fields = {name: value(page.text, name) for name in ("csrf", "next")}
    signed_in = await site.http.post("/account/login", data={**fields, "username": "ada", "password": seed.PASSWORD})
    consent = await site.http.get(signed_in.headers["location"])
    assert returned(await site.submit_consent(consent))["state"] == "s"


@pytest.mark.parametrize(
    "changes", [{"password": "wrong"}, {"username": "nobody"}, {"username": "gone"}, {"password": ""}, {"username": ""}]
)
async def test_every_wrong_pair_gets_the_same_page(site: Site, changes: dict[str, str]) -> None:
    answer = await sign_in(site, **changes)
    assert answer.status_code == 401
    assert "The user name or the password is wrong." in answer.text
    assert SESSION_COOKIE not in site.http.cookies


async def test_the_session_cookie_is_out_of_scripts_and_other_sites_reach(site: Site) -> None:
    line = cookie_line(await sign_in(site), SESSION_COOKIE).lower()
    assert "httponly" in line
    assert "samesite=lax" in line
    assert "path=/" in line
    assert "domain" not in line
    assert "secure" not in line


async def test_cookies_are_secure_over_https(site: Site) -> None:
    site.http = site.client(origin="https://localhost:5555")
    page = await site.http.get("/account/login")
    assert "secure" in cookie_line(page, LOGIN_COOKIE).lower()
    assert "secure" in cookie_line(await sign_in(site), SESSION_COOKIE).lower()


async def test_signing_in_always_makes_a_new_session(site: Site) -> None:
    """Session fixation: a cookie that somebody planted never becomes a signed-in one."""
    planted = "gw_se_planted"
    set_session(site.http, planted)
    answer = await sign_in(site)
    fresh = cookie_line(answer, SESSION_COOKIE).partition("=")[2].partition(";")[0]
    assert fresh != planted
    victim = site.client()
    set_session(victim, planted)
    assert (await victim.get(authorize_address())).status_code == 303


async def test_an_attackers_own_session_does_not_become_the_victims(site: Site) -> None:
    """Session fixation with a live session."""
    await site.sign_in("bob")
    bobs = site.http.cookies[SESSION_COOKIE]
    await sign_in(site)
    attacker = site.client()
    set_session(attacker, bobs)
    page = await attacker.get(authorize_address())
    assert "bob" in page.text
    assert "ada" not in page.text


@pytest.mark.parametrize("csrf", ["", "guessed", "x" * 5000])
async def test_a_login_form_from_elsewhere_is_refused(site: Site, csrf: str) -> None:
    """Login CSRF: somebody signs the victim in to the attacker's account."""
    answer = await sign_in(site, csrf=csrf)
    assert answer.status_code == 403
    assert SESSION_COOKIE not in site.http.cookies


async def test_a_login_form_without_the_cookie_of_its_page_is_refused(site: Site) -> None:
    page = await site.http.get("/account/login")
    fields = {"csrf": value(page.text, "csrf"), "username": "ada", "password": seed.PASSWORD}
    assert (await site.client().post("/account/login", data=fields)).status_code == 403


async def test_an_empty_csrf_cookie_does_not_match_an_empty_field(site: Site) -> None:
    fields = {"csrf": "", "username": "ada", "password": seed.PASSWORD}
    answer = await site.client().post("/account/login", data=fields, headers={"cookie": f"{LOGIN_COOKIE}="})
    assert answer.status_code == 403


async def test_a_disabled_user_is_signed_out_at_once(site: Site) -> None:
    await sign_in(site)
    assert (await site.http.get(authorize_address())).status_code == 200
    await site.change_user(enabled=False)
    assert (await site.http.get(authorize_address())).headers["location"].startswith("/account/login")


async def test_a_session_ends_after_its_lifetime(site: Site) -> None:
    await site.change_settings(session_lifetime=60)
    await sign_in(site)
    site.clock.forward(59)
    assert (await site.http.get(authorize_address())).status_code == 200
    site.clock.forward(1)
    assert (await site.http.get(authorize_address())).status_code == 303


async def test_guessing_is_slowed_down_and_says_when_to_try_again(site: Site) -> None:
    await site.change_settings(throttle_failures=3, throttle_window=90)
    for _ in range(3):
        assert (await sign_in(site, password="wrong")).status_code == 401
    answer = await sign_in(site)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "90")
    assert "90 seconds" in answer.text
    site.clock.forward(90)
    assert (await sign_in(site)).status_code == 303


async def test_successes_are_never_slowed_down(site: Site) -> None:
    await site.change_settings(throttle_failures=1)
    assert [(await sign_in(site)).status_code for _ in range(5)] == [303] * 5


async def test_the_page_and_the_password_grant_count_failures_together(site: Site) -> None:
    await site.change_settings(throttle_failures=2)
    await sign_in(site, password="wrong")
    await site.token(grant_type="password", username="ada", password="wrong")
    assert (await sign_in(site)).status_code == 429


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example/",
        "/\\evil.example/",
        "\\\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example/",
        "/\n/evil.example/",
        "\t//evil.example",
        " //evil.example/",
        "/\r\nLocation: https://evil.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "evil.example",
        "@evil.example",
        "http:evil.example",
        "https:/evil.example",
        "",
    ],
)
async def test_next_never_leads_off_this_server(site: Site, target: str) -> None:
    """Open redirect."""
    for answer in (await sign_in(site, target), await sign_in(site, next=target)):
        assert answer.status_code == 303
        assert answer.headers["location"] == "/account"


async def test_what_was_typed_is_escaped_in_the_page(site: Site) -> None:
    answer = await sign_in(site, username='"><script>alert(1)</script>', password="wrong")
    assert "<script>alert" not in answer.text
    page = await site.http.get("/account/login", params={"next": '/"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text


async def test_signing_out_ends_the_session_everywhere(site: Site) -> None:
    await site.sign_in()
    cookie = site.http.cookies[SESSION_COOKIE]
    page = await site.http.get("/account/password")
    answer = await site.http.post("/account/logout", data={"csrf": value(page.text, "csrf")})
    assert answer.headers["location"] == "/account/login"
    assert SESSION_COOKIE not in site.http.cookies
    elsewhere = site.client()
    set_session(elsewhere, cookie)
    assert (await elsewhere.get(authorize_address())).status_code == 303


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_signing_out_never_leads_off_this_server(site: Site, target: str) -> None:
    """Open redirect."""
    await site.sign_in()
    page = await site.http.get("/account/password")
    answer = await site.http.post("/account/logout", data={"csrf": value(page.text, "csrf"), "next": target})
    assert answer.headers["location"] == "/account/login"


async def test_signing_out_from_elsewhere_is_refused(site: Site) -> None:
    await site.sign_in()
    answer = await site.http.post("/account/logout", data={"csrf": "guessed"})
    assert answer.status_code == 403
    assert (await site.http.get(authorize_address())).status_code == 200


async def change_password(site: Site, **changes: str) -> httpx.Response:
    page = await site.http.get("/account/password?next=/oauth/authorize")
    fields = {
        "csrf": value(page.text, "csrf"),
        "next": value(page.text, "next"),
        "current_password": seed.PASSWORD,
        "new_password": "another good password",
    }
    return await site.http.post("/account/password", data={**fields, **changes})


async def test_a_new_password_replaces_the_old_one(site: Site) -> None:
    await site.sign_in("newcomer")
    answer = await change_password(site)
    assert (answer.status_code, answer.headers["location"]) == (303, "/oauth/authorize")
    assert (await sign_in(site, username="newcomer")).status_code == 401
    assert (await sign_in(site, username="newcomer", password="another good password")).status_code == 303


@pytest.mark.parametrize(
    "changes", [{"current_password": "wrong"}, {"new_password": "short"}, {"new_password": seed.PASSWORD}]
)
async def test_a_refused_new_password_changes_nothing_and_says_why(site: Site, changes: dict[str, str]) -> None:
    await site.sign_in()
    answer = await change_password(site, **changes)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert (await sign_in(site)).status_code == 303


async def test_a_new_password_from_elsewhere_is_refused(site: Site) -> None:
    await site.sign_in()
    assert (await change_password(site, csrf="guessed")).status_code == 403
    assert (await sign_in(site)).status_code == 303


async def test_guessing_the_current_password_is_slowed_down(site: Site) -> None:
    await site.change_settings(throttle_failures=2, throttle_window=70)
    await site.sign_in()
    for _ in range(2):
        await change_password(site, current_password="wrong")
    answer = await change_password(site)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "70")


async def test_changing_the_password_needs_a_session(site: Site) -> None:
    assert (await site.http.get("/account/password")).headers["location"].startswith("/account/login?next=")


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"x=" + b"y" * 70000, "application/x-www-form-urlencoded", 413),
        (b"username=%ff", "application/x-www-form-urlencoded", 400),
        (b"username=a%00b", "application/x-www-form-urlencoded", 400),
        (b"x", "multipart/form-data", 400),
        (b"x", "text/plain", 400),
        (b'{"username": "\\ud800"}', "application/json", 400),
    ],
)
async def test_a_form_that_cannot_be_read_gets_a_page_with_a_sentence(
    site: Site, content: bytes, content_type: str, status: int
) -> None:
    answer = await site.http.post("/account/login", content=content, headers={"content-type": content_type})
    assert answer.status_code == status
    assert "This request cannot continue" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/account/login", 405),
        ("GET", "/account/logout", 405),
        ("GET", "/account/nothing", 404),
        ("DELETE", "/oauth/authorize", 405),
    ],
)
async def test_a_page_that_is_not_there_says_so_in_a_sentence(site: Site, method: str, path: str, status: int) -> None:
    answer = await site.http.request(method, path)
    assert answer.status_code == status
    assert "This request cannot continue" in answer.text


async def test_another_password_ends_other_sessions_and_says_so(site: Site) -> None:
    await site.sign_in()
    elsewhere = site.client()
    await site.sign_in("ada", elsewhere)
    page = await site.http.get("/account/password")
    fields = {"csrf": value(page.text, "csrf"), "current_password": seed.PASSWORD, "new_password": "another good one"}
    answer = await site.http.post("/account/password", data=fields)
    assert answer.headers["location"] == "/account/password"
    assert "sessions in other browsers have ended" in (await site.http.get("/account/password")).text
    assert (await elsewhere.get("/account/password")).status_code == 303


async def test_a_one_time_password_is_replaced_before_the_console_opens(site: Site) -> None:
    await site.sign_in("newcomer")
    asked = await site.http.get("/console/users")
    assert asked.headers["location"] == "/account/password?next=%2Fconsole%2Fusers"
    assert "works once" in (await site.http.get(asked.headers["location"])).text
