"""The contract suite's stores: each test that takes `store` or `database` runs on every engine."""

import itertools
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator

import psycopg
import pytest
import pytest_asyncio

from gatewright.store.database import Database
from gatewright.store.migrate import migrate_postgresql
from gatewright.store.postgresql import PostgresqlDatabase
from gatewright.store.sqlite import SqliteDatabase
from tests.store.postgresql_cluster import Cluster
from tests.store.postgresql_cluster import binaries

Opener = Callable[[], Awaitable[Database]]
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The session's PostgreSQL, with a migrated database `template`."""
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed under /usr/lib/postgresql")
    running = Cluster(folder)
    try:
        execute(running, "CREATE DATABASE template")
        migrate_postgresql(running.url("template"))
        yield running
    finally:
        running.remove()


def execute(cluster: Cluster, statement: str) -> None:
    """Run a statement that stands outside of all databases."""
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute(statement.encode())


@pytest.fixture
def postgresql_url(cluster: Cluster) -> Iterator[str]:
    """This test's own PostgreSQL database, migrated."""
    name = f"test{next(_NUMBERS)}"
    execute(cluster, f"CREATE DATABASE {name} TEMPLATE template STRATEGY file_copy")
    yield cluster.url(name)
    execute(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[Opener]:
    """Opens this test's own store, each time over connections of their own, as another process would."""
    opened: list[Database] = []
    kind = request.param
    where = request.getfixturevalue("sqlite_path" if kind == "sqlite" else "postgresql_url")

    async def open_again() -> Database:
        opened.append(SqliteDatabase(where) if kind == "sqlite" else await PostgresqlDatabase.open(where))
        return opened[-1]

    yield open_again
    for database in opened:
        await database.close()


@pytest_asyncio.fixture
async def database(store: Opener) -> Database:
    """This test's own store, opened once."""
    return await store()
