"""A flow from nothing: built in the diagram, run, broken, brought back from its versions, and called with a token."""

import re

import httpx
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.test_flow_editor import card
from tests.running.process import Server

PROBLEM = "Saved, but the service is disabled until the problems below are mended."


def call(server: Server) -> httpx.Response:
    """The service, with a token of the example's client."""
    secret = (server.workspace / "data/example-client.secret").read_text().strip()
    form = {"grant_type": "client_credentials", "scope": "routes"}
    answer = httpx.post(f"{server.url}/oauth/token", data=form, auth=("example", secret)).json()
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    return httpx.get(f"{server.url}/invoke/routes/story?name=JFK", headers=bearer)


def add(page: Page, after: str, kind: str, name: str) -> None:
    """A step after another, by keys; its form has the focus then."""
    card(page, after).focus()
    page.keyboard.press("a")
    page.get_by_role("dialog", name="Add a step").get_by_role("button", name=kind).press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    expect(card(page, name)).to_be_visible()


def fill(page: Page, field: Locator, text: str) -> None:
    field.fill(text)
    field.blur()


def save(page: Page, note: str, told: str) -> None:
    page.get_by_label("Note for the list of versions").fill(note)
    page.keyboard.press("Control+s")
    expect(page.locator("#saved")).to_contain_text(told)


def open_by_scope(page: Page) -> None:
    """Let the scope of the example's client open the new service too."""
    page.goto("/console/oauth/scopes/edit?scope=routes")
    page.get_by_label("Services", exact=True).fill("routes:plan\nroutes:story")
    page.locator("[data-save]").click()
    expect(page.locator(".confirm")).to_contain_text("Opens 1 more service")
    page.locator(".confirm").get_by_role("button", name="Save").click()
    page.get_by_role("status").first.wait_for()


def test_flow_is_built_run_broken_restored_and_called_with_a_token(page: Page, server: Server) -> None:
    page.goto("/console/services/new")
    page.get_by_label("Name").fill("routes:story")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="Story").wait_for()
    open_by_scope(page)
    page.goto("/console/services?name=routes:story")
    expect(page.locator("#diagram.is-live")).to_be_visible()

    add(page, "greet", "Call a service", "airport")
    fill(page, page.get_by_label("Service", exact=True), "airports:get")
    fill(page, page.get_by_label("Arguments"), "iata: ${ .name }")
    card(page, "greet").focus()
    page.keyboard.press("Delete")
    expect(card(page, "greet")).to_have_count(0)
    add(page, "airport", "Set", "shape")
    fill(page, page.get_by_label("Value"), "city: ${ .city }")
    expect(card(page, "shape")).to_contain_text("city")

    page.get_by_role("tab", name="Run").click()
    page.locator("#run-form .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text('{"name": "JFK"}')
    page.keyboard.press("Control+Enter")
    expect(page.locator("#output")).to_contain_text("New York")
    expect(card(page, "airport").locator(".flow-mark")).to_contain_text("ms")
    card(page, "airport").click()
    expect(page.locator("#step-run")).to_contain_text("JFK")
    save(page, "It works", "Saved. In force from the next call on.")
    assert call(server).json() == {"city": "New York"}

    fill(page, page.get_by_label("Service", exact=True), "airports:nowhere")
    expect(card(page, "airport")).to_have_class(re.compile("has-error"))
    save(page, "Broken", PROBLEM)
    assert call(server).status_code == 503

    page.get_by_role("link", name="Versions").click()
    page.get_by_label("Actions for It works").click()
    page.get_by_role("link", name="Restore…").locator("visible=true").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_role("status").first).to_contain_text("The former version is in force again.")
    expect(card(page, "airport")).not_to_have_class(re.compile("has-error"))
    assert call(server).json() == {"city": "New York"}
