"""Authenticator apps and recovery codes: setting up, signing in, and what somebody with the password alone tries."""

import re

import httpx
import pyotp
import pytest

from gatewright.store import changes
from gatewright.store import factors
from gatewright.store import users
from gatewright.web.account_factors import _picture
from gatewright.web.sessions import LOGIN_COOKIE
from gatewright.web.sessions import PENDING_COOKIE
from gatewright.web.sessions import SESSION_COOKIE
from tests.running import seed
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import value

APP = "/account/factors/app"
SECOND = "/account/second-factor"


def codes_of(page: httpx.Response) -> list[str]:
    """The recovery codes that a page tells."""
    found = re.search(r'id="codes">(.*?)</code>', page.text, re.DOTALL)
    assert found, page.text
    return found[1].split()


def key_of(page: httpx.Response) -> str:
    """The key that a page shows for typing."""
    found = re.search(r'id="key">([A-Z2-7 ]+)<', page.text)
    assert found, page.text
    return found[1].replace(" ", "")


class App:
    """Somebody's authenticator app, and the recovery codes that came with it."""

    def __init__(self, site: Site, key: str) -> None:
        self.site, self.key = site, key
        self.recovery: list[str] = []

    def code(self, steps: int = 0) -> str:
        """What it shows now, or some steps away."""
        return pyotp.TOTP(self.key).at(self.site.clock() + 30 * steps)


async def begin(site: Site, password: str = seed.PASSWORD) -> httpx.Response:
    page = await site.http.get(APP)
    return await site.http.post(APP, data={"csrf": value(page.text, "csrf"), "password": password})


async def set_up(site: Site) -> App:
    """Set up an app for whoever is signed in."""
    page = await begin(site)
    app = App(site, key_of(page))
    fields = {"csrf": value(page.text, "csrf"), "enrolment": value(page.text, "enrolment"), "code": app.code()}
    done = await site.http.post(APP, data=fields)
    assert done.status_code in (200, 303), done.text
    app.recovery = codes_of(done) if done.status_code == 200 else []
    site.clock.forward(60)
    return app


async def password(http: httpx.AsyncClient, target: str = "/account/sessions") -> httpx.Response:
    """Name and password at the login page."""
    page = await http.get("/account/login", params={"next": target})
    fields = {"csrf": value(page.text, "csrf"), "next": target, "username": "ada", "password": seed.PASSWORD}
    return await http.post("/account/login", data=fields)


async def second(http: httpx.AsyncClient, code: str, **changes: str) -> httpx.Response:
    """A code at the second page."""
    page = await http.get(SECOND, params={"next": "/account/sessions"})
    fields = {"csrf": value(page.text, "csrf"), "next": value(page.text, "next"), "code": code}
    return await http.post(SECOND, data={**fields, **changes})


@pytest.fixture
async def app(site: Site) -> App:
    """Ada's app, set up; nobody is signed in."""
    await site.sign_in()
    made = await set_up(site)
    site.http = site.client()
    return made


async def test_setting_up_shows_the_key_as_picture_and_text_and_tells_recovery_codes_once(site: Site) -> None:
    await site.sign_in()
    page = await begin(site)
    assert 'class="qr"' in page.text
    made = await set_up(site)
    assert len(set(made.recovery)) == 10
    after = await site.http.get("/account/factors")
    assert "10 of 10 left" in after.text
    assert not any(code in after.text for code in made.recovery)


async def test_password_then_code_signs_in(site: Site, app: App) -> None:
    asked = await password(site.http)
    assert asked.headers["location"].startswith(SECOND)
    assert SESSION_COOKIE not in site.http.cookies
    answer = await second(site.http, app.code())
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sessions")
    assert "with password and code" in (await site.http.get("/account/sessions")).text
    assert PENDING_COOKIE not in site.http.cookies


async def test_the_way_leads_back_to_the_client(site: Site, app: App) -> None:
    asked = await site.ask()
    page = await site.http.get(asked.headers["location"])
    fields = {name: value(page.text, name) for name in ("csrf", "next")}
    half = await site.http.post("/account/login", data={**fields, "username": "ada", "password": seed.PASSWORD})
    form = await site.http.get(half.headers["location"])
    fields = {name: value(form.text, name) for name in ("csrf", "next")}
    whole = await site.http.post(SECOND, data={**fields, "code": app.code()})
    assert "decision" in (await site.http.get(whole.headers["location"])).text


async def test_the_password_alone_opens_nothing(site: Site, app: App) -> None:
    await password(site.http)
    for path in ("/account/sessions", authorize_address(), APP, "/account/password"):
        assert (await site.http.get(path)).headers["location"].startswith("/account/login")
    waiting = site.http.cookies[PENDING_COOKIE]
    site.http.cookies.set(SESSION_COOKIE, waiting, domain="localhost.local")
    assert (await site.http.get("/account/sessions")).status_code == 303


@pytest.mark.parametrize("steps", [-1, 0, 1])
async def test_a_clock_may_differ_by_one_step(site: Site, app: App, steps: int) -> None:
    await password(site.http)
    assert (await second(site.http, app.code(steps))).status_code == 303


@pytest.mark.parametrize("code", ["", "000000", "abcdef", "12345", "\u0661\u0662\u0663\u0661\u0662\u0663", "x" * 4000])
async def test_what_is_no_code_is_refused(site: Site, app: App, code: str) -> None:
    await password(site.http)
    answer = await second(site.http, code)
    assert answer.status_code == 401
    assert SESSION_COOKIE not in site.http.cookies


async def test_a_code_works_once(site: Site, app: App) -> None:
    """Replay of a code that somebody looked at."""
    used = app.code()
    await password(site.http)
    assert (await second(site.http, used)).status_code == 303
    thief = site.client()
    await password(thief)
    assert (await second(thief, used)).status_code == 401
    assert (await second(thief, app.code(-1))).status_code == 401
    assert (await second(thief, app.code(1))).status_code == 303


async def test_the_code_that_set_the_app_up_signs_nobody_in(site: Site) -> None:
    await site.sign_in()
    page = await begin(site)
    made = App(site, key_of(page))
    used = made.code()
    await site.http.post(
        APP, data={"csrf": value(page.text, "csrf"), "enrolment": value(page.text, "enrolment"), "code": used}
    )
    thief = site.client()
    await password(thief)
    assert (await second(thief, used)).status_code == 401


async def test_a_recovery_code_works_once_however_it_is_typed(site: Site, app: App) -> None:
    await password(site.http)
    typed = app.recovery[3].upper().replace("-", " ")
    assert (await second(site.http, typed)).status_code == 303
    assert "9 of 10 left" in (await site.http.get("/account/factors")).text
    thief = site.client()
    await password(thief)
    assert (await second(thief, app.recovery[3])).status_code == 401
    assert (await second(thief, app.recovery[4])).status_code == 303


async def test_new_recovery_codes_void_the_former_ones(site: Site, app: App) -> None:
    await site.sign_in()
    page = await site.http.get("/account/factors/recovery")
    assert "10 that are left" in page.text
    new = codes_of(await site.http.post("/account/factors/recovery", data={"csrf": value(page.text, "csrf")}))
    assert not set(new) & set(app.recovery)
    other = site.client()
    await password(other)
    assert (await second(other, app.recovery[0])).status_code == 401
    assert (await second(other, new[0])).status_code == 303


async def test_somebody_elses_recovery_code_is_none(site: Site, app: App) -> None:
    await site.sign_in("bob")
    bobs = (await set_up(site)).recovery[0]
    site.http = site.client()
    await password(site.http)
    assert (await second(site.http, bobs)).status_code == 401


async def test_guessing_codes_is_slowed_down_and_says_when_to_try_again(site: Site, app: App) -> None:
    await site.change_settings(throttle_failures=3, throttle_window=90)
    await password(site.http)
    for _ in range(3):
        assert (await second(site.http, "000000")).status_code == 401
    answer = await second(site.http, app.code())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "90")


async def test_guessing_codes_from_many_addresses_is_slowed_down_too(site: Site, app: App) -> None:
    await site.change_settings(throttle_failures=1)
    for n in range(3):
        http = site.client(address=f"192.0.2.{n}")
        await password(http)
        assert (await second(http, "000000")).status_code == 401
    http = site.client(address="192.0.2.99")
    await password(http)
    assert (await second(http, app.code())).status_code == 429


async def test_a_sign_in_waits_ten_minutes(site: Site, app: App) -> None:
    await password(site.http)
    page = await site.http.get(SECOND)
    site.clock.forward(600)
    answer = await site.http.post(SECOND, data={"csrf": value(page.text, "csrf"), "next": "/", "code": app.code()})
    assert answer.status_code == 403
    assert "Please begin again" in answer.text


async def test_the_second_page_without_a_password_before_is_the_login_page(site: Site, app: App) -> None:
    page = await site.http.get(SECOND)
    assert 'name="password"' in page.text
    answer = await site.http.post(SECOND, data={"csrf": value(page.text, "csrf"), "code": app.code()})
    assert answer.status_code == 403
    assert SESSION_COOKIE not in site.http.cookies


@pytest.mark.parametrize("csrf", ["", "guessed"])
async def test_a_second_factor_from_elsewhere_is_refused(site: Site, app: App, csrf: str) -> None:
    """Login CSRF."""
    await password(site.http)
    assert (await second(site.http, app.code(), csrf=csrf)).status_code == 403
    assert SESSION_COOKIE not in site.http.cookies


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
async def test_the_second_page_never_leads_off_this_server(site: Site, app: App, target: str) -> None:
    """Open redirect."""
    await password(site.http)
    assert (await second(site.http, app.code(), next=target)).headers["location"] == "/account"


async def test_a_new_session_begins_with_the_second_factor(site: Site, app: App) -> None:
    """Session fixation."""
    site.http.cookies.set(SESSION_COOKIE, "gw_se_planted", domain="localhost.local")
    await password(site.http)
    await second(site.http, app.code())
    assert site.http.cookies.get(SESSION_COOKIE) != "gw_se_planted"


async def test_a_reset_password_ends_a_sign_in_that_waits(site: Site, app: App) -> None:
    await password(site.http)
    await site.parts.database.write(users.end_sessions, "id-of-ada")
    assert 'name="password"' in (await site.http.get(SECOND)).text


async def test_a_user_disabled_meanwhile_does_not_get_in(site: Site, app: App) -> None:
    await password(site.http)
    page = await site.http.get(SECOND)
    await site.change_user(enabled=False)
    answer = await site.http.post(SECOND, data={"csrf": value(page.text, "csrf"), "next": "/", "code": app.code()})
    assert answer.status_code == 403


async def test_setting_up_asks_for_the_password_again(site: Site) -> None:
    await site.sign_in()
    answer = await begin(site, "wrong")
    assert answer.status_code == 422
    assert "This is not your password." in answer.text
    assert 'class="qr"' not in answer.text


async def test_an_app_with_a_wrong_first_code_does_not_count(site: Site) -> None:
    await site.sign_in()
    page = await begin(site)
    fields = {"csrf": value(page.text, "csrf"), "enrolment": value(page.text, "enrolment"), "code": "000000"}
    again = await site.http.post(APP, data=fields)
    assert again.status_code == 422
    assert key_of(again) == key_of(page)
    assert (await password(site.client())).headers["location"] == "/account/sessions"


async def test_an_enrolment_is_for_its_user_and_for_ten_minutes(site: Site) -> None:
    await site.sign_in("bob")
    bobs = await begin(site)
    stolen, code = value(bobs.text, "enrolment"), App(site, key_of(bobs)).code()
    await site.sign_in("ada")
    page = await site.http.get(APP)
    for enrolment in (stolen, "", "AAAA", "x" * 999, "ü"):
        fields = {"csrf": value(page.text, "csrf"), "enrolment": enrolment, "code": code}
        assert (await site.http.post(APP, data=fields)).status_code == 422
    mine = await begin(site)
    site.clock.forward(600)
    fields = {"csrf": value(mine.text, "csrf"), "enrolment": value(mine.text, "enrolment")}
    answer = await site.http.post(APP, data={**fields, "code": App(site, key_of(mine)).code()})
    assert "This took too long" in answer.text


async def test_another_app_takes_the_place_of_the_first_and_leaves_the_recovery_codes(site: Site, app: App) -> None:
    await site.sign_in()
    other = await set_up(site)
    assert other.recovery == []
    http = site.client()
    await password(http)
    assert (await second(http, app.code())).status_code == 401
    assert (await second(http, other.code())).status_code == 303


async def test_removing_the_app_makes_the_password_enough_and_forgets_the_recovery_codes(site: Site, app: App) -> None:
    await site.sign_in()
    page = await site.http.get(f"{APP}/remove")
    assert "Your password alone will be enough" in page.text
    assert (await site.http.post(f"{APP}/remove", data={"csrf": value(page.text, "csrf")})).status_code == 303
    assert (await password(site.client())).headers["location"] == "/account/sessions"
    assert await site.parts.database.read(factors.count_recovery_codes, "id-of-ada") == 0


@pytest.mark.parametrize("path", [f"{APP}/remove", "/account/factors/recovery"])
async def test_an_old_session_cannot_change_factors_without_proof(site: Site, app: App, path: str) -> None:
    """Somebody who finds a browser open."""
    await site.sign_in()
    site.clock.forward(601)
    page = await site.http.get(path)
    asked = await site.http.post(path, data={"csrf": value(page.text, "csrf")})
    assert asked.status_code == 403
    assert "Is it you, ada?" in asked.text
    assert await site.parts.database.read(factors.count_recovery_codes, "id-of-ada") == 10
    assert await site.parts.database.read(factors.find_totp, "id-of-ada") is not None
    done = await site.http.post(path, data={"csrf": value(page.text, "csrf"), "proof_password": seed.PASSWORD})
    assert done.status_code in (200, 303)


@pytest.mark.parametrize("path", [APP, f"{APP}/remove", "/account/factors/recovery"])
async def test_a_change_of_factors_from_elsewhere_is_refused(site: Site, app: App, path: str) -> None:
    await site.sign_in()
    assert (await site.http.post(path, data={"csrf": "guessed", "password": seed.PASSWORD})).status_code == 403


async def test_recovery_codes_come_with_a_factor_alone(site: Site) -> None:
    await site.sign_in()
    answer = await site.http.get("/account/factors/recovery")
    assert answer.status_code == 404
    assert "Recovery codes come with" in answer.text


async def test_the_password_grant_is_refused_to_a_user_with_a_second_factor(site: Site, app: App) -> None:
    answer = await site.token(grant_type="password", username="ada", password=seed.PASSWORD)
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert "second factor" in answer.json()["error_description"]
    wrong = await site.token(grant_type="password", username="ada", password="wrong")
    assert "second factor" not in wrong.json()["error_description"]


async def test_neither_seed_nor_recovery_codes_are_kept_in_clear(site: Site, app: App) -> None:
    kept = (site.parts.workspace / "data" / "gatewright.db").read_bytes()
    wal = site.parts.workspace / "data" / "gatewright.db-wal"
    kept += wal.read_bytes() if wal.exists() else b""
    for secret in (app.key, *app.recovery, *(code.replace("-", "") for code in app.recovery)):
        assert secret.encode() not in kept


async def test_what_people_do_with_their_factors_is_in_the_audit_log(site: Site, app: App) -> None:
    await password(site.http)
    await second(site.http, app.recovery[0])
    rows = await site.parts.database.read(changes.audit_page)
    assert [row.action for row in rows][:3] == ["user.sign_in", "recovery_code.use", "factor.add"]
    assert not any(app.key in f"{row.before}{row.after}" for row in rows)


async def test_pages_of_factors_cannot_be_framed(site: Site, app: App) -> None:
    """Clickjacking."""
    await password(site.http)
    for path in (SECOND, APP, "/account/factors"):
        policy = (await site.http.get(path)).headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
    assert LOGIN_COOKIE in site.http.cookies


def test_the_picture_needs_no_inline_style() -> None:
    assert "style" not in _picture("otpauth://totp/x?secret=ABC")
