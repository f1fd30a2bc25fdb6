"""The seed path as a new user walks it in the console: from the one-time password to a secured call, and to its refusal."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.conftest import PASSWORD
from tests.console.browser.conftest import PATIENCE
from tests.console.browser.conftest import Watch
from tests.console.browser.conftest import sign_in
from tests.console.browser.running import Workspace
from tests.console.browser.running import running
from tests.running.process import Server

BROKEN = "  - distance:\n      call: geo:distanc\n"
MENDED = """\
document:
  dsl: '1.0.3'
  namespace: trips
  name: far
  version: '1.0.0'
  title: How far it is
input:
  schema:
    document:
      type: object
      properties:
        from: {type: string, examples: [JFK]}
        to: {type: string, examples: [LHR]}
      required: [from, to]
do:
  - origin:
      call: airports:get
      with: {iata: '${ .from }'}
      output: {as: '${ $input + {origin: .} }'}
  - destination:
      call: airports:get
      with: {iata: '${ .to }'}
      output: {as: '${ $input + {destination: .} }'}
  - measure:
      call: geo:distance
      with:
        start: '${ .origin | {latitude, longitude} }'
        end: '${ .destination | {latitude, longitude} }'
"""


@pytest.fixture
def fresh(workspace: Workspace, tmp_path: Path) -> Iterator[Server]:
    """A server nobody has signed in to."""
    with running(workspace, tmp_path / "workspace") as started:
        yield started


@pytest.fixture
def user(browser: Browser, fresh: Server) -> Iterator[Page]:
    context = browser.new_context(base_url=fresh.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE)
    page, watch = context.new_page(), Watch(fresh.url)
    watch.attach(page)
    yield page
    context.close()
    assert watch.faults == []


class Walk:
    """The user's way; each step leaves what the next needs."""

    def __init__(self, page: Page, server: Server, one_time_password: str) -> None:
        self.page = page
        self.server = server
        self.one_time_password = one_time_password
        self.callback = f"{server.url}/console/get-token/callback"
        self.client_id = ""
        self.secret = ""

    def sign_in_and_choose_a_password(self) -> None:
        page = self.page
        page.goto("/")
        sign_in(page, "admin", self.one_time_password)
        expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
        page.goto("/console/oauth/clients")  # there is no way around it
        expect(page.get_by_role("heading", name="Choose a new password")).to_be_visible()
        page.get_by_label("Current password").fill(self.one_time_password)
        page.get_by_label("New password").fill(PASSWORD)
        page.get_by_role("button", name="Save password").click()
        expect(page.get_by_role("heading", name="Client Registration")).to_be_visible()

    def register_a_client(self) -> None:
        page = self.page
        page.get_by_role("link", name="Register client").click()
        page.get_by_label("Name").fill("Postman: mine")
        page.get_by_label("Public").check()
        page.get_by_label("Client Credentials").check()
        page.get_by_role("group", name="Expiration Interval").get_by_role("textbox").fill("soon")
        page.get_by_role("button", name="Save").click()
        errors = page.get_by_role("alert")
        expect(errors).to_contain_text("Not saved: 4 things need your attention")
        for sentence in (
            "Name must not contain",
            "at least one redirect URI",
            "needs a confidential client",
            "whole number",
        ):
            expect(errors).to_contain_text(sentence)
        expect(page.get_by_label("Name")).to_have_value("Postman: mine")
        expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
        self._fill_in_the_client()

    def _fill_in_the_client(self) -> None:
        page = self.page
        page.get_by_label("Name").fill("Postman")
        page.get_by_label("Version").fill("2.1")
        page.get_by_label("Confidential").check()
        page.get_by_label("Description").fill("Manual testing by the integration team")
        page.get_by_label("Redirect URIs").fill(f"https://oauth.pstmn.io/v1/callback\n{self.callback}")
        for grant in ("Authorization Code", "Implicit", "Client Credentials", "Resource Owner Password Credentials"):
            page.get_by_label(grant, exact=True).check()
        expect(page.get_by_text("RFC 9700 advises against it")).to_be_visible()
        page.get_by_role("group", name="Require PKCE").get_by_label("Yes").check()
        page.get_by_role("group", name="Expiration Interval").get_by_role("textbox").fill("900")
        page.get_by_role("radio", name="Limit", exact=True).check()
        page.get_by_role("textbox", name="Limit").fill("5")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="Client registered")).to_be_visible()
        self.client_id = page.locator("#client-id").inner_text()
        self.secret = page.locator("#client-secret").inner_text()
        assert re.fullmatch(r"[0-9a-f]{32}", self.client_id)
        assert self.secret.startswith("gw_cs_")
        page.goto(f"/console/oauth/clients/edit?client_id={self.client_id}")
        expect(page.get_by_label("Version")).to_have_value("2.1")
        assert self.secret not in page.content(), "the secret is shown once"

    def add_a_flow(self) -> None:
        page = self.page
        self._open("Packages")
        page.get_by_role("link", name="Add service").click()
        page.get_by_label("Name").fill("trips:far")
        page.get_by_role("button", name="Create").click()
        expect(page.get_by_role("status").first).to_contain_text("Flow trips:far made")
        self._write("#source-form", MENDED + BROKEN)
        expect(page.locator(".cm-lintRange-error")).to_have_count(1)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#saved")).to_contain_text(
            "Saved, but the service is disabled until the problems below are mended"
        )
        expect(page.locator("#saved")).to_contain_text("geo:distanc")
        self._write("#source-form", MENDED)
        expect(page.locator(".cm-lintRange-error")).to_have_count(0)
        page.get_by_role("button", name="Save").click()
        expect(page.locator("#saved")).to_contain_text("Saved. In force from the next call on.")
        expect(page.locator("#saved")).not_to_contain_text("geo:distanc")

    def _open(self, entry: str) -> None:
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=entry).click()

    def _write(self, form: str, text: str) -> None:
        self.page.locator(f"{form} .cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)

    def run_the_flow(self) -> None:
        page = self.page
        self._write("#run-form", '{"from": "JFK", "to": "LHR"}')
        page.keyboard.press("Control+Enter")
        expect(page.locator("#output")).to_contain_text('"kilometres"')
        steps = page.locator(".trace-step")
        expect(steps).to_have_count(3)
        expect(steps.nth(1)).to_contain_text("destination")
        expect(steps.nth(1)).to_contain_text(" ms")
        steps.nth(1).locator("summary").click()
        expect(page.locator("#in-2")).to_contain_text('"to": "LHR"')
        expect(page.locator("#out-2")).to_contain_text("London")

    def add_a_scope(self) -> None:
        page = self.page
        self._open("Scope Management")
        page.get_by_role("link", name="Add scope").click()
        page.get_by_label("Name").fill("Int Scope")
        page.get_by_label("Folders", exact=True).fill("tripz")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("printable ASCII")
        expect(page.get_by_role("alert")).to_contain_text("Did you mean")
        page.get_by_label("Name").fill("IntScope")
        page.get_by_label("Description").fill("Plan trips")
        page.get_by_label("Folders", exact=True).fill("trips")
        page.get_by_label("Services", exact=True).fill("geo:distance")
        page.get_by_label("URL templates", exact=True).fill("GET /airports/{iata}")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Scope IntScope added")

    def associate(self) -> None:
        page = self.page
        page.get_by_role("link", name="Associate clients →").click()
        page.wait_for_load_state("load")  # a box ticked before the scripts ran is kept, but not moved
        page.get_by_label("Postman (2.1)").check()
        expect(page.locator("[data-pane=members]")).to_contain_text("Postman (2.1)")
        page.get_by_role("button", name="Save Changes").click()
        expect(page.locator(".confirm")).to_contain_text("Opens 3 more services to 1 client.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("1 client may ask for IntScope")

    def edit_global_settings(self) -> None:
        page = self.page
        self._open("Global Settings")
        page.get_by_label("Authorization code expiration interval").fill("0")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("Not saved")
        page.get_by_label("Authorization code expiration interval").fill("120")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Settings saved")
        expect(page.get_by_text("2 minutes")).to_be_visible()

    def get_a_token(self, grant: str) -> str:
        page = self.page
        page.goto(f"/console/get-token?client_id={self.client_id}&service=trips:far")
        page.get_by_label("Token Name").fill(grant)
        page.get_by_label("Grant type").select_option(label=grant)
        if grant != "Implicit":
            page.get_by_label("Client Secret").fill(self.secret)
        page.get_by_label("Scope", exact=True).fill("IntScope")
        page.get_by_role("button", name="Request Token").click()
        if not grant.startswith("Client"):
            expect(page.get_by_role("heading", name="Allow Postman access")).to_be_visible()
            expect(page.get_by_text("Plan trips")).to_be_visible()
            page.get_by_role("button", name="Approve").click()
        expect(page.get_by_role("heading", name="Token details")).to_be_visible()
        details = page.get_by_label("Token details")
        for text in (grant, "Bearer", "900", "IntScope", f"{self.server.url}/oauth/token"):
            expect(details).to_contain_text(text)
        return page.locator("#access-token").inner_text()

    def use_the_token(self, status: str) -> None:
        page = self.page
        expect(page.get_by_label("Service", exact=True)).to_have_value("POST /invoke/trips/far")
        page.locator("#body").fill('{"from": "JFK", "to": "LHR"}')
        page.get_by_role("button", name="Use Token").click()
        expect(page.get_by_label("Answer")).to_contain_text(status)

    def take_the_scope_away(self) -> None:
        page = self.page
        page.goto("/console/oauth/scopes/edit?scope=IntScope")
        page.get_by_label("Folders", exact=True).fill("")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status").first).to_contain_text("Scope IntScope saved")


def test_new_user_reaches_a_secured_call_and_sees_it_refused_without_the_scope(
    user: Page, fresh: Server, workspace: Workspace
) -> None:
    walk = Walk(user, fresh, workspace.password)
    walk.sign_in_and_choose_a_password()
    walk.register_a_client()
    walk.add_a_flow()
    walk.run_the_flow()
    walk.add_a_scope()
    walk.associate()
    walk.edit_global_settings()
    walk.get_a_token("Implicit")
    walk.get_a_token("Authorization Code (with PKCE)")
    walk.use_the_token("200")
    expect(user.get_by_label("Answer")).to_contain_text('"kilometres"')
    token = walk.get_a_token("Client Credentials")
    walk.use_the_token("200")
    called = {"url": f"{fresh.url}/invoke/trips/far", "json": {"from": "JFK", "to": "LHR"}}
    assert httpx.post(**called, headers={"authorization": f"Bearer {token}"}).status_code == 200
    walk.take_the_scope_away()
    refused = httpx.post(**called, headers={"authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")
    walk.get_a_token("Client Credentials")
    walk.use_the_token("403")
    expect(user.get_by_label("Answer")).to_contain_text("insufficient_scope")
