"""One's own account: applications' access, remembered consents, sessions."""

import re
from html import unescape

import httpx
import pytest

from gatewright.web.sessions import SESSION_COOKIE
from tests.running import seed
from tests.running.site import Site
from tests.running.site import returned
from tests.running.site import set_session
from tests.running.site import value

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PAGES = ["/account/access", "/account/consents", "/account/sessions"]


def rows(page: httpx.Response) -> list[str]:
    """The text of each row of the page's table."""
    assert page.status_code == 200, page.text
    body = page.text.partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        " ".join(unescape(re.sub(r"<[^>]+>", " ", row)).split())
        for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    ]


async def press(site: Site, path: str, **fields: str) -> httpx.Response:
    """Press a button of a page of the account."""
    page = await site.http.get(path)
    return await site.http.post(path, data={"csrf": value(page.text, "csrf"), **fields})


async def open_browser(site: Site, name: str = "ada") -> httpx.AsyncClient:
    """Another browser of the same person, signed in."""
    http = site.client()
    await site.sign_in(name, http)
    return http


@pytest.mark.parametrize("path", ["/account", *PAGES])
async def test_account_needs_a_session(site: Site, path: str) -> None:
    answer = await site.http.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/login?next=%2Faccount")


@pytest.mark.parametrize("path", PAGES)
async def test_a_one_time_password_must_be_replaced_before_anything_else(site: Site, path: str) -> None:
    await site.sign_in("newcomer")
    answer = await site.http.get(path)
    assert answer.headers["location"].startswith("/account/password?next=")


@pytest.mark.parametrize("path", PAGES)
async def test_a_form_from_elsewhere_is_refused(site: Site, path: str) -> None:
    await site.tokens()
    for csrf in ("", "guessed"):
        answer = await site.http.post(path, data={"csrf": csrf, "client_id": seed.LEDGER, "session": "others"})
        assert answer.status_code == 403
    assert len(rows(await site.http.get("/account/access"))) == 1


async def test_access_tells_each_application_with_what_it_may_in_words(site: Site) -> None:
    await site.tokens(scope="orders")
    await site.tokens(scope="customers")
    (row,) = rows(await site.http.get("/account/access"))
    assert row.startswith("Ledger (1.0)")
    assert "Read and place orders" in row
    assert "Look up customers" in row


async def test_ended_access_ends_the_applications_tokens_at_once_and_no_others(site: Site) -> None:
    mine = await site.tokens()
    await site.sign_in("bob")
    others = (await site.redeem(await site.code())).json()
    await site.sign_in()
    answer = await press(site, "/account/access", client_id=seed.LEDGER)
    assert answer.headers["location"] == "/account/access"
    assert not await site.is_active(mine["access_token"])
    assert (await site.refresh(mine["refresh_token"])).json()["error"] == "invalid_grant"
    assert await site.is_active(others["access_token"])
    assert "No application acts for you" in (await site.http.get("/account/access")).text


async def test_ended_access_ends_a_code_on_its_way_and_the_consent(site: Site) -> None:
    await site.tokens()
    await site.submit_consent(await site.ask(), remember="true")
    code = returned(await site.ask())["code"]
    await press(site, "/account/access", client_id=seed.LEDGER)
    assert (await site.redeem(code)).json()["error"] == "invalid_grant"
    assert "decision" in (await site.ask()).text


async def test_a_remembered_consent_is_told_and_forgotten_while_tokens_stay(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders customers")
    code = returned(await site.submit_consent(page, scope=["customers"], remember="true"))["code"]
    tokens = (await site.redeem(code)).json()
    (row,) = rows(await site.http.get("/account/consents"))
    assert "Look up customers" in row
    assert "orders" not in row
    assert (await press(site, "/account/consents", client_id=seed.LEDGER)).status_code == 303
    assert "Nothing is remembered" in (await site.http.get("/account/consents")).text
    assert "decision" in (await site.ask(scope="customers")).text
    assert await site.is_active(tokens["access_token"])


@pytest.mark.parametrize("path", ["/account/access", "/account/consents"])
async def test_what_is_gone_already_is_told(site: Site, path: str) -> None:
    await site.sign_in()
    page = await site.http.get("/account/sessions")
    answer = await site.http.post(path, data={"csrf": value(page.text, "csrf"), "client_id": "<nobody>"})
    assert answer.status_code == 404


async def test_sessions_tell_browser_address_and_which_is_this_one(site: Site) -> None:
    phone = site.client(address="192.0.2.7")
    page = await phone.get("/account/login", params={"next": "/account"}, headers={"user-agent": FIREFOX})
    fields = {"csrf": value(page.text, "csrf"), "next": "/account", "username": "ada", "password": seed.PASSWORD}
    await phone.post("/account/login", data=fields, headers={"user-agent": FIREFOX})
    site.clock.forward(7200)
    await site.sign_in()
    here, other = rows(await site.http.get("/account/sessions"))
    assert "This one" in here
    assert "This one" not in other
    for text in ("Firefox on Linux", "with password", "192.0.2.7", "2 hours ago"):
        assert text in other


async def test_a_session_is_seen_again(site: Site) -> None:
    await site.sign_in()
    away = await open_browser(site)
    site.clock.forward(7200)
    assert "2 hours ago" in rows(await site.http.get("/account/sessions"))[-1]
    await away.get("/account/sessions")
    assert all("just now" in row for row in rows(await site.http.get("/account/sessions")))


async def test_ending_one_session_leaves_this_one_and_the_rest(site: Site) -> None:
    await site.sign_in()
    first, second = await open_browser(site), await open_browser(site)
    (wanted,) = [
        found
        for found in re.findall(r'name="session" value="([0-9a-f]+)"', (await site.http.get("/account/sessions")).text)
        if found not in re.findall(r'name="session" value="([0-9a-f]+)"', (await first.get("/account/sessions")).text)
    ]
    assert (await press(site, "/account/sessions", session=wanted)).status_code == 303
    assert [(await http.get("/account/sessions")).status_code for http in (site.http, first, second)] == [200, 303, 200]


async def test_ending_all_others_leaves_this_one_alone(site: Site) -> None:
    await site.sign_in()
    others = [await open_browser(site), await open_browser(site)]
    bobs = await open_browser(site, "bob")
    await press(site, "/account/sessions", session="others")
    assert [(await http.get("/account/sessions")).status_code for http in others] == [303, 303]
    assert (await site.http.get("/account/sessions")).status_code == 200
    assert (await bobs.get("/account/sessions")).status_code == 200


async def test_nobody_ends_somebody_elses_session(site: Site) -> None:
    bobs = await open_browser(site, "bob")
    await open_browser(site, "bob")
    found = re.findall(r'name="session" value="([0-9a-f]+)"', (await bobs.get("/account/sessions")).text)
    await site.sign_in()
    assert (await press(site, "/account/sessions", session=found[0])).status_code == 404
    assert len(rows(await bobs.get("/account/sessions"))) == 2


async def test_the_list_of_sessions_gives_no_cookie_away(site: Site) -> None:
    await site.sign_in()
    assert site.http.cookies[SESSION_COOKIE] not in (await site.http.get("/account/sessions")).text
    thief = site.client()
    for listed in re.findall(r"[0-9a-f]{60,}", (await (await open_browser(site)).get("/account/sessions")).text):
        set_session(thief, listed)
        assert (await thief.get("/account/sessions")).status_code == 303


async def test_what_a_browser_calls_itself_is_escaped(site: Site) -> None:
    page = await site.http.get("/account/login")
    fields = {"csrf": value(page.text, "csrf"), "username": "ada", "password": seed.PASSWORD}
    await site.http.post("/account/login", data=fields, headers={"user-agent": '"><script>alert(1)</script>'})
    assert "<script>alert" not in (await site.http.get("/account/sessions")).text


async def test_colours_chosen_in_the_account_lead_back_there(site: Site) -> None:
    await site.sign_in()
    page = await site.http.get("/account/sessions")
    answer = await site.http.post(
        "/account/theme", data={"csrf": value(page.text, "csrf"), "theme": "dark", "next": "/account"}
    )
    assert answer.headers["location"] == "/account"
    assert 'data-theme="dark"' in (await site.http.get("/account/sessions")).text
