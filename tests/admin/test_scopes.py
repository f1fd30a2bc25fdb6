from typing import Any

import msgspec
import pytest

from gatewright.admin import associations
from gatewright.admin import clients
from gatewright.admin import scopes
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Forbidden
from gatewright.kernel.errors import NotFound
from gatewright.store import clients as client_store
from gatewright.store import scopes as store
from gatewright.store.database import Database
from gatewright.store.records import Scope
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import WEB
from tests.admin.support import refused

ORDERS = Scope(name="Orders", folders=("orders",), services=("orders.eu:vat",), url_templates=("GET /orders/{id}",))


@pytest.mark.parametrize("name", ["", " ", "a b", "a,b", 'a"b', "a\\b", "ä", "a\x7f", "x" * 101])
async def test_name_outside_the_rules_is_refused(database: Database, name: str) -> None:
    with refused("name"):
        await database.write(scopes.create, BY, Scope(name=name), CATALOGUE)


@pytest.mark.parametrize("name", ["!", "~", "read:orders/all", "https://example.com/scope", "x" * 100])
async def test_name_within_the_rules_is_kept(database: Database, name: str) -> None:
    await database.write(scopes.create, BY, Scope(name=name), CATALOGUE)
    assert (await database.read(scopes.find, name)).name == name


@pytest.mark.parametrize(
    "wider",
    [
        {"folders": ("gatewright",)},
        {"folders": ("gatewright.admin.users",)},
        {"services": ("gatewright.admin.users:list",)},
    ],
)
async def test_scope_comes_to_open_the_admin_api_by_administrators_alone(
    database: Database, wider: dict[str, Any]
) -> None:
    """An administrator's token of a harmless scope would else do all that its owner may, for whoever holds it."""
    by = msgspec.structs.replace(BY, roles=frozenset({"read", "clients"}))
    with pytest.raises(Forbidden, match="a member of the group Administrators"):
        await database.write(scopes.create, by, Scope(name="S", **wider), CATALOGUE)
    made = await database.write(scopes.create, by, Scope(name="S", folders=("orders",)), CATALOGUE)
    with pytest.raises(Forbidden, match="opens the Admin API"):
        await database.write(scopes.update, by, msgspec.structs.replace(made, **wider), CATALOGUE)
    assert await database.read(scopes.find, "S") == made
    with refused(next(iter(wider))):  # an administrator is told that this catalogue has no such name
        full = msgspec.structs.replace(BY, roles=frozenset({"read", "clients", "everything"}))
        await database.write(scopes.create, full, Scope(name="T", **wider), CATALOGUE)


async def test_dangling_names_are_refused_with_what_was_meant(database: Database) -> None:
    scope = Scope(name="S", folders=("order",), services=("orders:gett",), url_templates=("GET /order/{id}",))
    with refused("folders", "services", "url_templates") as refusal:
        await database.write(scopes.create, BY, scope, CATALOGUE)
    assert "Did you mean 'orders'?" in refusal.errors["folders"]
    assert "Did you mean 'orders:get'?" in refusal.errors["services"]
    assert "Did you mean 'GET /orders/{id}'?" in refusal.errors["url_templates"]
    with pytest.raises(NotFound):
        await database.read(scopes.find, "S")


async def test_folder_listed_as_service_is_told_apart(database: Database) -> None:
    with refused("folders", "services") as refusal:
        await database.write(
            scopes.create, BY, Scope(name="S", folders=("orders:get",), services=("orders",)), CATALOGUE
        )
    assert "list it under services" in refusal.errors["folders"]
    assert "list it under folders" in refusal.errors["services"]


@pytest.mark.parametrize("spelling", ["GET /orders/{id}", "GET_orders/{id}", "get /orders/{id}"])
def test_both_spellings_of_a_url_template_are_the_same(spelling: str) -> None:
    scope = scopes.read_scope({"url_templates": [spelling]}, Scope(name="S"))
    assert scope.url_templates == ("GET /orders/{id}",)


def test_text_that_is_no_url_template_is_refused() -> None:
    with refused("url_templates"):
        scopes.read_scope({"url_templates": ["/orders"]}, Scope(name="S"))


async def test_update_of_an_older_revision_is_a_conflict(database: Database) -> None:
    scope = await database.write(scopes.create, BY, ORDERS, CATALOGUE)
    await database.write(scopes.update, BY, msgspec.structs.replace(scope, folders=()), CATALOGUE)
    with pytest.raises(Conflict):
        await database.write(scopes.update, BY, msgspec.structs.replace(scope, services=()), CATALOGUE)


async def test_second_scope_of_a_name_is_refused(database: Database) -> None:
    await database.write(scopes.create, BY, ORDERS, CATALOGUE)
    with refused("name"):
        await database.write(scopes.create, BY, ORDERS, CATALOGUE)


async def _web_with_default(database: Database) -> None:
    for name in ("A", "B"):
        await database.write(scopes.create, BY, Scope(name=name), CATALOGUE)
    client = msgspec.structs.replace(WEB, default_scopes=("A", "B"))
    await database.write(clients.create, BY, client, scopes=["A", "B"])


async def test_deleted_scope_is_associated_with_nobody_and_nobodys_default(database: Database) -> None:
    await _web_with_default(database)
    await database.write(scopes.delete, BY, "A")
    assert await database.read(client_store.scopes, "web") == ("B",)
    assert (await database.read(clients.find, "web")).default_scopes == ("B",)


async def test_scope_taken_from_a_client_is_no_default_of_it(database: Database) -> None:
    await _web_with_default(database)
    await database.write(associations.set_client_scopes, BY, "web", ["B"])
    assert (await database.read(clients.find, "web")).default_scopes == ("B",)


async def test_association_is_the_same_from_both_sides(database: Database) -> None:
    await _web_with_default(database)
    await database.write(associations.set_scope_clients, BY, "A", [])
    assert await database.read(client_store.scopes, "web") == ("B",)
    assert (await database.read(clients.find, "web")).default_scopes == ("B",)
    await database.write(associations.set_client_scopes, BY, "web", ["A"])
    assert await database.read(store.clients, "A") == ("web",)
    assert await database.read(store.clients, "B") == ()


async def test_association_with_something_unknown_is_refused(database: Database) -> None:
    await _web_with_default(database)
    with refused("scopes"):
        await database.write(associations.set_client_scopes, BY, "web", ["A", "C"])
    with refused("clients"):
        await database.write(associations.set_scope_clients, BY, "A", ["nobody"])
    assert await database.read(client_store.scopes, "web") == ("A", "B")
