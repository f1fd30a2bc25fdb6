import asyncio

from gatewright.store import failures
from gatewright.store.database import Database
from tests.store.conftest import Opener
from tests.store.makers import NOW


async def blocked(database: Database, *names: str, most: int = 2, now: int = NOW) -> int:
    return await database.read(failures.blocked_until, list(names), most, now)


async def test_a_name_is_blocked_from_the_last_allowed_failure_to_the_end_of_its_window(database: Database) -> None:
    await database.write(failures.count, ["ada"], 300, NOW)
    assert await blocked(database, "ada") == 0
    await database.write(failures.count, ["ada"], 300, NOW + 100)
    assert await blocked(database, "ada", now=NOW + 299) == NOW + 300
    assert await blocked(database, "ada", now=NOW + 300) == 0
    assert await blocked(database, "eve") == 0


async def test_after_the_window_counting_begins_anew(database: Database) -> None:
    for _ in range(2):
        await database.write(failures.count, ["ada"], 300, NOW)
    await database.write(failures.count, ["ada"], 300, NOW + 300)
    assert await blocked(database, "ada", now=NOW + 301) == 0
    await database.write(failures.count, ["ada"], 300, NOW + 301)
    assert await blocked(database, "ada", now=NOW + 302) == NOW + 600


async def test_of_several_names_the_one_blocked_longest_decides(database: Database) -> None:
    for name, begin in (("ada", NOW), ("10.0.0.1", NOW + 50)):
        for _ in range(2):
            await database.write(failures.count, [name], 300, begin)
    assert await blocked(database, "ada", "10.0.0.1", "c1", now=NOW + 60) == NOW + 350


async def test_racing_failures_over_several_connections_are_all_counted(store: Opener) -> None:
    databases = [await store() for _ in range(3)]
    names = [["ada", "10.0.0.1"], ["10.0.0.1", "ada"]]
    await asyncio.gather(*(databases[n % 3].write(failures.count, names[n % 2], 300, NOW) for n in range(50)))
    for name in ("ada", "10.0.0.1"):
        assert await blocked(databases[0], name, most=50) == NOW + 300
        assert await blocked(databases[0], name, most=51) == 0
