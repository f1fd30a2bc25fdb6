"""Signing in and consenting, as people meet them: with and without scripts."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs
from urllib.parse import urlencode
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.conftest import PASSWORD
from tests.console.browser.conftest import PATIENCE
from tests.console.browser.conftest import sign_in
from tests.running.process import Server

CALLBACK = "https://oauth.pstmn.io/v1/callback"


@pytest.fixture
def plain(browser: Browser, server: Server, session: object) -> Iterator[Page]:
    """A browser that runs no scripts, of nobody yet."""
    context = browser.new_context(base_url=server.url, java_script_enabled=False)
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def asked(**more: str) -> str:
    """An authorization request of the example client."""
    given = {
        "response_type": "code",
        "client_id": "example",
        "redirect_uri": CALLBACK,
        "scope": "airports routes",
        "state": "s",
    }
    return f"/oauth/authorize?{urlencode(given | more)}"


def returned(page: Page, press: str) -> dict[str, list[str]]:
    """Press a button of the consent page; the parameters that go back to the client, which cannot be reached."""
    with page.expect_request(lambda request: request.url.startswith(CALLBACK)) as sent:
        page.get_by_role("button", name=press).click()
    page.wait_for_url("chrome-error://**")
    return parse_qs(urlsplit(sent.value.url).query)


def consent(page: Page, **more: str) -> None:
    page.goto(asked(**more))
    expect(page.get_by_role("heading", name="Allow Example access")).to_be_visible()


def test_signing_in_works_without_scripts_and_leads_back(plain: Page) -> None:
    plain.goto("/console/oauth/scopes")
    sign_in(plain, "admin", "not this one")
    expect(plain.get_by_role("alert")).to_contain_text("The user name or the password is wrong.")
    expect(plain.get_by_label("Username")).to_have_value("admin")
    sign_in(plain, "admin", PASSWORD)
    expect(plain.get_by_role("heading", name="Scope Management")).to_be_visible()


def test_console_works_without_scripts(plain: Page) -> None:
    plain.goto("/console/groups/new")
    sign_in(plain, "admin", PASSWORD)
    plain.get_by_label("Name").fill("without-scripts")
    plain.get_by_role("checkbox", name=re.compile("^admin")).check()
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("status").first).to_contain_text("Group without-scripts added.")
    plain.goto("/console/groups/delete?group=without-scripts")
    expect(plain.get_by_text("It has 1 member")).to_be_visible()
    plain.get_by_role("button", name="Delete group").click()
    expect(plain.get_by_role("status").first).to_contain_text("Group without-scripts deleted.")


def test_consent_works_without_scripts(plain: Page) -> None:
    plain.goto(asked())
    sign_in(plain, "admin", PASSWORD)
    answer = returned(plain, "Approve")
    assert answer["state"] == ["s"]
    assert answer["code"]


def test_denied_request_says_so_to_the_client(page: Page) -> None:
    consent(page)
    assert returned(page, "Deny")["error"] == ["access_denied"]


def test_unticked_scope_is_not_granted_nor_remembered(page: Page) -> None:
    consent(page)
    page.get_by_label("Plan routes").uncheck()
    page.get_by_label("Remember").check()
    assert "code" in returned(page, "Approve")
    at_once = page.context.request.get(asked(scope="airports"), max_redirects=0)
    assert at_once.headers["location"].startswith(f"{CALLBACK}?code=")
    consent(page, scope="airports routes")
    consent(page, scope="airports", prompt="consent")


def test_consent_is_asked_again_when_it_was_not_remembered(page: Page) -> None:
    consent(page, scope="routes")
    returned(page, "Approve")
    consent(page, scope="routes")


def test_approve_is_off_while_nothing_is_ticked_and_all_ticks_everything(page: Page) -> None:
    consent(page, prompt="consent")
    approve, everything = page.get_by_role("button", name="Approve"), page.get_by_role("checkbox", name="All")
    expect(everything).to_be_checked()
    everything.uncheck()
    expect(page.get_by_label("Plan routes")).not_to_be_checked()
    expect(approve).to_be_disabled()
    page.get_by_label("Plan routes").check()
    expect(approve).to_be_enabled()
    everything.check()
    expect(page.get_by_label("Look up airports")).to_be_checked()


def test_approving_nothing_without_scripts_asks_again(plain: Page) -> None:
    plain.goto(asked(scope="routes"))
    sign_in(plain, "admin", PASSWORD)
    plain.get_by_label("Plan routes").uncheck()
    plain.get_by_role("button", name="Approve").click()
    expect(plain.get_by_role("alert")).to_contain_text("Nothing is ticked")


def test_signing_out_closes_the_console(stranger: Page, session: object) -> None:
    stranger.goto("/console/")
    sign_in(stranger, "admin", PASSWORD)
    stranger.get_by_label("Account: admin").click()
    stranger.get_by_role("button", name="Sign out").click()
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    stranger.goto("/console/oauth/clients")
    expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
