"""Signing keys: one line of keys for each algorithm, whoever writes it."""

import asyncio

import msgspec
import pytest

from gatewright.store import keys
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from gatewright.store.keys import SigningKey
from tests.store.conftest import Opener
from tests.store.makers import NOW

DAY = 86_400


def key(name: str = "k1", **changes: object) -> SigningKey:
    made = SigningKey(
        id=name, algorithm="ES256", public_jwk="{}", sealed=b"\0sealed", created_at=NOW, active_at=NOW, overlap=3600
    )
    return msgspec.structs.replace(made, **changes)


async def test_a_kept_key_is_found_whole(database: Database) -> None:
    assert await database.write(keys.succeed, key(), None, NOW)
    assert await database.read(keys.find, "k1") == key()
    assert await database.read(keys.all_keys) == (key(),)
    assert await database.read(keys.find, "k2") is None


async def test_a_successor_retires_its_predecessor_when_it_becomes_active(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    assert await database.write(keys.succeed, key("k2", active_at=NOW + DAY), "k1", NOW)
    first, second = await database.read(keys.all_keys)
    assert (first.retire_at, second.retire_at) == (NOW + DAY, None)


async def test_of_many_successors_of_one_key_one_is_kept(store: Opener) -> None:
    databases = [await store() for _ in range(3)]
    await databases[0].write(keys.succeed, key(), None, NOW)
    outcomes = await asyncio.gather(
        *(databases[n % 3].write(keys.succeed, key(f"n{n}", active_at=NOW + DAY), "k1", NOW) for n in range(12))
    )
    assert outcomes.count(True) == 1
    assert len(await databases[0].read(keys.all_keys)) == 2


async def test_of_many_first_keys_one_is_kept(store: Opener) -> None:
    databases = [await store() for _ in range(3)]
    outcomes = await asyncio.gather(*(databases[n % 3].write(keys.succeed, key(f"n{n}"), None, NOW) for n in range(12)))
    assert outcomes.count(True) == 1
    assert len(await databases[0].read(keys.all_keys)) == 1


async def test_each_algorithm_has_a_line_of_its_own(database: Database) -> None:
    assert await database.write(keys.succeed, key(), None, NOW)
    assert await database.write(keys.succeed, key("r1", algorithm="RS256"), None, NOW)
    await database.write(keys.retire_algorithm, "RS256", NOW + 5)
    found = {each.id: each.retire_at for each in await database.read(keys.all_keys)}
    assert found == {"k1": None, "r1": NOW + 5}


async def test_an_announced_key_that_is_used_now_ends_its_predecessors_use(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    successor = key("k2", active_at=NOW + DAY)
    await database.write(keys.succeed, successor, "k1", NOW)
    await database.write(keys.use_now, successor, NOW + 10)
    first, second = await database.read(keys.all_keys)
    assert (first.retire_at, second.active_at, second.retire_at) == (NOW + 10, NOW + 10, None)


async def test_a_withdrawn_key_is_gone_at_once(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    assert await database.write(keys.withdraw, key(), NOW + 10)
    found = await database.read(keys.find, "k1")
    assert found is not None
    assert found.state(NOW + 10) == "gone"
    assert not await database.write(keys.withdraw, key(), NOW + 11)


async def test_an_announced_key_that_is_withdrawn_leaves_its_predecessor_in_use(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    await database.write(keys.succeed, key("k2", active_at=NOW + DAY), "k1", NOW)
    await database.write(keys.withdraw, key("k2", active_at=NOW + DAY), NOW + 10)
    found = {each.id: each for each in await database.read(keys.all_keys)}
    assert found["k1"].retire_at is None
    assert found["k2"].state(NOW + 10) == "gone"


async def test_a_retired_key_can_be_withdrawn_too(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    await database.write(keys.retire_algorithm, "ES256", NOW + 10)
    assert await database.write(keys.withdraw, key(), NOW + 20)
    found = await database.read(keys.find, "k1")
    assert found is not None
    assert found.state(NOW + 20) == "gone"


async def test_a_key_counts_as_long_as_the_longest_life_it_covers(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    assert await database.write(keys.cover, "k1", 7200, NOW)
    assert await database.write(keys.cover, "k1", 60, NOW)
    found = await database.read(keys.find, "k1")
    assert found is not None
    assert found.overlap == 7200


async def test_a_withdrawn_key_covers_nothing_more(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    await database.write(keys.withdraw, key(), NOW + 10)
    assert not await database.write(keys.cover, "k1", 7200, NOW + 10)
    assert not await database.write(keys.cover, "unknown", 7200, NOW + 10)


async def test_only_keys_that_count_no_more_are_removed(database: Database) -> None:
    await database.write(keys.succeed, key(), None, NOW)
    await database.write(keys.succeed, key("k2", active_at=NOW + 100), "k1", NOW)
    assert await database.write(keys.remove_gone, NOW + 100 + 3599) == 0
    assert await database.write(keys.remove_gone, NOW + 100 + 3600) == 1
    assert [each.id for each in await database.read(keys.all_keys)] == ["k2"]


async def test_the_directory_of_another_process_follows_a_new_key(store: Opener) -> None:
    ours, theirs = await store(), await store()
    directory = Directory(theirs)
    assert await directory.signing_keys() == ()
    await ours.write(keys.succeed, key(), None, NOW)
    for _ in range(20):
        if await directory.signing_keys():
            break
        await asyncio.sleep(0.1)  # PostgreSQL's nodes follow within a second
    assert await directory.signing_keys() == (key(),)


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (NOW - 1, "announced"),
        (NOW, "in use"),
        (NOW + 99, "in use"),
        (NOW + 100, "retired"),
        (NOW + 100 + 3599, "retired"),
        (NOW + 100 + 3600, "gone"),
    ],
)
def test_a_key_goes_from_announced_to_gone(at: int, state: str) -> None:
    assert key(retire_at=NOW + 100).state(at) == state
