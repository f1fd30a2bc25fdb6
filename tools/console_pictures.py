"""Take a picture of every page into docs/console/: wide, narrow and some in the dark scheme, from an example server of its own.

Run as `python -m tools.console_pictures` from the root: the list of pages is the one that axe-core is held against.
"""

import pathlib
import re
import sys
import tempfile
from urllib.parse import urlsplit

from playwright.sync_api import Page
from playwright.sync_api import sync_playwright
from tests.console.browser.addresses import ADDRESSES
from tools.screenshots import ADDRESS
from tools.screenshots import ROOT
from tools.screenshots import Camera
from tools.screenshots import server

FOLDER = ROOT / "docs/console"
WIDE, NARROW, DARK = 1440, 390, "dark"
TALLEST = 1600
MOST_BYTES = 12_000_000
IN_THE_DARK = (
    "/console/",
    "/console/oauth/clients",
    "/console/oauth/clients/new",
    "/console/services?name=routes:plan",
)
HEAD = """# Every page

Made by `make pictures`, from the example workspace: wide, on a narrow screen, and some in the dark scheme.
"""


def name_of(address: str) -> str:
    """A file name: the address without what all have in common."""
    parts = urlsplit(address)
    text = f"{parts.path.removeprefix('/console').strip('/') or 'home'} {parts.query[:40]}"
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()


def take(page: Page, address: str, file: str, width: int, scheme: str) -> None:
    """One picture, as tall as the page but not taller than what a reader looks at."""
    page.emulate_media(color_scheme="dark" if scheme == DARK else "light", reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    content = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": max(500, min(int(content), TALLEST))})
    page.screenshot(path=FOLDER / f"{file}.png", animations="disabled")


def main() -> None:
    """Take all pictures, and write the page that shows them."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    lines = [HEAD]
    with (
        tempfile.TemporaryDirectory() as folder,
        server(pathlib.Path(folder) / "workspace") as password,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_context(base_url=ADDRESS).new_page()
        Camera(page).sign_in(password)
        for address in ADDRESSES:
            name = name_of(address)
            take(page, address, name, WIDE, "light")
            take(page, address, f"{name}-narrow", NARROW, "light")
            lines.append(f"- `{address}`: [wide]({name}.png), [narrow]({name}-narrow.png)")
            if address in IN_THE_DARK:
                take(page, address, f"{name}-dark", WIDE, DARK)
                lines[-1] += f", [dark]({name}-dark.png)"
            lines[-1] += "\n"
        browser.close()
    (FOLDER / "README.md").write_text("".join(lines[:1]) + "\n" + "".join(lines[1:]))
    size = sum(image.stat().st_size for image in FOLDER.glob("*.png"))
    print(f"{len(ADDRESSES)} pages, {size // 1000} kB, in {FOLDER.relative_to(ROOT)}/")
    if size > MOST_BYTES:
        sys.exit(f"they are larger than {MOST_BYTES // 1000} kB together")


if __name__ == "__main__":
    main()
