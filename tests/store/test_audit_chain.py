"""The audit log's chain: whatever is done to a row is found, and named."""

import asyncio

import pytest

from gatewright.store import audit_chain
from gatewright.store import changes
from gatewright.store.audit_chain import Break
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import AuditRow
from gatewright.store.sqlite import SqliteDatabase
from tests.store.makers import NOW


def audit(n: int) -> AuditRow:
    return AuditRow(
        id=f"id-{n}", at=NOW + n, actor="ada", action="client.update", target=f"c{n}", before=None, after='{"ü": "x"}'
    )


async def write_rows(database: Database, count: int) -> None:
    for n in range(1, count + 1):
        await database.write(changes.add_audit, audit(n))


def _breaks(transaction: Transaction) -> list[Break]:
    return list(audit_chain.breaks(transaction))


async def broken(database: Database) -> list[tuple[str, int]]:
    return [(each.kind, each.number) for each in await database.read(_breaks)]


def _without_triggers(transaction: Transaction, sqlite: bool, statements: tuple[str, ...]) -> None:
    """Somebody with the database in hand."""
    off = ("DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete")
    for statement in (*(off if sqlite else ("SET LOCAL session_replication_role = replica",)), *statements):
        transaction.execute(statement)


async def tamper(database: Database, *statements: str) -> None:
    await database.write(_without_triggers, isinstance(database, SqliteDatabase), statements)


async def test_an_untouched_log_is_whole(database: Database) -> None:
    assert await broken(database) == []
    await write_rows(database, 5)
    assert await broken(database) == []
    assert (await database.read(audit_chain.head)).number == 5


@pytest.mark.parametrize(
    "change",
    ["actor = 'eve'", "target = 'c9'", "at = at + 1", "after = NULL", "action = 'client.delete'", "id = 'id-9'"],
)
async def test_a_row_that_was_changed_is_named(database: Database, change: str) -> None:
    await write_rows(database, 5)
    await tamper(database, f"UPDATE audit SET {change} WHERE id = 'id-3'")
    assert await broken(database) == [("changed", 3)]


async def test_a_row_that_was_removed_is_named(database: Database) -> None:
    await write_rows(database, 5)
    await tamper(database, "DELETE FROM audit WHERE id = 'id-3'")
    assert await broken(database) == [("removed", 3)]


async def test_newest_rows_that_were_removed_are_noticed(database: Database) -> None:
    await write_rows(database, 5)
    await tamper(database, "DELETE FROM audit WHERE id IN ('id-4', 'id-5')")
    assert await broken(database) == [("removed", 4)]


async def test_a_row_that_was_inserted_is_named(database: Database) -> None:
    await write_rows(database, 3)
    columns = "id, at, actor, action, target"
    await tamper(
        database,
        f"INSERT INTO audit ({columns}) VALUES ('id-x', 1, 'ada', 'client.update', 'c')",
        f"INSERT INTO audit ({columns}, number, hash) SELECT 'id-y', at, actor, action, target, 4, hash FROM audit WHERE number = 2",
    )
    assert await broken(database) == [("changed", 4), ("inserted", 4), ("inserted", 0)]


async def test_rows_that_changed_places_are_named(database: Database) -> None:
    await write_rows(database, 4)
    await tamper(
        database,
        "UPDATE audit SET number = 20 WHERE id = 'id-2'",
        "UPDATE audit SET number = 2 WHERE id = 'id-3'",
        "UPDATE audit SET number = 3 WHERE id = 'id-2'",
    )
    assert {number for _, number in await broken(database)} >= {2, 3}


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit"])
async def test_the_database_refuses_to_change_or_delete_a_row(database: Database, statement: str) -> None:
    await write_rows(database, 2)

    def change(transaction: Transaction) -> None:
        transaction.execute(statement)

    with pytest.raises(Exception, match=r"append-only|taken"):
        await database.write(change)
    assert await database.read(changes.audit_page) == [audit(2), audit(1)]


async def test_rows_written_at_the_same_time_form_one_chain(database: Database) -> None:
    await asyncio.gather(*(database.write(changes.add_audit, audit(n)) for n in range(30)))
    assert await broken(database) == []
    assert (await database.read(audit_chain.head)).number == 30


async def test_a_hash_that_was_noted_elsewhere_can_be_found_again(database: Database) -> None:
    await write_rows(database, 2)
    noted = await database.read(audit_chain.head)
    await database.write(changes.add_audit, audit(3))
    assert await database.read(audit_chain.hash_of, noted.number) == noted.hash
    assert await database.read(audit_chain.hash_of, 9) is None


async def test_the_log_is_narrowed_by_who_what_which_and_when(database: Database) -> None:
    await write_rows(database, 3)
    other = AuditRow(id="id-9", at=NOW + 90, actor="Bob (shell)", action="scope.create", target="Orders_x")
    await database.write(changes.add_audit, other)
    for narrowed in (
        {"actor": "bob"}, {"action": "scope."}, {"target": "orders_"}, {"since": NOW + 50}, {"action": "scope.create", "actor": "BOB"},
    ):  # fmt: skip
        assert await database.read(changes.audit_page, **narrowed) == [other]
    assert await database.read(changes.audit_page, until=NOW + 2) == [audit(1)]
    assert await database.read(changes.audit_page, action="%") == []
    assert await database.read(changes.audit_page, "id-3", 1, actor="ada") == [audit(2)]
