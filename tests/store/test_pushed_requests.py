import asyncio

import pytest

from gatewright.store import cleanup
from gatewright.store import pushed_requests
from gatewright.store.database import Database
from gatewright.store.pushed_requests import PushedRequest
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import pushed_request
from tests.store.makers import sha

ANSWER_BY = NOW + 1800


async def begin(database: Database, browser: str = "b1", now: int = NOW, client_id: str = "c1") -> PushedRequest | None:
    return await database.write(pushed_requests.begin, sha("pr1"), client_id, sha(browser), now, ANSWER_BY)


async def test_the_first_browser_gets_the_request_as_it_was_pushed_and_time_to_answer(database: Database) -> None:
    await database.write(pushed_requests.add, pushed_request())
    expected = pushed_request(browser=sha("b1"), expires_at=ANSWER_BY)
    assert await begin(database) == expected
    assert await begin(database, now=ANSWER_BY - 1) == expected
    assert await begin(database, now=ANSWER_BY) is None


async def test_another_browser_or_client_gets_nothing(database: Database) -> None:
    await database.write(pushed_requests.add, pushed_request())
    assert await begin(database, client_id="c2") is None
    assert await begin(database, "b1") is not None
    assert await begin(database, "b2") is None


async def test_a_request_no_browser_brought_expires(database: Database) -> None:
    await database.write(pushed_requests.add, pushed_request())
    assert await begin(database, now=NOW + 60) is None


async def test_expired_requests_are_cleaned_up(database: Database) -> None:
    await database.write(pushed_requests.add, pushed_request())
    await database.write(pushed_requests.add, pushed_request("pr2", expires_at=NOW + 61))
    assert await database.write(cleanup.expired_rows, NOW + 60) == 1
    assert not await database.write(pushed_requests.use, sha("pr1"))
    assert await database.write(pushed_requests.use, sha("pr2"))


@pytest.mark.parametrize("racers", [10, 100])
async def test_of_racing_browsers_one_begins_and_of_racing_answers_one_counts(store: Opener, racers: int) -> None:
    databases = [await store() for _ in range(3)]
    await databases[0].write(pushed_requests.add, pushed_request())
    begun = await asyncio.gather(*(begin(databases[n % 3], f"b{n}") for n in range(racers)))
    assert len([each for each in begun if each is not None]) == 1
    used = await asyncio.gather(*(databases[n % 3].write(pushed_requests.use, sha("pr1")) for n in range(racers)))
    assert used.count(True) == 1
