"""axe-core finds nothing on any page, light or dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.addresses import ADDRESSES
from tests.console.browser.conftest import Lived

AXE = (Path(__file__).parents[2] / "clients/node_modules/axe-core/axe.min.js").read_text
EVERY_RULE = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOURS = ["color-contrast", "link-in-text-block"]
"""All that another colour scheme changes: the rest of the page is the same, and has just been looked at."""


def violations(page: Page, rules: list[str] = EVERY_RULE) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE())
    found: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, rules)", {"runOnly": rules, "resultTypes": ["violations"]}
    )
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


def test_pages_have_no_violation_in_light_nor_dark(lived: Lived, lived_page: Page) -> None:
    page, found = lived_page, {}
    for address in ADDRESSES:
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.goto(address.format(**lived.names))
        expect(page.locator("h1")).to_have_count(1)
        if broken := violations(page):
            found[address] = broken
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        if broken := violations(page, OF_COLOURS):
            found[f"{address} in the dark"] = broken
    assert found == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_violation_once_used(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/console/oauth/clients/new")
    page.get_by_role("radio", name="Public").check()
    page.get_by_label("Implicit").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert violations(page) == []
    page.goto("/console/oauth/clients")
    page.get_by_label("Actions for Example (1.0)").click()
    assert violations(page) == []
    page.get_by_role("link", name="Disable…").click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    page.goto("/console/services?name=routes:plan")
    page.get_by_role("button", name="Run").click()
    page.locator(".trace-step summary").nth(1).click()
    assert violations(page) == []
    page.locator(".flow-card").nth(1).click()
    assert violations(page) == []
    page.keyboard.press("a")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator(".flow-card").nth(1).press("b")
    page.keyboard.press("Control+Enter")
    page.locator("#stopped").wait_for()
    assert violations(page) == []


def test_narrow_pages_have_no_violation(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    found = {}
    for address in (
        "/console/",
        "/console/oauth/clients",
        "/console/oauth/tokens",
        "/console/services?name=routes:plan",
    ):
        page.goto(address)
        if broken := violations(page):
            found[address] = broken
    assert found == {}
