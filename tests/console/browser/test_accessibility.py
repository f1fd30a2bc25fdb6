"""axe-core finds nothing on any page, light or dark."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

AXE = (Path(__file__).parents[2] / "clients/node_modules/axe-core/axe.min.js").read_text
ADDRESSES = (
    "/console/", "/console/search?q=air", "/console/search?q=zzz", "/console/packages", "/console/services/new",
    "/console/connections", "/console/connections/new", "/console/connections/new?kind=client_credentials",
    "/console/services?name=routes:plan", "/console/services?name=airports:get",
    "/console/oauth", "/console/oauth/clients", "/console/oauth/clients/new", "/console/oauth/clients/edit?client_id=example",
    "/console/oauth/clients/secret?client_id=example", "/console/oauth/clients/delete?client_id=example",
    "/console/oauth/scopes", "/console/oauth/scopes/new", "/console/oauth/scopes/edit?scope=airports",
    "/console/oauth/associations", "/console/oauth/associations?client=example", "/console/oauth/tokens",
    "/console/oauth/keys", "/console/oauth/settings",
    "/console/oauth/clients/examples?client_id=example", "/console/inspector",
    "/console/users", "/console/users/new", "/console/users/edit?user=admin", "/console/groups", "/console/groups/new",
    "/console/groups/edit?group=Developers", "/console/acls", "/console/acls/edit", "/console/get-token", "/console/nothing",
    "/console/refusals", "/console/rehearsal", "/console/audit", "/console/reach?client=example",
    "/console/help", "/console/help/grants", "/console/help/doctor",
    "/console/reach?service=airports:get", "/console/reach?user=admin",
    "/account/access", "/account/consents", "/account/sessions", "/account/factors", "/account/factors/app",
    "/account/factors/passkeys/new", "/account/proof", "/account/password", "/account/login", "/console/users/sign-ins?user=admin", "/oauth/authorize?client_id=nobody",
    "/oauth/authorize?response_type=code&client_id=example&scope=airports+routes&state=s&prompt=consent"
    "&redirect_uri=https%3A%2F%2Foauth.pstmn.io%2Fv1%2Fcallback",
)  # fmt: skip
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def violations(page: Page) -> list[str]:
    page.evaluate(AXE())
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, rules)", RULES)
    return [f"{each['id']}: {node['html'][:160]}" for each in found["violations"] for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_violation(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for address in ADDRESSES:
        page.goto(address)
        if broken := violations(page):
            found[address] = broken
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
