"""Who is disabled, as the difference before a change asks."""

import msgspec

from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Scope
from tests.store.makers import NOW
from tests.store.makers import client
from tests.store.makers import user


def _fill(transaction: Transaction) -> None:
    for name in ("a", "b"):
        scopes.insert(transaction, Scope(name=name), NOW)
    for n in range(4):
        clients.insert(transaction, client(f"c{n}", enabled=n != 1))
        clients.set_scopes(transaction, f"c{n}", [name for name in ("a", "b") if (n, name) != (3, "a")], NOW)
    clients.insert(transaction, client("posing", description='"enabled":false', jwks={"enabled": False}))
    for n in range(3):
        users.insert(transaction, user(f"u{n}", enabled=n != 1))
    access.set_members(transaction, "Developers", "user", ["u0", "u1"], NOW)
    access.set_members(transaction, "Developers", "client", ["u2", "c1"], NOW)


async def test_disabled_clients_are_found_by_what_they_are_and_not_by_what_they_say(database: Database) -> None:
    await database.write(_fill)
    assert await database.read(clients.disabled) == ["c1"]
    assert await database.read(clients.disabled, ["c0", "c1", "posing", "nobody"]) == ["c1"]
    assert await database.read(clients.disabled, ["c0"]) == []
    assert await database.read(clients.disabled, []) == []


async def test_disabled_members_of_a_group_are_found(database: Database) -> None:
    await database.write(_fill)
    assert await database.read(users.disabled, "Developers") == ("u1",)
    assert await database.read(users.disabled, "Everybody") == ()


async def test_clients_of_several_scopes_are_counted_once(database: Database) -> None:
    await database.write(_fill)
    assert await database.read(scopes.first_clients_of, ["a", "b"], 2) == (("c0", "c1"), 4)
    assert await database.read(scopes.first_clients_of, ["a"], 9) == (("c0", "c1", "c2"), 3)
    assert await database.read(scopes.first_clients_of, [], 9) == ((), 0)


async def test_members_are_counted_by_group_and_kind(database: Database) -> None:
    await database.write(_fill)
    assert await database.read(access.count_members) == {("Developers", "user"): 2, ("Developers", "client"): 2}
    found = await database.read(users.find, "u1")
    assert found is not None
    await database.write(users.update, msgspec.structs.replace(found, enabled=True), NOW)
    assert await database.read(users.disabled, "Developers") == ()
