"""Buttons beside rows and results: what only forms and scripts send to."""

import re

import pyotp
import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.conftest import Lived
from tests.console.browser.test_forms import press

FLOW = "/console/services?name=partners:take"


def test_session_of_a_user_is_ended(lived_page: Page) -> None:
    page = lived_page
    page.goto("/console/users/sign-ins?user=admin")
    phone = page.get_by_role("row", name=re.compile("Safari"))
    phone.get_by_role("button", name="End", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("ended")
    expect(phone).to_have_count(0)


def test_access_of_an_application_to_a_user_is_ended_once(lived: Lived, lived_page: Page) -> None:
    page, other = lived_page, lived.browser.new_page()
    for each in (page, other):
        each.goto("/console/users/sign-ins?user=admin")
    press(page, "End access")
    expect(page.get_by_role("status").first).to_contain_text("Postman (1.0)")
    expect(page.get_by_role("button", name="End access")).to_have_count(0)
    press(other, "End access")
    expect(other.locator("main")).to_contain_text("no access any more")
    other.close()


def test_connection_that_leads_nowhere_says_so_when_tried(lived_page: Page) -> None:
    lived_page.goto("/console/connections/edit?name=crm")
    press(lived_page, "Test")
    expect(lived_page.get_by_role("heading", name="crm does not work")).to_be_visible()
    expect(lived_page.locator("main").get_by_role("link", name="Edit")).to_be_visible()


def test_run_becomes_a_test_under_a_name_of_its_own(lived_page: Page) -> None:
    page = lived_page
    page.goto("/console/services?name=airports:get")
    page.locator("#run-form .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text('{"iata": "LHR"}')
    for told in ("The case is in", "There is a case 'Heathrow' already"):
        page.get_by_role("button", name="Run", exact=True).click()
        page.get_by_text("Make a test of this run").click()
        page.get_by_label("What the test shows").fill("Heathrow")
        page.get_by_role("button", name="Add the test").click()
        expect(page.locator("main")).to_contain_text(told)
        page.goto("/console/services?name=airports:get")


@pytest.mark.parametrize(
    ("button", "address"),
    [("Go on editing mine", "/console/services/resume"), ("Save mine over it", "/console/services/save")],
)
def test_two_who_save_the_same_flow_compare_theirs(lived: Lived, lived_page: Page, button: str, address: str) -> None:
    page, other = lived_page, lived.browser.new_page()
    for each, words in ((page, "mine"), (other, "theirs")):
        each.goto(FLOW)
        each.locator("#source-form .cm-content").click()
        each.keyboard.press("Control+End")
        each.keyboard.type(f"# {words} {button}")
    other.keyboard.press("Control+s")
    expect(other.locator("#saved")).to_contain_text("Saved.")
    other.close()
    page.keyboard.press("Control+s")
    expect(page.locator("#saved")).to_contain_text("changed by somebody else")
    page.get_by_role("button", name="Compare the two").click()
    expect(page.locator(".difference")).to_contain_text(f"# theirs {button}")
    press(page, button)
    page.wait_for_url(f"**{address}?name=partners*")
    expect(page.locator("#source-form .cm-content")).to_contain_text(f"# mine {button}")


def test_device_waits_until_it_is_let_in(lived: Lived, lived_page: Page) -> None:
    page = lived_page
    page.goto("/console/get-token?client_id=postman")
    page.get_by_label("Grant type").select_option("device_code")
    page.get_by_label("Client Secret").fill(lived.names["secret"])
    page.get_by_label("Scope", exact=True).fill("routes")
    press(page, "Request Token")
    expect(page.get_by_role("heading", name="Waiting for approval")).to_be_visible()
    press(page, "Ask for the token")
    expect(page.get_by_role("status").first).to_contain_text("authorization_pending")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="/oauth/device").click()
    press(opened.value, "Deny")
    expect(opened.value.locator("main, .auth").first).to_contain_text("Postman")
    opened.value.close()


def test_authenticator_app_counts_once_its_code_was_typed(lived: Lived, lived_page: Page) -> None:
    page = lived_page
    page.goto("/account/factors/app")
    page.get_by_label("Your password").fill(lived.names["password"])
    press(page, "Continue")
    page.get_by_label("The code that the app shows").fill("000000")
    press(page, "Finish")
    expect(page.get_by_label("The code that the app shows")).to_have_accessible_description(re.compile("not the code"))
    key = page.locator("#key").inner_text().replace(" ", "")
    page.get_by_label("The code that the app shows").fill(pyotp.TOTP(key).now())
    press(page, "Finish")
    expect(page.get_by_role("status").first).to_contain_text("Authenticator app set up.")


def test_password_is_changed_by_who_knows_it(lived: Lived, lived_page: Page) -> None:
    page = lived_page
    page.goto("/account/password")
    for current, told in (
        ("not this one", "This is not your current password."),
        (lived.names["password"], "Password saved"),
    ):
        page.get_by_label("Current password").fill(current)
        page.get_by_label("New password").fill("another of my own")
        press(page, "Save password")
        expect(page.locator("main")).to_contain_text(told)


def test_signing_out_ends_at_the_login_page(lived_page: Page) -> None:
    lived_page.goto("/account/sessions")
    press(lived_page, "Sign out")
    expect(lived_page.get_by_role("button", name="Sign in")).to_be_visible()
