"""The contract suite's stores: each test that takes `store` or `database` runs on every engine."""

from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable

import pytest
import pytest_asyncio

from gatewright.store.database import Database
from gatewright.store.sqlite import SqliteDatabase

Opener = Callable[[], Awaitable[Database]]


@pytest_asyncio.fixture(params=["sqlite"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens this test's own store, each time over connections of their own, as another process would."""
    opened: list[Database] = []
    path = request.getfixturevalue("sqlite_path")

    async def open_again() -> Database:
        opened.append(SqliteDatabase(path))
        return opened[-1]

    yield open_again
    for database in opened:
        await database.close()


@pytest_asyncio.fixture
async def database(store: Opener) -> Database:
    """This test's own store, opened once."""
    return await store()
