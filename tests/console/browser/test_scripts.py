"""What scripts add to pages that work without them."""

import re

import httpx
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.running.process import Server


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name)).to_be_visible()


def focused(page: Page) -> str:
    return str(
        page.evaluate(
            "document.activeElement.name || document.activeElement.innerText.trim() || document.activeElement.id"
        )
    )


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of that name or text has the focus."""
    page.wait_for_load_state()  # without its style sheet a page has other stops and other line breaks
    passed = []
    for _ in range(80):
        passed.append(focused(page))
        if passed[-1] == name:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not reach {name!r}, only {passed[1:]}")


def go_to(page: Page, name: str) -> None:
    """Tab to a link or button of that name, and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def type_into(page: Page, name: str, text: str) -> None:
    """Tab to the field of that name, and type."""
    tab_to(page, name)
    page.keyboard.type(text)


def test_client_gets_a_scope_a_token_and_an_answer_by_keyboard_alone(page: Page) -> None:
    page.goto("/console/oauth/clients")
    go_to(page, "Register client")
    heading(page, "Register client")
    type_into(page, "name", "By keyboard")
    type_into(page, "version", "7")
    tab_to(page, "allowed_grants")
    page.keyboard.press("Space")  # not authorization code
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # client credentials
    page.keyboard.press("Control+s")
    heading(page, "Client registered")
    secret = page.locator("#client-secret").inner_text()
    go_to(page, "Scope Management")
    heading(page, "Scope Management")
    go_to(page, "Add scope")
    heading(page, "Add scope")
    type_into(page, "name", "keyboard")
    type_into(page, "services", "airports:get")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status").first).to_contain_text("Scope keyboard added")
    go_to(page, "Associate clients →")
    heading(page, "Associate Scopes to Clients")
    tab_to(page, "member")
    while "By keyboard" not in page.evaluate("document.activeElement.closest('label')?.innerText ?? ''"):
        page.keyboard.press("Tab")
        assert focused(page) == "member"
    page.keyboard.press("Space")
    assert focused(page) == "member"
    go_to(page, "Save Changes")
    heading(page, "Let more clients ask for keyboard?")
    go_to(page, "Save")
    expect(page.get_by_role("status").first).to_contain_text("1 client may ask for keyboard")
    get_a_token_by_keyboard(page, "By keyboard", secret)


def get_a_token_by_keyboard(page: Page, client: str, secret: str) -> None:
    """Get New Access Token, and use it."""
    go_to(page, "Get New Access Token")
    heading(page, "Get New Access Token")
    type_into(page, "client_id", client)
    type_into(page, "client_secret", secret)
    type_into(page, "scope", "keyboard")
    page.keyboard.press("Enter")
    heading(page, "Token details")
    type_into(page, "request", "GET /airports/{iata}")
    tab_to(page, "body")
    page.keyboard.press("Control+a")
    page.keyboard.type('{"iata": "LHR"}')
    go_to(page, "Use Token")
    expect(page.get_by_label("Answer")).to_contain_text("London")


def test_reference_of_a_refused_call_leads_to_its_mend_by_keyboard(page: Page, server: Server) -> None:
    refused = httpx.get(f"{server.url}/invoke/geo/distance")
    page.goto("/console/")
    page.keyboard.press("/")
    page.keyboard.type(refused.headers["x-request-id"])
    page.keyboard.press("Enter")
    heading(page, "Call of a service refused")
    expect(page.locator(".check.is-failed")).to_contain_text("Was an access token sent?")
    tab_to(page, "Get New Access Token →")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/get-token")


def test_skip_link_is_first_and_leads_to_the_page(page: Page) -> None:
    page.goto("/console/oauth/clients")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "page"


def test_slash_leads_to_the_search_box(page: Page) -> None:
    page.goto("/console/")
    page.keyboard.press("/")
    page.keyboard.type("routes:plan")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="routes:plan").click()
    heading(page, "Plan a route")


def test_menu_is_walked_by_arrows_and_closed_by_escape(page: Page) -> None:
    page.goto("/console/oauth/clients")
    menu = page.get_by_label("Actions for Example (1.0)")
    menu.focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Edit"
    page.keyboard.press("ArrowUp")
    assert focused(page) == "Delete…"
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    expect(page.get_by_role("link", name="Delete…")).to_be_hidden()


def test_question_opens_as_a_dialog_and_gives_the_focus_back(page: Page) -> None:
    page.goto("/console/oauth/clients")
    menu = page.get_by_label("Actions for Example (1.0)")
    menu.click()
    page.get_by_role("link", name="Delete…").click()
    dialog = page.get_by_role("dialog", name="Delete Example (1.0)?")
    expect(dialog).to_contain_text("live access token")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(menu).to_be_focused()


def test_answered_dialog_does_it(page: Page) -> None:
    page.goto("/console/users/new")
    page.get_by_label("Name").fill("soon-gone")
    page.get_by_label("Password", exact=True).fill("long enough for one")
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Actions for soon-gone").click()
    page.get_by_role("link", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete user").click()
    expect(page.get_by_role("status").first).to_contain_text("User soon-gone deleted.")


def test_leaving_with_unsaved_changes_asks(page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.goto("/console/oauth/scopes/new")
    page.get_by_label("Name").fill("half written")
    page.get_by_role("link", name="Return to Scope Management").click()
    assert asked == ["beforeunload"]
    expect(page.get_by_label("Name")).to_have_value("half written")
    page.get_by_label("Name").fill("")
    page.get_by_role("link", name="Return to Scope Management").click()
    heading(page, "Scope Management")
    assert asked == ["beforeunload"]


def test_list_is_filtered_as_one_types(page: Page) -> None:
    page.goto("/console/oauth/scopes")
    page.get_by_role("searchbox", name="Filter by name").fill("rout")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?q=rout$"))
    page.get_by_role("searchbox", name="Filter by name").fill("zzz")
    expect(page.get_by_text("No scope's name contains “zzz”")).to_be_visible()


def test_a_token_that_is_pasted_into_a_filter_gets_into_no_address(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/console/oauth/scopes")
    page.get_by_role("searchbox", name="Filter by name").fill("gw_at_0123456789abcdef")
    heading(page, "Token Inspector")
    assert not [url for url in asked if "gw_at_" in url]


def test_rows_are_filtered_as_one_types(page: Page) -> None:
    page.goto("/console/packages")
    page.get_by_role("searchbox", name="Filter services").fill("airports:nearest")
    expect(page.locator(".tree-service:visible")).to_have_count(1)
    page.get_by_role("searchbox", name="Filter services").fill("zzz")
    expect(page.get_by_text("No service matches the filter")).to_be_visible()


def test_what_exists_is_picked_into_a_scope(page: Page) -> None:
    page.goto("/console/oauth/scopes/new")
    page.locator("details.picker").nth(1).locator("summary").click()
    page.get_by_role("button", name="airports:get").click()
    page.get_by_role("button", name="geo:distance").click()
    page.get_by_role("button", name="geo:distance").click()
    expect(page.get_by_label("Services", exact=True)).to_have_value("airports:get\ngeo:distance")


def test_typing_a_number_chooses_it(page: Page) -> None:
    page.goto("/console/oauth/clients/new")
    interval = page.get_by_role("group", name="Expiration Interval")
    interval.get_by_role("textbox").fill("60")
    expect(interval.get_by_role("radio", name="Expires in")).to_be_checked()


def test_form_follows_the_type_of_client(page: Page) -> None:
    page.goto("/console/oauth/clients/new")
    pkce = page.get_by_role("group", name="Require PKCE")
    expect(pkce.get_by_text("< false >")).to_be_visible()
    page.get_by_role("radio", name="Public").check()
    expect(pkce.get_by_text("< true >")).to_be_visible()
    expect(pkce.get_by_text("< false >")).to_be_hidden()


@pytest.mark.parametrize("choice", ["Dark", "Light"])
def test_colours_are_chosen_and_stay(page: Page, choice: str) -> None:
    page.goto("/console/")
    page.get_by_label("Account: admin").click()
    page.get_by_role("button", name=choice).click()
    expect(page.locator("html")).to_have_attribute("data-theme", choice.lower())
    page.goto("/console/oauth")
    expect(page.locator("html")).to_have_attribute("data-theme", choice.lower())


def test_identifier_is_copied_whole(page: Page, server: Server) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    page.goto("/console/oauth")
    page.get_by_label("Copy Token").click()
    assert page.evaluate("navigator.clipboard.readText()") == f"{server.url}/oauth/token"


def test_chosen_client_and_service_fill_the_dialog(page: Page) -> None:
    page.goto("/console/get-token")
    page.get_by_label("Grant type").select_option("authorization_code")
    page.get_by_label("Client ID").select_option("example")
    expect(page.locator("#client-facts")).to_contain_text("airportsroutes")
    expect(page.locator("#client-facts")).to_contain_text("Not among its redirect URIs.")


def test_saving_after_signing_out_tells_so_and_keeps_the_text(page: Page) -> None:
    page.goto("/console/services?name=routes:plan")
    page.locator("#source-form .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("# mine")
    page.context.clear_cookies()
    page.keyboard.press("Control+s")
    expect(page.get_by_role("alert")).to_contain_text("You are signed out. Copy what you typed")
    expect(page.locator("#source-form .cm-content")).to_contain_text("# mine")


@pytest.mark.parametrize(
    "path", ["/console/", "/console/oauth/clients", "/console/oauth/clients/new", "/console/services?name=routes:plan", "/console/get-token"]
)  # fmt: skip
def test_narrow_screen_needs_no_sideways_scrolling(page: Page, path: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(path)
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_navigation_folds_away_on_a_narrow_screen(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/console/")
    expect(page.get_by_role("link", name="Client Registration")).to_be_hidden()
    page.get_by_label("Open navigation").click()
    expect(page.get_by_role("link", name="Client Registration")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Client Registration")).to_be_hidden()
    page.get_by_label("Open navigation").click()
    page.get_by_role("link", name="Client Registration").click()
    heading(page, "Client Registration")


def test_page_weighs_less_than_300_kilobytes(browser: Browser, session: object, server: Server) -> None:
    context = browser.new_context(base_url=server.url, storage_state=session)  # type: ignore[arg-type]
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto("/console/oauth/clients", wait_until="networkidle")
    assert 10_000 < sum(sizes) < 300_000
    context.close()
