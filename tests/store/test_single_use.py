import asyncio

from gatewright.store import cleanup
from gatewright.store import single_use
from gatewright.store.database import Database
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import sha


async def test_of_many_who_use_one_at_the_same_time_exactly_one_may(store: Opener) -> None:
    several = [await store(), await store()]
    outcomes = await asyncio.gather(
        *(database.write(single_use.use, sha("jti"), NOW + 60) for database in several for _ in range(50))
    )
    assert outcomes.count(True) == 1


async def test_what_was_used_is_kept_until_it_would_have_expired(database: Database) -> None:
    assert await database.write(single_use.use, sha("jti"), NOW + 60)
    await database.write(cleanup.expired_rows, NOW + 59)
    assert not await database.write(single_use.use, sha("jti"), NOW + 60)
    await database.write(cleanup.expired_rows, NOW + 60)
    assert await database.write(single_use.use, sha("jti"), NOW + 120)
