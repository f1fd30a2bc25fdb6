"""Passkeys in Chromium, with an authenticator that it simulates (the WebAuthn domain of its DevTools protocol)."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from playwright.sync_api import CDPSession
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.conftest import PATIENCE
from tests.console.browser.conftest import Watch
from tests.console.browser.conftest import sign_in
from tests.running.process import Server

PASSWORD = "a password of pat's own"
_GATEWRIGHT = Path(sys.executable).with_name("gatewright")


@pytest.fixture(scope="module")
def pat(server: Server) -> str:
    """A user of these tests."""
    command = [str(_GATEWRIGHT), "user", "create", "pat", "--password-env", "PAT", "--workspace", str(server.workspace)]
    subprocess.run(command, env={**os.environ, "PAT": PASSWORD}, check=True, capture_output=True)
    return "pat"


@pytest.fixture
def phone(browser: Browser, server: Server, watch: Watch, pat: str) -> Iterator[Page]:
    """A browser whose device can keep passkeys and always says yes."""
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    watch.attach(page)
    authenticator(page)
    yield page
    context.close()


def authenticator(page: Page) -> tuple[CDPSession, str]:
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    added = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devtools, str(added["authenticatorId"])


def test_a_passkey_is_added_signs_in_without_a_name_and_after_the_password(phone: Page) -> None:
    phone.goto("/account/factors")
    sign_in(phone, "pat", PASSWORD)
    phone.get_by_role("link", name="Add a passkey").click()
    phone.get_by_label("Name").fill("Phone")
    phone.get_by_label("Your password").fill(PASSWORD)
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("button", name="Create passkey").click()
    expect(phone.get_by_role("heading", name="Keep these recovery codes")).to_be_visible()
    phone.get_by_role("link", name="I have kept them").click()
    expect(phone.get_by_text("Phone", exact=True)).to_be_visible()

    phone.context.clear_cookies()
    phone.goto("/account/sessions")
    phone.get_by_role("button", name="Use a passkey").click()
    expect(phone.get_by_text("with passkey")).to_be_visible()

    phone.context.clear_cookies()
    phone.goto("/account/sessions")
    sign_in(phone, "pat", PASSWORD)
    phone.get_by_role("button", name="Use a passkey").click()
    expect(phone.get_by_text("with password and passkey")).to_be_visible()

    phone.goto("/account/factors/passkeys/new")
    phone.get_by_label("Name").fill("Phone again")
    phone.get_by_label("Your password").fill(PASSWORD)
    phone.get_by_role("button", name="Continue").click()
    phone.get_by_role("button", name="Create passkey").click()
    expect(phone.get_by_role("alert")).to_contain_text("has a passkey of yours for this server already")


def test_a_browser_that_has_no_passkey_says_so_and_leaves_the_form(stranger: Page, pat: str) -> None:
    devtools, _ = authenticator(stranger)
    stranger.goto("/account/login")
    stranger.get_by_role("button", name="Use a passkey").click()
    expect(stranger.get_by_role("alert")).to_contain_text("Try again")
    expect(stranger.get_by_label("Username")).to_be_visible()
    devtools.detach()


def test_at_another_address_of_the_same_server_the_page_says_where_passkeys_work(
    stranger: Page, server: Server, pat: str
) -> None:
    authenticator(stranger)
    stranger.goto("/account/login")
    stranger.evaluate("document.querySelector('[data-passkey]').dataset.origin = 'https://id.example'")
    stranger.get_by_role("button", name="Use a passkey").click()
    expect(stranger.get_by_role("alert")).to_contain_text("Passkeys work at https://id.example only")
