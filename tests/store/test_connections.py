"""Connections and the tokens got with them, in each store."""

from gatewright.store import connections
from gatewright.store.connections import Connection
from gatewright.store.connections import KeptTokens
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from tests.store.makers import NOW
from tests.store.makers import is_remembered

CRM = Connection(name="crm", kind="bearer", hosts=("api.example",), sealed=b"\x00sealed\xff")


async def test_a_connection_comes_back_as_it_was_kept_and_a_stale_update_changes_nothing(database: Database) -> None:
    await database.write(connections.insert, CRM, NOW)
    assert await database.read(connections.find, "crm") == CRM
    assert await database.write(connections.update, CRM, NOW)
    assert not await database.write(connections.update, CRM, NOW)
    assert (await database.read(connections.find, "crm")).revision == 2
    assert await database.write(connections.delete, "crm", NOW)
    assert not await database.write(connections.delete, "crm", NOW)


async def test_the_directory_follows_every_change(database: Database) -> None:
    directory = Directory(database)
    assert await directory.connections() == {}
    await database.write(connections.insert, CRM, NOW)
    assert await directory.connections() == {"crm": CRM}
    assert await is_remembered(directory.connections)
    await database.write(connections.delete, "crm", NOW)
    assert await directory.connections() == {}


async def test_one_of_many_may_renew_until_its_lease_ends(database: Database) -> None:
    await database.write(connections.insert, CRM, NOW)
    leases = [await database.write(connections.lease, "crm", NOW, NOW + 30) for _ in range(3)]
    assert leases == [True, False, False]
    assert await database.write(connections.lease, "crm", NOW + 30, NOW + 60)
    await database.write(connections.end_lease, "crm", NOW + 30)  # of one that came too late
    assert not await database.write(connections.lease, "crm", NOW + 31, NOW + 61)
    await database.write(connections.end_lease, "crm", NOW + 60)
    assert await database.write(connections.lease, "crm", NOW + 31, NOW + 61)


async def test_tokens_of_a_former_revision_are_not_kept(database: Database) -> None:
    await database.write(connections.insert, CRM, NOW)
    assert await database.write(connections.keep_tokens, "crm", 1, b"t1")
    assert await database.read(connections.tokens, "crm") == KeptTokens(1, b"t1")
    assert await database.write(connections.update, CRM, NOW)
    assert await database.read(connections.tokens, "crm") == KeptTokens(2, None)
    assert not await database.write(connections.keep_tokens, "crm", 1, b"t1")
    assert await database.read(connections.tokens, "nobody") is None
