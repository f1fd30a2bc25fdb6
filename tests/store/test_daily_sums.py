"""What happened on each day in sum; on each engine."""

from gatewright.kernel.telemetry import Activity
from gatewright.store import activity
from gatewright.store import changes
from gatewright.store import daily_sums
from gatewright.store.daily_sums import DAY
from gatewright.store.daily_sums import Sum
from gatewright.store.database import Database
from gatewright.store.records import AuditRow

DAY_20 = 20_000 * DAY
"""When some day began."""


def audited(number: int, action: str, at: int) -> AuditRow:
    return AuditRow(id=f"id-{number}", at=at, actor="ada", action=action, target="ada")


async def issue(database: Database, at: int, *names: str) -> None:
    gathered = Activity()
    for name in names:
        gathered.add("grant", name)
    gathered.add("refusal", "invalid_grant")
    gathered.add("service", "orders:get")
    await database.write(activity.add, gathered.take(), at)


async def test_what_processes_counted_adds_up_to_days(database: Database) -> None:
    await issue(database, DAY_20, "password")
    await issue(database, DAY_20 + DAY - 1, "password", "client_credentials")
    await issue(database, DAY_20 + DAY, "password")
    assert await database.read(daily_sums.newest) == [
        Sum(DAY_20 + DAY, "refusal", "invalid_grant", 1),
        Sum(DAY_20 + DAY, "grant", "password", 1),
        Sum(DAY_20, "refusal", "invalid_grant", 2),
        Sum(DAY_20, "grant", "password", 2),
        Sum(DAY_20, "grant", "client_credentials", 1),
    ]


async def test_sign_ins_and_consents_are_counted_with_their_rows(database: Database) -> None:
    for n, action in enumerate(["user.sign_in", "user.sign_in", "consent.give", "client.update"]):
        await database.write(changes.add_audit, audited(n, action, DAY_20 + n))
    found = await database.read(daily_sums.newest)
    assert [(each.kind, each.name, each.count) for each in found] == [
        ("person", "user.sign_in", 2),
        ("person", "consent.give", 1),
    ]


async def test_the_clean_up_of_counters_leaves_the_days(database: Database) -> None:
    await issue(database, DAY_20, "password")
    await database.write(activity.forget, DAY_20 + 99 * DAY)
    await database.write(activity.forget_hours, DAY_20 + 99 * DAY)
    assert await database.read(activity.since, "grant", 0) == {}
    assert len(await database.read(daily_sums.newest)) == 2


async def test_days_are_narrowed_by_time_and_number(database: Database) -> None:
    for n in range(5):
        await database.write(daily_sums.add, [("grant", "password", n + 1)], DAY_20 + n * DAY)
    days = [DAY_20 + n * DAY for n in range(5)]
    for window, expected in (
        ({}, days), ({"since": days[2] + 5}, days[2:]), ({"until": days[2]}, days[:2]), ({"days": 2}, days[3:]),
        ({"since": days[1], "until": days[4], "days": 2}, days[2:4]), ({"since": days[4] + DAY}, []),
    ):  # fmt: skip
        found = await database.read(daily_sums.newest, **window)
        assert [each.day for each in found] == expected[::-1], window
