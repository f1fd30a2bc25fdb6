"""Take the pictures of README.md, docs/seven-steps.md and docs/flow-editor.md into docs/images/, from an example server.

The way through the console is the one that docs/seven-steps.md tells; tests/console/browser holds it to work.
"""

# ruff: noqa: S603 (the commands are fixed here; nothing that a user typed enters them)

import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from playwright.sync_api import Page
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs/images"
GATEWRIGHT = str(pathlib.Path(sys.executable).parent / "gatewright")
PORT = 5555  # the one that readers see
ADDRESS = f"http://localhost:{PORT}"
CALLBACK = f"{ADDRESS}/console/get-token/callback"
PASSWORD = "only for the pictures"
WIDTH = 1280
MOST_BYTES = 2_500_000
OTHERS = (
    ("Field app", "7", "public"),
    ("Invoice archive", "1.3", "confidential"),
    ("Warehouse batch", "2.4", "confidential"),
)


@contextmanager
def server(folder: pathlib.Path) -> Iterator[str]:
    """An example server; gives the administrator's one-time password.  Exits when the port is taken."""
    made = subprocess.run(
        [GATEWRIGHT, "init", str(folder), "--example"], env=environment(), capture_output=True, text=True, check=True
    )
    password = re.search(r"one-time password (\S+)", made.stdout)
    assert password, made.stdout
    with serving(folder):
        yield password[1]


@contextmanager
def serving(folder: pathlib.Path) -> Iterator[None]:
    """A server over the workspace in that folder.  Exits when the port is taken."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", PORT)) == 0:
            sys.exit(f"port {PORT} is in use; end what listens there, then take the pictures again")
    command = [GATEWRIGHT, "run", "--workspace", str(folder), "--port", str(PORT)]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, env=environment(), stdout=log, stderr=log)
    try:
        wait_for(process, folder / "server.log")
        yield
    finally:
        process.terminate()
        process.wait(10)


def environment() -> dict[str, str]:
    """The environment, without settings of somebody's own server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWRIGHT_")}


def wait_for(process: "subprocess.Popen[bytes]", log: pathlib.Path) -> None:
    """Wait until the server answers.  Exits with its log when it does not start."""
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        try:
            httpx.get(f"{ADDRESS}/health/ready").raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    sys.exit(f"the server did not start:\n{log.read_text()}")


class Camera:
    """The console's page, and pictures of it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def take(self, name: str, *, height: int = 0) -> None:
        """A picture of the page, as tall as its content or as `height`."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("document.activeElement.blur()")
        content = self.page.evaluate("document.querySelector('.page, .auth').getBoundingClientRect().bottom + scrollY")
        self.page.set_viewport_size({"width": WIDTH, "height": height or max(int(content), 560)})
        self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
        self.page.set_viewport_size({"width": WIDTH, "height": 900})

    def save(self) -> None:
        """Press the form's Save."""
        self.page.locator("[data-save]").click()
        self.page.wait_for_load_state()

    def sign_in(self, password: str) -> None:
        """Sign in for the first time, and choose a password."""
        self.page.goto("/console/")
        self.page.get_by_label("Username").fill("admin")
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("Current password").fill(password)
        self.page.get_by_label("New password").fill(PASSWORD)
        self.page.get_by_role("button", name="Save password").click()
        self.page.wait_for_url("**/console/")

    def register(self) -> tuple[str, str]:
        """Step 1: register a client. Gives its ID and secret."""
        page = self.page
        page.goto("/console/oauth/clients/new")
        page.get_by_label("Name").fill("Postman")
        page.get_by_label("Description").fill("Manual testing by the integration team")
        page.get_by_label("Redirect URIs").fill(f"https://oauth.pstmn.io/v1/callback\n{CALLBACK}")
        page.get_by_label("Client Credentials", exact=True).check()
        page.get_by_role("textbox", name="Limit").fill("10")
        self.take("1-register")
        self.save()
        self.take("1-credentials")
        return page.locator("#client-id").inner_text(), page.locator("#client-secret").inner_text()

    def add_scope(self) -> None:
        """Step 2: a scope with what it opens."""
        page = self.page
        page.goto("/console/oauth/scopes/new")
        page.get_by_label("Name").fill("IntScope")
        page.get_by_label("Description").fill("Look up airports and plan routes")
        page.get_by_label("Folders", exact=True).fill("airports")
        page.get_by_label("Services", exact=True).fill("routes:plan")
        page.get_by_label("URL templates", exact=True).fill("GET /airports/{iata}")
        self.take("2-scope")
        self.save()

    def associate(self) -> None:
        """Step 3: the scope and its clients."""
        page = self.page
        page.goto("/console/oauth/associations?scope=IntScope")
        page.get_by_label("Postman (1.0)").check()
        self.take("3-associate")
        self.save()
        self.take("3-widening")
        self.save()

    def look_at_settings(self) -> None:
        """Step 4: the global settings."""
        self.page.goto("/console/oauth/settings")
        self.take("4-settings", height=900)

    def run_flow(self) -> None:
        """Step 5: a flow, run in the browser."""
        page = self.page
        page.goto("/console/services?name=routes:plan")
        for _ in range(2):  # the first run reads the airports
            page.get_by_role("button", name="Run").click()
            page.locator(".trace-step").first.wait_for()
            page.wait_for_load_state("networkidle")
        self.take("5-flow", height=900)
        page.locator(".trace-step summary").nth(1).click()
        page.locator(".trace").screenshot(path=IMAGES / "5-steps.png", animations="disabled")

    def edit_flow(self) -> None:
        """docs/flow-editor.md: a step after a run, a run that is stopped, two versions side by side."""
        page = self.page
        page.set_viewport_size({"width": 1440, "height": 960})
        page.goto("/console/services?name=routes:plan")
        page.get_by_role("button", name="Run").click()
        page.locator(".flow-mark").first.wait_for()
        page.locator(".flow-card", has_text="measure").click()
        self.shoot("flow-editor")
        page.locator(".flow-card", has_text="measure").press("b")
        page.get_by_role("tab", name="Run").click()
        page.get_by_role("button", name="Run").click()
        page.locator("#stopped").wait_for()
        self.shoot("flow-stopped")
        page.locator(".flow-card", has_text="shortHaul").click()
        page.get_by_label("Value").fill('${ . + {haul: "short", cruise: 780, overhead: 25} }')
        page.get_by_label("Value").blur()
        page.get_by_label("Note for the list of versions").fill("Quicker on short hauls")
        page.keyboard.press("Control+s")
        page.get_by_text("Saved. In force from the next call on.").wait_for()
        page.goto("/console/services/versions?name=routes:plan")
        page.get_by_role("link", name="As it was found").click()
        page.locator(".difference").wait_for()
        page.set_viewport_size({"width": 1440, "height": 620})
        self.shoot("flow-difference")
        page.set_viewport_size({"width": WIDTH, "height": 900})

    def shoot(self, name: str) -> None:
        """A picture of what the window shows."""
        self.page.wait_for_load_state("networkidle")
        self.page.evaluate("document.activeElement.blur()")
        self.page.mouse.move(0, 0)
        self.page.evaluate("scrollTo(0, 0)")
        self.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")

    def get_token(self, client_id: str, secret: str) -> None:
        """Step 6: an authorization code grant, through consent."""
        page = self.page
        page.goto(f"/console/get-token?client_id={client_id}&service=routes:plan")
        page.get_by_label("Token Name").fill("Postman")
        page.get_by_label("Grant type").select_option("authorization_code")
        page.get_by_label("Client Secret").fill(secret)
        page.get_by_label("Scope", exact=True).fill("IntScope")
        self.take("6-get-token")
        page.get_by_role("button", name="Request Token").click()
        self.take("6-consent")
        page.get_by_role("button", name="Approve").click()

    def use_token(self) -> None:
        """Step 7: the secured call."""
        page = self.page
        page.get_by_role("button", name="Use Token").click()
        page.get_by_label("Answer").wait_for()
        self.take("7-use-token")

    def list_clients(self) -> None:
        """README's picture: a few clients."""
        page = self.page
        for name, version, kind in OTHERS:
            page.goto("/console/oauth/clients/new")
            page.get_by_label("Name").fill(name)
            page.get_by_label("Version").fill(version)
            page.get_by_role("radio", name=kind.capitalize()).check()
            page.get_by_label("Redirect URIs").fill("https://app.example.com/callback")
            self.save()
            page.get_by_role("link", name="Associate scopes").click()
            page.get_by_role("checkbox", name="airports Look").check()
            self.save()
            self.save()
        page.goto("/console/oauth/clients")
        self.take("clients", height=620)


def walk(camera: Camera, password: str) -> None:
    """The seven steps, each with its pictures."""
    camera.sign_in(password)
    client_id, secret = camera.register()
    camera.add_scope()
    camera.associate()
    camera.look_at_settings()
    camera.run_flow()
    camera.edit_flow()
    camera.get_token(client_id, secret)
    camera.use_token()
    camera.list_clients()


def main() -> None:
    """Walk the seven steps and take the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(pathlib.Path(folder) / "workspace") as password,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(
            base_url=ADDRESS, viewport={"width": WIDTH, "height": 900}, reduced_motion="reduce"
        )
        walk(Camera(context.new_page()), password)
        browser.close()
    size = sum(image.stat().st_size for image in IMAGES.glob("*.png"))
    print(f"{len(list(IMAGES.glob('*.png')))} pictures, {size // 1000} kB, in {IMAGES.relative_to(ROOT)}/")
    if size > MOST_BYTES:
        sys.exit(f"they are larger than {MOST_BYTES // 1000} kB together")


if __name__ == "__main__":
    main()
