"""The contract suite's stores: each test that takes `store` or `database` runs on every engine."""

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


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """The session's PostgreSQL, with a migrated database `gatewright` and a copy of what is in it at first."""
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server is installed under /usr/lib/postgresql")
    running = Cluster(folder)
    try:
        execute(running.url("postgres"), "CREATE DATABASE gatewright")
        migrate_postgresql(running.url("gatewright"))
        execute(
            running.url("gatewright"),
            f"CREATE SCHEMA pristine; {_for_each_table('CREATE TABLE pristine.%1$I AS TABLE %1$I')}",
        )
        yield running
    finally:
        running.remove()


def execute(url: str, statement: str) -> None:
    """Run a statement over a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _for_each_table(statement: str) -> str:
    return f"""
        DO $$ DECLARE name text; BEGIN
            FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
                EXECUTE format('{statement}', name);
            END LOOP;
        END $$
    """


@pytest.fixture
def postgresql_url(cluster: Cluster) -> str:
    """The session's PostgreSQL database, as empty as a migrated one (a database for each test takes too long)."""
    url = cluster.url("gatewright")
    restore = _for_each_table("DELETE FROM %1$I; INSERT INTO %1$I SELECT * FROM pristine.%1$I")
    execute(url, f"SET session_replication_role = replica; {restore}")  # foreign keys don't matter meanwhile
    return url


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
