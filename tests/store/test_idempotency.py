"""Requests with an Idempotency-Key, and quotas; on each engine."""

import asyncio

from gatewright.store import cleanup
from gatewright.store import idempotency
from gatewright.store import quotas
from gatewright.store.database import Database

NOW = 1_800_000_000


async def test_of_many_that_begin_one_does_it(database: Database) -> None:
    known = await asyncio.gather(*(database.write(idempotency.begin, b"k", b"f", NOW, NOW + 60) for _ in range(10)))
    assert known.count(None) == 1
    assert {each for each in known if each is not None} == {idempotency.Known(b"f", None)}


async def test_answer_is_kept_until_it_expires(database: Database) -> None:
    await database.write(idempotency.begin, b"k", b"f", NOW, NOW + 60)
    await database.write(idempotency.finish, b"k", b"answer", NOW + 100)
    known = await database.write(idempotency.begin, b"k", b"g", NOW + 99, NOW + 160)
    assert known == idempotency.Known(b"f", b"answer")
    assert await database.write(idempotency.begin, b"k", b"g", NOW + 100, NOW + 160) is None
    await database.write(cleanup.expired_rows, NOW + 200)
    assert await database.write(idempotency.begin, b"k", b"h", NOW, NOW + 60) is None


async def test_given_up_request_can_begin_again_and_an_answered_one_cannot(database: Database) -> None:
    await database.write(idempotency.begin, b"k", b"f", NOW, NOW + 60)
    await database.write(idempotency.give_up, b"k")
    assert await database.write(idempotency.begin, b"k", b"f", NOW, NOW + 60) is None
    await database.write(idempotency.finish, b"k", b"answer", NOW + 100)
    await database.write(idempotency.give_up, b"k")
    assert await database.write(idempotency.begin, b"k", b"f", NOW, NOW + 60) is not None


async def test_quota_is_never_overspent(database: Database) -> None:
    taken = await asyncio.gather(*(database.write(quotas.take, "c", NOW, 25, 10) for _ in range(20)))
    assert sum(taken) == 25
    assert await database.write(quotas.take, "c", NOW + 1, 25, 10) == 10
    assert await database.write(quotas.take, "d", NOW, 25, 10) == 10


async def test_use_of_a_past_day_is_removed(database: Database) -> None:
    await database.write(quotas.take, "c", NOW, 5, 5)
    await database.write(cleanup.expired_rows, NOW)
    assert await database.write(quotas.take, "c", NOW, 5, 5) == 5
