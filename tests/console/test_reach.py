"""What opens what."""

import re
from html import unescape

import pytest

from gatewright.kernel.secrets import digest
from gatewright.store import tokens
from tests.console.conftest import Console
from tests.running import seed
from tests.running.site import Site


def opened(page: str) -> dict[str, str]:
    """Each service of the table, with the rest of its row as text."""
    found = re.findall(r'<tr data-row>\s*<td class="is-name">.*?<code>(.*?)</code></a></td>(.*?)</tr>', page, re.DOTALL)
    return {name: re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", rest))) for name, rest in found}


async def test_a_client_opens_what_its_scopes_list(console: Console) -> None:
    rows = opened(await console.text(f"/reach?client={seed.CHOSEN}"))
    assert list(rows) == ["orders:get"]
    assert "GET /shop/orders/{number}" in rows["orders:get"]
    assert "/invoke/orders/get" not in rows["orders:get"]
    assert "route-only" in rows["orders:get"]


async def test_a_service_whose_acl_refuses_the_client_is_told_as_such(console: Console) -> None:
    rows = opened(await console.text(f"/reach?client={seed.LEDGER}"))
    assert "The ACL refuses" in rows["orders:audit"]
    assert "staff" in rows["orders:audit"]
    assert "May call" in rows["orders:whoami"]


async def test_what_is_shown_is_what_the_guard_enforces(site: Site, console: Console) -> None:
    """Each service is called, and answers just as the page says."""
    token = await site.access_token(scope="orders customers")
    rows = opened(await console.text(f"/reach?client={seed.LEDGER}"))
    for service in site.parts.catalogue.services:
        answer = await site.call("/invoke/" + service.replace(":", "/"), token, method="POST", json={})
        passed = answer.status_code not in (401, 403)
        if service.startswith("open:"):
            continue  # anybody may, whatever the scopes are
        assert passed == (service in rows and "May call" in rows[service]), (service, answer.status_code)


async def test_a_user_may_execute_what_the_acls_admit(console: Console) -> None:
    assert "orders:audit" in opened(await console.text("/reach?user=ada"))
    assert "orders:audit" not in opened(await console.text("/reach?user=bob"))


async def test_a_token_opens_what_its_scopes_still_open(site: Site, console: Console) -> None:
    token = await site.access_token(scope="customers")
    kept = await site.parts.database.read(tokens.find_access_token, digest(token))
    assert kept is not None
    assert list(opened(await console.text(f"/reach?token={kept.id}"))) == ["customers:find"]
    await site.associate(seed.LEDGER, "orders")
    page = await console.text(f"/reach?token={kept.id}")
    assert opened(page) == {}
    await site.change_client(enabled=False)
    assert "This token opens nothing" in await console.text(f"/reach?token={kept.id}")


async def test_a_token_for_some_resources_opens_those_alone(site: Site, console: Console) -> None:
    token = await site.access_token(scope="orders", resource="http://localhost:5555/shop/orders")
    kept = await site.parts.database.read(tokens.find_access_token, digest(token))
    assert kept is not None
    rows = opened(await console.text(f"/reach?token={kept.id}"))
    assert list(rows) == ["orders:get", "orders:place"]
    assert "/invoke/" not in rows["orders:get"]


async def test_a_service_names_its_scopes_their_clients_and_the_members_of_its_acl(console: Console) -> None:
    page = await console.text("/reach?service=orders%3Aaudit")
    for text in ("orders</code>", "Ledger", "The list of <code>orders:audit</code>", "ada", "GET /shop/audit"):
        assert text in page, text
    assert "No member" not in await console.text("/reach?service=orders%3Aget")
    assert "Anybody can call it" in await console.text("/reach?service=open%3Aping")


@pytest.mark.parametrize("query", ["", "?client=nobody", "?user=nobody", "?token=x", "?service=no%3Aservice"])
async def test_what_is_not_there_is_told(console: Console, query: str) -> None:
    assert (await console.get(f"/reach{query}")).status_code == 404


async def test_a_scopes_form_says_whom_the_acl_admits(console: Console) -> None:
    page = await console.text("/oauth/scopes/edit?scope=orders")
    assert re.search(r"orders:audit.*?ACL: staff", page, re.DOTALL)
