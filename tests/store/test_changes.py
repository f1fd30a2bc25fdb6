from gatewright.store import changes
from gatewright.store import cleanup
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import AuditRow
from tests.store.makers import NOW


def announce(transaction: Transaction, name: str, now: int = NOW) -> None:
    transaction.announce("client", name, now)


async def test_changes_are_told_in_order_to_whoever_knows_the_last_one(database: Database) -> None:
    start = await database.read(changes.newest)
    for name in ("c1", "c2", "c3"):
        await database.write(announce, name)
    missed = await database.read(changes.since, start)
    assert missed is not None
    assert [(change.kind, change.name) for change in missed] == [("client", "c1"), ("client", "c2"), ("client", "c3")]
    assert missed[-1].id == await database.read(changes.newest)
    assert await database.read(changes.since, missed[1].id) == missed[2:]
    assert await database.read(changes.since, missed[2].id) == []


async def test_a_reader_that_is_too_late_is_told_that_it_missed_some(database: Database) -> None:
    start = await database.read(changes.newest)
    for n in range(3):
        await database.write(announce, f"c{n}", NOW + n)
    newest = await database.read(changes.newest)
    assert await database.write(cleanup.old_changes, NOW + 2) == 3
    assert await database.read(changes.since, start) is None
    assert await database.read(changes.since, newest) == []


async def test_the_newest_change_stays_however_old_it_is(database: Database) -> None:
    await database.write(announce, "c1")
    newest = await database.read(changes.newest)
    await database.write(cleanup.old_changes, NOW + 10**6)
    assert await database.read(changes.newest) == newest
    await database.write(announce, "c2")
    assert await database.read(changes.newest) > newest


def audit(n: int) -> AuditRow:
    before = None if n == 0 else '{"name":"old"}'
    return AuditRow(
        id=f"id-{n}", at=NOW + n, actor="ada", action="client.update", target="c1", before=before, after="{}"
    )


async def test_the_audit_log_is_read_newest_first_page_after_page(database: Database) -> None:
    for n in range(5):
        await database.write(changes.add_audit, audit(n))
    assert await database.read(changes.audit_page, limit=2) == [audit(4), audit(3)]
    assert await database.read(changes.audit_page, "id-3", limit=9) == [audit(2), audit(1), audit(0)]
