"""The console over ASGI: an administrator's browser without scripts."""

import re
from collections.abc import AsyncIterator
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from argon2 import PasswordHasher

from gatewright.admin.client_rules import with_defaults
from gatewright.services.catalogue import Catalogue
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import User
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site
from tests.running.site import catalogue
from tests.running.site import open_site
from tests.running.site import seeded

__all__ = ["catalogue", "seeded"]

_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Form(HTMLParser):
    """The fields of the last form of a page that posts, as a browser sends them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.fields: list[tuple[str, str]] = []
        self._area = ""
        self._select = ""
        main = page[page.index('id="page"') :]
        forms = re.findall(r"<form\b.*?</form>", main, re.DOTALL)
        posting = [form for form in forms if 'method="post"' in form.partition(">")[0]]
        assert posting, "no form posts"
        self.feed(posting[-1])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "form":
            self.action = given["action"]
        elif tag == "input" and name and (given.get("type") not in ("checkbox", "radio") or "checked" in given):
            self.fields.append((name, given.get("value", "")))
        elif tag == "textarea" and name:
            self._area = name
            self.fields.append((name, ""))
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in given:
            self.fields.append((self._select, given["value"]))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.fields[-1] = (self._area, self.fields[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""


class Console:
    """An administrator's browser."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = site.client()
        self.agrees = True
        """Whether it answers the question before a change that widens something."""

    async def get(self, path: str) -> httpx.Response:
        """Open a page."""
        return await self.http.get(f"/console{path}")

    async def text(self, path: str) -> str:
        """The text of a page that opens."""
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def submit(self, path: str, without: tuple[str, ...] = (), **changes: Any) -> httpx.Response:
        """Open a page, change fields of its form, send it. A list stands for ticked boxes; None leaves a field out."""
        return await self.send(await self.text(path), without, **changes)

    async def send(self, page: str, without: tuple[str, ...] = (), **changes: Any) -> httpx.Response:
        """Change fields of the form of a page that is open, and send it."""
        form = Form(page)
        kept = [(name, value) for name, value in form.fields if name not in changes and name not in without]
        for name, value in changes.items():
            kept += [(name, each) for each in value] if isinstance(value, list | tuple) else [(name, value)]
        data: dict[str, list[str]] = {}
        for name, value in kept:
            data.setdefault(name, []).append(value)
        answer = await self.http.post(unescape(form.action), data=data)
        if self.agrees and 'name="widening"' in answer.text:
            return await self.send(answer.text)
        return answer

    async def flash(self, answer: httpx.Response) -> str:
        """What the page says after a change that was made."""
        assert answer.status_code == 303, errors(answer.text) or answer.text
        page = (await self.http.get(answer.headers["location"])).text
        found = re.search(r'class="flash is-done">.*?<span class="grow">(.*?)</span>', page, re.DOTALL)
        return unescape(re.sub(r"<[^>]+>", "", found[1])) if found else ""


def errors(page: str) -> dict[str, str]:
    """The sentences beside the fields, by field."""
    found = re.findall(r'id="error-([\w-]+)">.*?<span>(.*?)</span>', page, re.DOTALL)
    return {name: unescape(sentence) for name, sentence in found}


def summary(page: str) -> str:
    """The text of the box above a form that was refused."""
    found = re.search(r'class="error-summary".*?</div>', page, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def _prepare(transaction: Transaction) -> None:
    """An administrator, and clients as registering them would have left them."""
    for client in clients.page(transaction, limit=100):
        clients.update(transaction, with_defaults(client))
    users.insert(
        transaction, User(id="id-of-admin", name="admin", password_hash=_CHEAP.hash(seed.PASSWORD), created_at=NOW)
    )
    access.set_groups(transaction, "user", "id-of-admin", ["Administrators"], NOW)


@pytest_asyncio.fixture
async def site(seeded: Path, catalogue: Catalogue, tmp_path: Path) -> AsyncIterator[Site]:
    """A fresh server in this process, with the files of its package."""
    opened = await open_site(seeded, catalogue, tmp_path)
    seed.write_package(tmp_path)
    await opened.parts.watcher.refresh()
    await opened.parts.database.write(_prepare)
    yield opened
    await opened.parts.stop()


@pytest_asyncio.fixture
async def console(site: Site) -> AsyncIterator[Console]:
    """The console, signed in."""
    opened = Console(site)
    await site.sign_in("admin", opened.http)
    yield opened
    await opened.http.aclose()
