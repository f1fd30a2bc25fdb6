"""Before a change lets somebody call what it could not, the console says what exactly, and asks."""

import re
from html import unescape

import msgspec
import pytest

from gatewright.store import scopes
from gatewright.store import users
from gatewright.store.database import Transaction
from tests.console.conftest import Console
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site


def question(page: str) -> str:
    found = re.search(r'class="confirm">.*?<form', page, re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found[0]))) if found else ""


async def test_a_scope_that_opens_more_asks_first_and_saves_on_the_answer(site: Site, console: Console) -> None:
    console.agrees = False
    await site.associate(seed.LONELY, "customers")
    answer = await console.submit("/oauth/scopes/edit?scope=customers", services="customers:find\norders:audit")
    asked = question(answer.text)
    assert "Opens 1 more service to 1 client." in asked
    assert "orders:audit" in asked
    assert (await site.parts.directory.scopes())["customers"].services == ("customers:find",)
    saved = await console.send(answer.text)
    assert saved.status_code == 303
    assert (await site.parts.directory.scopes())["customers"].services == ("customers:find", "orders:audit")


async def test_a_scope_that_opens_no_more_is_saved_at_once(console: Console) -> None:
    console.agrees = False
    answer = await console.submit("/oauth/scopes/edit?scope=customers", description="Customers")
    assert answer.status_code == 303


async def test_an_association_that_opens_more_names_the_client_and_the_services(console: Console) -> None:
    console.agrees = False
    answer = await console.submit(f"/oauth/associations?client={seed.LONELY}", member=["customers"])
    assert "customers:find" in question(answer.text)
    assert (await console.send(answer.text)).status_code == 303


async def test_an_association_from_the_scopes_side_asks_too(console: Console) -> None:
    console.agrees = False
    before = await console.text("/oauth/associations?scope=customers")
    members = re.findall(r'name="was" value="([^"]*)"', before)
    answer = await console.send(before, member=[*members, seed.LONELY])
    assert "customers:find" in question(answer.text)


async def test_an_acl_that_admits_more_asks_first(site: Site, console: Console) -> None:
    console.agrees = False
    answer = await console.submit("/acls/edit?target=orders%3Aaudit", execute=["staff", "Everybody"])
    assert "every authenticated caller" in question(answer.text)
    assert (await site.parts.directory.acls())["orders:audit"] == ("staff",)
    assert (await console.send(answer.text)).status_code == 303
    assert set((await site.parts.directory.acls())["orders:audit"]) == {"staff", "Everybody"}


async def test_an_acl_that_admits_fewer_is_saved_at_once(console: Console) -> None:
    console.agrees = False
    assert (await console.submit("/acls/edit?target=orders%3Aaudit", execute=[])).status_code == 303


async def test_deleting_an_acl_says_whom_that_admits(console: Console) -> None:
    asked = question(await console.text("/acls/delete?target=orders%3Aaudit"))
    assert "orders:audit: every authenticated caller" in asked


async def test_joining_a_group_that_an_acl_names_asks_first(console: Console) -> None:
    console.agrees = False
    answer = await console.submit("/groups/edit?group=staff", member=["user:id-of-ada", "user:id-of-bob"])
    assert "staff: bob" in question(answer.text)
    assert (await console.send(answer.text)).status_code == 303


async def test_of_very_many_clients_the_first_are_looked_at_and_the_others_told(
    site: Site, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the first could call the new service before: those with this scope alone could not."""
    monkeypatch.setattr("gatewright.admin.widening._MOST_CLIENTS", 1)
    await site.associate(seed.LONELY, "customers")
    console.agrees = False
    answer = await console.submit("/oauth/scopes/edit?scope=customers", services="customers:find\norders:audit")
    asked = question(answer.text)
    assert "others with this scope alone: orders:audit" in asked
    assert "more clients may ask for customers, and were not looked at one by one" in asked
    assert (await console.send(answer.text)).status_code == 303


async def test_an_answer_to_another_question_does_not_count(site: Site, console: Console) -> None:
    """Somebody else changed things between the question and the answer: it is asked anew."""
    console.agrees = False
    answer = await console.submit(f"/oauth/associations?client={seed.LONELY}", member=["customers"])
    await site.parts.database.write(_list_more)
    again = await console.send(answer.text)
    assert again.status_code == 200
    assert "orders:get" in question(again.text)


def _list_more(transaction: Transaction) -> None:
    found = scopes.find(transaction, "customers")
    assert found is not None
    scopes.update(transaction, msgspec.structs.replace(found, services=("customers:find", "orders:get")), NOW)


async def test_a_user_who_comes_into_a_group_that_an_acl_names_is_asked_about(site: Site, console: Console) -> None:
    console.agrees = False
    answer = await console.submit("/users/edit?user=bob", groups=["staff"])
    assert "staff: bob" in question(answer.text)
    assert await _groups(site, "id-of-bob") == frozenset()
    assert (await console.send(answer.text)).status_code == 303
    assert await _groups(site, "id-of-bob") == {"staff"}


async def test_a_new_user_in_a_group_that_an_acl_names_is_asked_about_once(site: Site, console: Console) -> None:
    console.agrees = False
    fields = {"name": "eve", "password": "correct horse battery", "groups": ["staff"]}
    answer = await console.submit("/users/new", **fields)
    assert "staff: eve" in question(answer.text)
    assert await site.parts.database.read(users.find_named, "eve") is None
    assert (await console.send(answer.text)).status_code == 303
    assert await site.parts.database.read(users.find_named, "eve") is not None


async def test_enabling_a_client_tells_what_it_can_call_again(site: Site, console: Console) -> None:
    opened = "Opens 1 more service to 1 client. + Retired"
    await site.associate(seed.RETIRED, "customers")
    assert opened in question(await console.text(f"/oauth/clients/enable?client_id={seed.RETIRED}"))
    await console.submit(f"/oauth/clients/enable?client_id={seed.RETIRED}")
    asked = question(await console.text(f"/oauth/clients/disable?client_id={seed.RETIRED}"))
    assert "Closes 1 service to 1 client. - Retired" in asked


async def test_enabling_a_user_tells_which_groups_count_again(console: Console) -> None:
    await console.submit("/users/disable?user=ada")
    assert "+ staff: ada" in question(await console.text("/users/enable?user=ada"))


async def test_enabling_a_service_or_its_package_tells_to_whom_it_opens(console: Console) -> None:
    closing = question(await console.text("/packages/disable?target=customers:find"))
    assert "Closes 1 service to" in closing
    assert "- Ledger (1.0): customers:find" in closing
    await console.submit("/packages/disable?target=customers:find")
    assert "+ Ledger (1.0): customers:find" in question(await console.text("/packages/enable?target=customers:find"))
    await console.submit("/packages/enable?target=customers:find")
    await console.submit("/packages/disable?target=Shop")
    opening = question(await console.text("/packages/enable?target=Shop"))
    assert "customers:find" in opening
    assert "anybody, without a token" in opening


async def test_enabling_for_very_many_clients_tells_how_many_were_not_looked_at(
    console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gatewright.admin.widening._MOST_CLIENTS", 1)
    await console.submit("/packages/disable?target=customers:find")
    asked = question(await console.text("/packages/enable?target=customers:find"))
    assert "more clients have scopes that list it, and were not looked at one by one" in asked


async def _groups(site: Site, user_id: str) -> frozenset[str]:
    return await site.parts.database.read(users.groups, user_id)
