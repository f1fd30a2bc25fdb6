"""What processes counted, brought together; on each engine."""

import asyncio

from gatewright.kernel.telemetry import Activity
from gatewright.kernel.telemetry import Cell
from gatewright.store import activity
from gatewright.store.activity import step_name
from gatewright.store.database import Database

MINUTE = 60_000_000 // 60 * 60  # the first second of some minute


def counted(*calls: tuple[str, str, float], kind: str = "service") -> list[Cell]:
    gathered = Activity()
    for name, outcome, seconds in calls:
        gathered.add(kind, name, outcome, seconds)  # type: ignore[arg-type]
    return gathered.take()


async def test_what_several_processes_counted_adds_up(database: Database) -> None:
    for _ in range(3):
        await database.write(activity.add, counted(("a", "", 0.25), ("a", "500", 0.5), ("b", "", 1.0)), MINUTE + 5)
    found = await database.read(activity.since, "service", MINUTE)
    assert {name: (tally.count, tally.errors, tally.seconds) for name, tally in found.items()} == {
        "a": (6, {"500": 3}, 2.25),
        "b": (3, {}, 3.0),
    }
    assert await database.read(activity.ever, "service") == found


async def test_processes_that_hand_over_at_once_lose_nothing(database: Database) -> None:
    calls = [(name, outcome, 0.01 * n) for n in range(1, 8) for name in "abc" for outcome in ("", "500")]
    cells = counted(*calls)
    await asyncio.gather(*(database.write(activity.add, cells, MINUTE + n % 3 * 60) for n in range(20)))
    found = await database.read(activity.since, "service", MINUTE)
    assert {name: (tally.count, tally.errors) for name, tally in found.items()} == dict.fromkeys(
        "abc", (280, {"500": 140})
    )


async def test_kinds_are_apart(database: Database) -> None:
    await database.write(activity.add, counted(("password", "", 0.0), kind="grant"), MINUTE)
    assert await database.read(activity.since, "service", MINUTE) == {}
    assert list(await database.read(activity.since, "grant", MINUTE)) == ["password"]


async def test_a_series_has_a_point_for_each_stretch_empty_or_not(database: Database) -> None:
    for offset, calls in ((0, 1), (59, 1), (60, 2), (240, 4), (300, 8)):
        for _ in range(calls):
            await database.write(activity.add, counted(("a", "", 0.1)), MINUTE + offset)
    await database.write(activity.add, counted(("b", "", 0.1)), MINUTE)
    points = await database.read(activity.series, "service", MINUTE, MINUTE + 300, name="a")
    assert [(point.start - MINUTE, point.tally.count) for point in points] == [
        (0, 2), (60, 2), (120, 0), (180, 0), (240, 4),
    ]  # fmt: skip
    wide = await database.read(activity.series, "service", MINUTE, MINUTE + 360, width=180)
    assert [point.tally.count for point in wide] == [5, 12]


async def test_a_window_of_many_hours_adds_up_whatever_minute_it_begins_with(database: Database) -> None:
    hour = -(-MINUTE // 3600) * 3600
    for at in (hour - 120, hour - 60, hour, hour + 3599, hour + 3600, hour + 9000):
        await database.write(activity.add, counted(("a", "", 0.1)), at)
    for start, count in ((hour - 120, 6), (hour - 60, 5), (hour - 59, 5), (hour, 4), (hour + 60, 3), (hour + 3600, 2)):
        assert (await database.read(activity.since, "service", start))["a"].count == count, start - hour
    assert await database.read(activity.since, "service", hour + 9060) == {}


async def test_a_series_of_hours_begins_with_a_full_one(database: Database) -> None:
    hour = -(-MINUTE // 3600) * 3600
    for at, calls in ((hour - 1, 1), (hour, 2), (hour + 3599, 1), (hour + 7200, 4)):
        for _ in range(calls):
            await database.write(activity.add, counted(("a", "", 0.1)), at)
    points = await database.read(activity.series, "service", hour + 1800, hour + 7201, name="a", width=3600)
    assert [(point.start - hour, point.tally.count) for point in points] == [(0, 3), (3600, 0), (7200, 4)]
    assert await database.read(activity.counts, "service", hour, hour + 7201, 3600) == [(3, 0), (0, 0), (4, 0)]


async def test_old_hours_go_by_themselves(database: Database) -> None:
    hour = -(-MINUTE // 3600) * 3600
    for n in range(4):
        await database.write(activity.add, counted(("a", "", 0.1)), hour + n * 3600)
    assert await database.write(activity.forget_hours, hour + 7200, 1) == 1
    assert await database.write(activity.forget_hours, hour + 7200) == 1
    assert await database.write(activity.forget_hours, hour + 7200) == 0
    points = await database.read(activity.series, "service", hour, hour + 4 * 3600, width=3600)
    assert [point.tally.count for point in points] == [0, 0, 1, 1]
    assert (await database.read(activity.ever, "service"))["a"].count == 4


async def test_the_slowest_steps_are_those_that_took_the_most_time_in_all(database: Database) -> None:
    steps = [
        (step_name("orders:get", "/do/0/often"), "", 0.2),
        (step_name("orders:get", "/do/0/often"), "", 0.2),
        (step_name("orders:get", "/do/1/once"), "", 0.3),
        (step_name("orders:getAll", "/do/0/other"), "", 9.0),
    ]
    await database.write(activity.add, counted(*steps, kind="step"), MINUTE)
    slowest = await database.read(activity.slowest, "step", MINUTE, prefix="orders:get ")
    assert [(name, tally.count) for name, tally in slowest] == [
        ("orders:get /do/0/often", 2),
        ("orders:get /do/1/once", 1),
    ]
    first = await database.read(activity.slowest, "step", MINUTE, limit=1)
    assert [name for name, _ in first] == ["orders:getAll /do/0/other"]


async def test_old_minutes_go_and_what_was_ever_counted_stays(database: Database) -> None:
    for minute in range(4):
        await database.write(activity.add, counted(("a", "", 0.1), ("b", "", 0.1)), MINUTE + minute * 60)
    assert await database.write(activity.forget, MINUTE + 120, 3) == 4  # the rows of both minutes
    assert await database.write(activity.forget, MINUTE + 120, 3) == 0
    left = await database.read(activity.series, "service", MINUTE, MINUTE + 240)
    assert [point.tally.count for point in left] == [0, 0, 2, 2]
    assert {name: tally.count for name, tally in (await database.read(activity.ever, "service")).items()} == {
        "a": 4,
        "b": 4,
    }


async def test_counts_are_told_for_each_stretch_with_those_that_ended_badly(database: Database) -> None:
    hour = 1_800_000_000
    await database.write(
        activity.add, [Cell("endpoint", "/a", "", 1, 3, 0.1), Cell("endpoint", "/a", "400", 1, 2, 0.1)], hour
    )
    await database.write(activity.add, [Cell("endpoint", "/b", "", 1, 4, 0.1)], hour + 3700)
    await database.write(activity.add, [Cell("service", "x", "", 1, 9, 0.1)], hour)
    found = await database.read(activity.counts, "endpoint", hour - 3600, hour + 7200, 3600)
    assert found == [(0, 0), (5, 2), (4, 0)]
