"""Lists are sorted by a click on a column's header: a link, so that it works without scripts and can be kept."""

import re
from html import unescape

import pytest

from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.clients import create
from gatewright.store import client_use
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.records import User
from tests.console.conftest import Console
from tests.running.site import NOW

LISTS = {
    "/oauth/clients": {"Client Application", "Client ID", "Last used"},
    "/oauth/scopes": {"Name", "Folders and services", "URL templates"},
    "/oauth/tokens": {"Issued", "Expiry Time"},
    "/users": {"Name", "Created"},
    "/groups": {"Name", "Users", "Clients"},
    "/acls": {"Folder or service", "May execute", "Services"},
    "/connections": {"Name", "Kind", "Used by"},
    "/refusals": {"Time", "Client"},
    "/audit": {"Time"},
}

REPEATING = {"/oauth/tokens", "/refusals", "/audit"}
"""Whose rows have no names of their own."""


def headers(page: str) -> dict[str, tuple[str, str]]:
    """Of each header that sorts: its `aria-sort`, empty for none, and where it leads."""
    found = re.findall(
        r'<th scope="col" class="is-sortable[^"]*"(?: aria-sort="(\w+)")?><a href="([^"]+)">([^<]+)<', page
    )
    return {label: (direction, unescape(address)) for direction, address, label in found}


def names(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'class="is-name"><a [^>]*>(?:<code>)?([^<]+)<', page)]


async def follow(console: Console, address: str) -> str:
    return await console.text(address.removeprefix("/console"))


async def fill(console: Console) -> None:
    """Something in each list."""
    await console.site.access_token()
    await console.site.parts.database.write(_connection)
    await console.http.get("/oauth/authorize?client_id=nobody")
    await console.http.post("/oauth/token", data={"grant_type": "client_credentials", "client_id": "nobody"})


def _connection(transaction: Transaction) -> None:
    transaction.execute(
        "INSERT INTO connections (name, document) VALUES (?, ?)",
        ("shop", '{"name": "shop", "kind": "bearer", "hosts": ["shop.example"]}'),
    )


@pytest.mark.parametrize("place", LISTS)
async def test_each_sortable_header_leads_to_its_order_and_back_again(console: Console, place: str) -> None:
    await fill(console)
    page = await console.text(place)
    assert set(headers(page)) == LISTS[place]
    assert len([direction for direction, _ in headers(page).values() if direction]) == 1
    for label in LISTS[place]:
        once = await follow(console, headers(page)[label][1])
        direction, back = headers(once)[label]
        twice = await follow(console, back)
        assert {direction, headers(twice)[label][0]} == {"ascending", "descending"}
        if place not in REPEATING:
            assert names(once) == names(twice)[::-1]
            assert len(names(once)) > 0


async def test_the_filter_and_what_is_narrowed_to_stay_in_the_address(console: Console) -> None:
    page = await console.text("/oauth/clients?q=led")
    assert headers(page)["Last used"][1] == "/console/oauth/clients?q=led&sort=-used"
    await console.site.access_token()
    page = await console.text("/oauth/tokens?client=ledger")
    assert headers(page)["Issued"][1] == "/console/oauth/tokens?client=ledger&sort=issued"
    page = await console.text("/oauth/clients?sort=id")
    assert re.search(r'<input type="hidden" name="sort" value="id">', page)
    await fill(console)
    page = await console.text("/refusals?error=invalid_client")
    assert headers(page)["Time"][1] == "/console/refusals?error=invalid_client&sort=time"


async def test_what_is_no_order_is_the_lists_own(console: Console) -> None:
    plain = names(await console.text("/users"))
    for sort in ("password", "-", "name;drop", "--name", "\x00"):
        assert names((await console.http.get("/console/users", params={"sort": sort})).text) == plain


async def test_pages_go_on_in_the_chosen_order(console: Console) -> None:
    await console.site.parts.database.write(_many)
    for sort in ("-used", "used", "id", "-id", "-name"):
        await _walk(console, f"/oauth/clients?q=Batch&sort={sort}", {f"Batch {n:02} (1.0)" for n in range(60)})
    for sort in ("created", "-created", "-name"):
        await _walk(console, f"/users?q=person&sort={sort}", {f"person-{n:02}" for n in range(60)})


async def _walk(console: Console, address: str, expected: set[str]) -> None:
    first = await console.text(address)
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following is not None
    second = await follow(console, unescape(following[1]))
    found = names(first) + names(second)
    assert (len(found), set(found)) == (60, expected)
    assert headers(second) == headers(first)


def _many(transaction: Transaction) -> None:
    by = By(Actor("admin"), NOW)
    for n in range(60):
        create(
            transaction,
            by,
            Client(client_id=f"b{n * 7 % 60:02}", name=f"Batch {n:02}", allowed_grants=("client_credentials",)),
        )
        users.insert(transaction, User(id=f"p{n}", name=f"person-{n:02}", created_at=NOW + n % 7))
    client_use.saw(transaction, {f"b{n:02}": NOW + n % 5 for n in range(60)})


async def test_a_client_says_when_it_last_got_a_token(console: Console) -> None:
    await console.site.parts.database.write(_many)
    page = await console.text("/oauth/clients?q=Batch+00")
    assert '<td data-label="Last used"><span class="muted">Not yet</span></td>' in page
    await console.site.parts.database.write(client_use.saw, {"b00": NOW + 9})
    assert "Not yet" not in await console.text("/oauth/clients?q=Batch+00")
