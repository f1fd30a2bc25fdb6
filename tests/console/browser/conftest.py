"""Chromium in front of real servers. Each page that a test opens is held to make no error and ask no other origin."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser
from playwright.sync_api import BrowserContext
from playwright.sync_api import ConsoleMessage
from playwright.sync_api import Page
from playwright.sync_api import Request
from playwright.sync_api import expect
from playwright.sync_api import sync_playwright

from tests.console.browser.lived_in import RECOVERY
from tests.console.browser.lived_in import SECRET
from tests.console.browser.lived_in import live_in
from tests.console.browser.lived_in import work_in
from tests.console.browser.running import Workspace
from tests.console.browser.running import make_workspace
from tests.console.browser.running import running
from tests.console.browser.running import serving
from tests.running.process import Server

PASSWORD = "a password of the administrator's own"
PATIENCE = 8000
"""Milliseconds until something that should be on a page is missed."""
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder, and keep them on one worker: they share a browser and a server."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


class Watch:
    """What pages did that they should not."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.faults: list[str] = []

    def attach(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.faults.append(f"error in a script: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        refused = message.text.startswith(("Failed to load resource", "Response Status Error Code 4"))
        if message.type in ("error", "warning") and not refused:  # a refused form answers 4xx on purpose
            self.faults.append(f"{message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        of_ours = not request.is_navigation_request() and request.frame.url.startswith(self.address)
        if of_ours and not request.url.startswith((self.address, "data:", "blob:")):
            self.faults.append(f"asked another origin: {request.url}")


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        alone = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"
        opened = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", alone])
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return make_workspace(tmp_path_factory.mktemp("made") / "workspace")


@pytest.fixture(scope="package")
def server(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that tests share: each makes what it needs, under names of its own."""
    with running(workspace, tmp_path_factory.mktemp("shared") / "workspace") as started:
        yield started


@pytest.fixture(scope="package")
def session(browser: Browser, server: Server, workspace: Workspace) -> Any:
    """The administrator's cookies, once the one-time password is replaced."""
    context = browser.new_context(base_url=server.url)
    page = context.new_page()
    sign_in_first(page, workspace.password)
    state = context.storage_state()
    context.close()
    return state


class Lived(msgspec.Struct, frozen=True):
    """A server over a workspace that people have lived in (`lived_in.py`), and an administrator's browser."""

    server: Server
    browser: BrowserContext
    names: dict[str, str]

    def page(self, watch: Watch) -> Page:
        """A new page of the administrator."""
        opened = self.browser.new_page()
        watch.attach(opened)
        return opened


@pytest.fixture(scope="module")
def lived(browser: Browser, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """Each module has one of its own: what it deletes is missed by nobody else."""
    folder = tmp_path_factory.mktemp("lived") / "workspace"
    shutil.copytree(workspace.folder, folder)
    made = live_in(folder)
    with serving(folder) as server, browser.new_context(base_url=server.url) as context:
        context.set_default_timeout(PATIENCE)
        context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in made.cookies.items()])
        secrets = {"secret": SECRET, "recovery": RECOVERY, "password": workspace.password}
        yield Lived(server, context, {**made.names, **work_in(server.url, made.cookies), **secrets})


@pytest.fixture
def lived_page(lived: Lived) -> Iterator[Page]:
    """A page of that administrator."""
    watching = Watch(lived.server.url)
    opened = lived.page(watching)
    yield opened
    opened.close()
    assert watching.faults == []


@pytest.fixture
def watch(server: Server) -> Iterator[Watch]:
    watching = Watch(server.url)
    yield watching
    assert watching.faults == []


@pytest.fixture
def context(browser: Browser, server: Server, session: Any) -> Iterator[BrowserContext]:
    opened = browser.new_context(base_url=server.url, storage_state=session, viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, watch: Watch) -> Page:
    """A page of a signed-in administrator."""
    opened = context.new_page()
    watch.attach(opened)
    return opened


@pytest.fixture
def stranger(browser: Browser, server: Server, watch: Watch) -> Iterator[Page]:
    """A page of nobody yet."""
    context = browser.new_context(base_url=server.url)
    context.set_default_timeout(PATIENCE)
    opened = context.new_page()
    watch.attach(opened)
    yield opened
    context.close()


def sign_in(page: Page, username: str, password: str) -> None:
    """Fill in the login form."""
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def sign_in_first(page: Page, one_time_password: str) -> None:
    """Sign in as the administrator for the first time, and choose a password."""
    page.goto("/console/")
    sign_in(page, "admin", one_time_password)
    page.get_by_label("Current password").fill(one_time_password)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()
    page.wait_for_url("**/console/")
