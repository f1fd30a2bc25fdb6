import re
from html import unescape

import pytest

from tests.console.conftest import Console
from tests.console.conftest import Form

PAGES = (
    "/", "/search?q=or", "/packages", "/services?name=orders:greet", "/services?name=orders:get", "/services/new", "/oauth", "/oauth/clients",
    "/oauth/clients/new", "/oauth/scopes", "/oauth/scopes/new", "/oauth/associations", "/oauth/tokens", "/oauth/settings",
    "/users", "/users/new", "/groups", "/groups/new", "/acls", "/acls/edit", "/get-token",
)  # fmt: skip


@pytest.mark.parametrize("path", PAGES)
async def test_page_opens_for_an_administrator(console, path):
    answer = await console.get(path)
    assert answer.status_code == 200
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize("path", PAGES)
async def test_page_leads_strangers_to_signing_in_and_back(console, path):
    answer = await console.site.http.get(f"/console{path}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/login?next=%2Fconsole")


async def test_console_is_for_administrators_alone(console):
    ada = Console(console.site)
    await console.site.sign_in("ada", ada.http)
    answer = await ada.get("/oauth/clients")
    assert answer.status_code == 403
    assert "members of the groups Administrators, Client Administrators and Read-only Administrators" in answer.text
    assert "Ledger" not in answer.text


async def test_one_time_password_opens_nothing(console):
    newcomer = Console(console.site)
    await console.site.sign_in("newcomer", newcomer.http)
    answer = await newcomer.get("/oauth/clients")
    assert answer.headers["location"] == "/account/password?next=%2Fconsole%2Foauth%2Fclients"


@pytest.mark.parametrize("csrf", ["", "guessed"])
async def test_form_from_elsewhere_changes_nothing(console, csrf):
    answer = await console.submit("/oauth/settings", csrf=csrf, throttle_failures="7")
    assert answer.status_code == 403
    assert (await console.site.parts.directory.settings()).throttle_failures == 10


async def test_csrf_token_of_another_session_changes_nothing(console):
    other = Console(console.site)
    await console.site.sign_in("admin", other.http)
    theirs = dict(Form(await other.text("/oauth/settings")).fields)["csrf"]
    assert (await console.submit("/oauth/settings", csrf=theirs)).status_code == 403


async def test_script_of_a_signed_out_page_is_told_without_a_redirect(console):
    await console.http.get("/console/")
    console.http.cookies.clear()
    answer = await console.http.post("/console/services/save?name=orders:greet", headers={"hx-request": "true"})
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert "Copy what you typed" in answer.text


@pytest.mark.parametrize("path", ["/nothing", "/oauth/nothing/at/all"])
async def test_address_without_a_page_is_told_inside_the_console(console, path):
    answer = await console.get(path)
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.text
    assert 'aria-label="Main"' in answer.text


async def test_form_that_is_too_large_is_refused(console):
    answer = await console.http.post("/console/oauth/settings", data={"csrf": "x" * 5_000_000})
    assert answer.status_code == 413


async def test_theme_is_remembered(console):
    form = dict(re.findall(r'name="(csrf)" value="([^"]+)"', await console.text("/")))
    answer = await console.http.post("/account/theme", data={**form, "theme": "dark", "next": "/console/"})
    assert answer.headers["location"] == "/console/"
    assert '<html lang="en" data-theme="dark">' in await console.text("/")


async def test_unknown_theme_follows_the_system(console):
    console.http.cookies.set("gatewright_theme", '"><script>')
    assert '<html lang="en" data-theme="system">' in await console.text("/")


async def test_message_is_said_once(console):
    await console.flash(await console.submit("/oauth/settings", throttle_failures="7"))
    assert "Settings saved" not in await console.text("/oauth")


async def test_forged_message_is_dropped(console):
    console.http.cookies.set("gatewright_flash", "%7Bnot json")
    assert "flash" not in (await console.text("/oauth")).partition("<main")[2].partition("<h1>")[0]


async def test_home_counts_and_leads_to_a_first_secured_call(console):
    page = await console.text("/")
    assert "From nothing to a secured call" in page
    assert page.count('class="is-done"') == 3
    await console.site.access_token()
    assert "From nothing to a secured call" not in await console.text("/")


async def test_home_leads_to_what_is_broken(console):
    flow = console.site.parts.packages_folder / "Shop/services/orders/greet.flow.yaml"
    flow.write_text("do: [")
    await console.site.parts.watcher.refresh()
    page = await console.text("/")
    assert "Needs attention" in page
    assert "/console/services?name=orders%3Agreet" in page


@pytest.mark.parametrize(
    ("q", "kinds"),
    [
        ("ledger", {"Client"}),
        ("orders", {"Scope", "Service"}),
        ("ada", {"User"}),
        ("customers", {"Scope", "Service"}),
        ("zzz", set()),
    ],
)
async def test_search_finds_what_has_the_text_in_its_name(console, q, kinds):
    page = await console.text(f"/search?q={q}")
    assert set(re.findall(r'class="go muted">(\w+)<', page)) == kinds
    assert ("Nothing found" in page) == (not kinds)


async def test_search_leads_to_an_address_that_can_be_returned_to(console):
    answer = await search(console, "led ger&x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/search?q=led+ger%26x")


async def test_search_tells_what_a_pasted_token_is_without_an_address_that_has_it(console):
    token = await console.site.access_token()
    answer = await search(console, token)
    assert answer.status_code == 200
    assert "Token Inspector" in answer.text
    assert "&#34;client_id&#34;: &#34;ledger&#34;" in answer.text
    assert token not in answer.text
    mistyped = token[:-1] + ("y" if token.endswith("x") else "x")
    assert "Not active" in (await search(console, mistyped)).text


async def test_search_without_the_forms_proof_is_refused(console):
    assert (await console.http.post("/console/search", data={"q": "ledger"})).status_code == 403


async def search(console, q):
    """Type into the box above every page."""
    found = re.search(r'<form class="searchbox".*?name="csrf" value="(.*?)"', await console.text("/help"), re.DOTALL)
    return await console.http.post("/console/search", data={"csrf": found[1], "q": q})


async def test_search_leads_to_pages_that_open(console):
    page = await console.text("/search?q=o")
    links = [unescape(link) for link in re.findall(r'<li><a href="/console([^"]+)"', page)]
    assert len(links) >= 5
    for link in links:
        await console.text(link)
