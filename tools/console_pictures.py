"""Take a picture of every page into docs/console/: wide, narrow and some in the dark scheme, from a server of its own over a workspace that people have lived in.

Run as `python -m tools.console_pictures` from the root: the list of pages is the one that axe-core is held against.
"""

import base64
import json
import pathlib
import re
import sys
import tempfile
import time
from urllib.parse import urlsplit

from playwright.sync_api import Page
from playwright.sync_api import sync_playwright
from tests.console.browser.addresses import ADDRESSES
from tests.console.browser.lived_in import live_in
from tests.console.browser.lived_in import work_in
from tests.console.browser.running import make_workspace
from tools.screenshots import ADDRESS
from tools.screenshots import ROOT
from tools.screenshots import serving

FOLDER = ROOT / "docs/console"
WIDE, NARROW, DARK = 1440, 390, "dark"
TALLEST = 1600
COUNTED_AFTER = 6.0  # seconds until what was just asked is in the charts
QUALITY = 80  # of WebP, a third of what PNG takes
MOST_BYTES = 12_000_000
IN_THE_DARK = (
    "/console/",
    "/console/oauth/clients",
    "/console/oauth/clients/new",
    "/console/services?name=routes:plan",
)
HEAD = """# Every page

Made by `make pictures`, from an example workspace that people have lived in: wide, on a narrow screen, and some in the dark scheme.
"""

WITHOUT_PATHS = """
addEventListener("DOMContentLoaded", () => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(FOLDER, "");
});
"""
"""Pictures show files from the workspace's own folder on, not where it lay on this machine."""


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
    devtools = page.context.new_cdp_session(page)
    shot = devtools.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    (FOLDER / f"{file}.webp").write_bytes(base64.b64decode(shot["data"]))
    devtools.detach()


def pictures_of(page: Page, address: str, names: dict[str, str]) -> str:
    """The pictures of one page; its line in the list of all."""
    name, real = name_of(address), address.format(**names)
    take(page, real, name, WIDE, "light")
    take(page, real, f"{name}-narrow", NARROW, "light")
    line = f"- `{address}`: [wide]({name}.webp), [narrow]({name}-narrow.webp)"
    if address in IN_THE_DARK:
        take(page, real, f"{name}-dark", WIDE, DARK)
        line += f", [dark]({name}-dark.webp)"
    page.close()
    return f"{line}\n"


def main() -> None:
    """Take all pictures, and write the page that shows them."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.webp"):
        old.unlink()
    lines = [HEAD]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        workspace = make_workspace(pathlib.Path(folder) / "workspace").folder
        made = live_in(workspace)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(base_url=ADDRESS)
        context.add_cookies([{"name": name, "value": value, "url": ADDRESS} for name, value in made.cookies.items()])
        context.add_init_script(WITHOUT_PATHS.replace("FOLDER", json.dumps(f"{workspace.parent}/")))
        with serving(workspace):
            names = {**made.names, **work_in(ADDRESS, made.cookies)}
            time.sleep(COUNTED_AFTER)
            lines += [pictures_of(context.new_page(), address, names) for address in ADDRESSES]
        browser.close()
    (FOLDER / "README.md").write_text("".join(lines[:1]) + "\n" + "".join(lines[1:]))
    size = sum(image.stat().st_size for image in FOLDER.glob("*.webp"))
    print(f"{len(ADDRESSES)} pages, {size // 1000} kB, in {FOLDER.relative_to(ROOT)}/")
    if size > MOST_BYTES:
        sys.exit(f"they are larger than {MOST_BYTES // 1000} kB together")


if __name__ == "__main__":
    main()
