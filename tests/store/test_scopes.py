import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.database import Database
from gatewright.store.records import Scope
from tests.store.makers import NOW
from tests.store.makers import client

INT = Scope(
    name="IntScope",
    description="Integration services",
    folders=("orders",),
    services=("customers:get",),
    url_templates=("GET /orders/{orderId}",),
)


async def test_scopes_are_found_by_name_and_listed_by_name(database: Database) -> None:
    for scope in (INT, Scope(name="b"), Scope(name="A")):
        await database.write(scopes.insert, scope, NOW)
    assert await database.read(scopes.find, "IntScope") == INT
    assert await database.read(scopes.find, "intscope") is None
    assert await database.read(scopes.all_scopes) == (Scope(name="A"), INT, Scope(name="b"))


async def test_two_scopes_cannot_have_one_name(database: Database) -> None:
    await database.write(scopes.insert, INT, NOW)
    with pytest.raises(Conflict):
        await database.write(scopes.insert, Scope(name="IntScope"), NOW)


async def test_an_update_of_a_former_revision_changes_nothing(database: Database) -> None:
    await database.write(scopes.insert, Scope(name="a"), NOW)
    assert await database.write(scopes.update, Scope(name="a", folders=("x",)), NOW)
    assert not await database.write(scopes.update, Scope(name="a", folders=("y",)), NOW)
    assert await database.read(scopes.find, "a") == Scope(name="a", folders=("x",), revision=2)


async def test_associations_are_replaced_from_the_scopes_side_and_end_with_the_scope(database: Database) -> None:
    for client_id in ("c1", "c2", "c3"):
        await database.write(clients.insert, client(client_id))
    await database.write(scopes.insert, Scope(name="a"), NOW)
    await database.write(scopes.set_clients, "a", ["c1", "c2"], NOW)
    await database.write(scopes.set_clients, "a", ["c3", "c2"], NOW)
    assert await database.read(scopes.clients, "a") == ("c2", "c3")
    assert await database.read(clients.scopes, "c2") == ("a",)
    assert await database.write(scopes.delete, "a", NOW)
    assert not await database.write(scopes.delete, "a", NOW)
    assert await database.read(clients.scopes, "c2") == ()
