"""Moving a store to PostgreSQL, and copies of one moment, with everything in them."""

import asyncio
import sqlite3
from collections.abc import Iterator
from collections.abc import Sequence
from pathlib import Path

import pytest

from gatewright.kernel.errors import StartupError
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import make_secret
from gatewright.store import changes
from gatewright.store import clients
from gatewright.store import portable
from gatewright.store import scopes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.portable import PostgresqlSide
from gatewright.store.portable import Row
from gatewright.store.portable import Table
from gatewright.store.portable import move
from gatewright.store.portable import snapshot_of_postgresql
from gatewright.store.portable import snapshot_of_sqlite
from gatewright.store.postgresql import PostgresqlDatabase
from gatewright.store.records import AccessToken
from gatewright.store.records import User
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.store.conftest import execute

TOKENS = [make_secret(ACCESS_TOKEN) for _ in range(40)]


def silent(_: str) -> None:
    """Nobody looks on."""


def token(text: str) -> AccessToken:
    return AccessToken(
        id=text[-12:], digest=digest(text), client_id=seed.LEDGER, user_id=None, grant_id=None,
        scope=("orders",), issued_at=seed.MADE, expires_at=None,
    )  # fmt: skip


async def add(database: Database, texts: Sequence[str]) -> None:
    for text in texts:
        await database.write(tokens.add_access_token, token(text))


@pytest.fixture(autouse=True)
def nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A copy that a test broke off leaves its progress in the database that tests share."""
    yield
    if "postgresql_url" in request.fixturenames:
        execute(request.getfixturevalue("cluster").url("gatewright"), "DROP TABLE IF EXISTS copy_progress")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A seeded store with tokens, and a name that PostgreSQL cannot keep as it is."""
    path = tmp_path / "source.db"
    seed.write_database(path)

    async def fill() -> None:
        database = SqliteDatabase(path)
        await add(database, TOKENS)
        await database.write(users.insert, User(id="odd", name="NUL \0 inside"))
        await database.close()

    asyncio.run(fill())
    return path


async def holds_everything(database: Database) -> None:
    for text in TOKENS:
        assert await database.read(tokens.find_access_token, digest(text)) == token(text)
    registered = await database.read(clients.registered, seed.LEDGER)
    assert registered is not None
    assert (registered.scopes, len(registered.secrets)) == (("customers", "orders"), 1)
    assert len(await database.read(scopes.all_scopes)) == 3
    assert len(await database.read(users.page)) == 5


def test_what_was_moved_is_all_there_and_goes_on(source: Path, postgresql_url: str) -> None:
    copied = {each.table: each.rows for each in move(source, postgresql_url, silent)}
    assert (copied["access_tokens"], copied["clients"], copied["users"]) == (40, 7, 5)

    async def look() -> None:
        database = await PostgresqlDatabase.open(postgresql_url)
        await holds_everything(database)
        before = await database.read(changes.newest)
        await database.write(clients.set_scopes, seed.LEDGER, ["orders"], seed.MADE)
        assert await database.read(changes.newest) > before  # its numbers go on after those that were copied
        await database.close()

    asyncio.run(look())


def test_a_move_that_broke_off_goes_on_where_it_stopped(
    source: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable, "_BATCH", 7)
    insert, inserted = PostgresqlSide.insert, []

    def breaking(side: PostgresqlSide, table: Table, rows: Sequence[Row]) -> None:
        if table.name == "access_tokens" and len(inserted) == 3:
            raise ConnectionError("the line is cut")
        insert(side, table, rows)
        if table.name == "access_tokens":
            inserted.append(len(rows))

    monkeypatch.setattr(PostgresqlSide, "insert", breaking)
    with pytest.raises(ConnectionError):
        move(source, postgresql_url, silent)
    monkeypatch.setattr(PostgresqlSide, "insert", insert)
    copied = {each.table: each.rows for each in move(source, postgresql_url, silent)}
    assert copied["access_tokens"] == 40 - 21

    async def look() -> None:
        database = await PostgresqlDatabase.open(postgresql_url)
        await holds_everything(database)
        await database.close()

    asyncio.run(look())


def test_a_source_that_was_written_meanwhile_is_noticed_and_moved_anew(
    source: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(portable, "_BATCH", 10)

    def write_meanwhile(_: str) -> None:
        with sqlite3.connect(source) as connection:
            first = "(SELECT min(digest) FROM access_tokens)"  # copied by then
            connection.execute(f"UPDATE access_tokens SET client_id = ? WHERE digest = {first}", (seed.RIVAL,))

    with pytest.raises(StartupError, match="access_tokens differ after copying"):
        move(source, postgresql_url, write_meanwhile)
    assert {each.table: each.rows for each in move(source, postgresql_url, silent)}["access_tokens"] == 40


def test_a_database_that_holds_a_store_is_not_written_over(source: Path, postgresql_url: str) -> None:
    move(source, postgresql_url, silent)
    with pytest.raises(StartupError, match="holds a store already"):
        move(source, postgresql_url, silent)


async def test_a_snapshot_of_sqlite_holds_what_was_committed_and_works(source: Path, tmp_path: Path) -> None:
    writing = SqliteDatabase(source)
    late = make_secret(ACCESS_TOKEN)
    await add(writing, [late])
    await asyncio.to_thread(snapshot_of_sqlite, source, tmp_path / "copy.db")
    await add(writing, [make_secret(ACCESS_TOKEN)])
    await writing.close()
    database = SqliteDatabase(tmp_path / "copy.db")
    await holds_everything(database)
    assert await database.read(tokens.find_access_token, digest(late)) == token(late)
    await database.close()


def test_a_snapshot_of_postgresql_is_a_sqlite_store(source: Path, postgresql_url: str, tmp_path: Path) -> None:
    move(source, postgresql_url, silent)
    snapshot_of_postgresql(postgresql_url, tmp_path / "copy.db")

    async def look() -> None:
        database = SqliteDatabase(tmp_path / "copy.db")
        await holds_everything(database)
        await database.close()

    asyncio.run(look())
