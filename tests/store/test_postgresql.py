"""What is PostgreSQL's own: order among nodes, lost connections, unknown commits, refusals at start."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from gatewright.kernel.errors import StartupError
from gatewright.kernel.errors import Unavailable
from gatewright.store import changes
from gatewright.store import clients
from gatewright.store import failures
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.directory import Directory
from gatewright.store.migrate import migrate_postgresql
from gatewright.store.open import open_database
from gatewright.store.postgresql import PostgresqlDatabase
from tests.store.conftest import execute
from tests.store.makers import NOW
from tests.store.makers import client
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import sha
from tests.store.makers import user
from tests.store.postgresql_cluster import Cluster

TERMINATE_OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
DIE_AT_COMMIT = """
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON access_tokens DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die()
"""


@pytest.fixture
async def node(postgresql_url: str) -> AsyncIterator[PostgresqlDatabase]:
    database = await PostgresqlDatabase.open(postgresql_url)
    yield database
    await database.close()


@pytest.fixture
async def other_node(postgresql_url: str) -> AsyncIterator[PostgresqlDatabase]:
    database = await PostgresqlDatabase.open(postgresql_url)
    yield database
    await database.close()


@pytest.fixture
def outside(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """A connection that no engine of ours knows of."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


async def test_an_announcing_transaction_waits_for_the_one_before_so_that_ids_appear_in_order(
    node: PostgresqlDatabase, other_node: PostgresqlDatabase
) -> None:
    announced, go_on = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        transaction.announce("client", "first", NOW)
        announced.set()
        go_on.wait(5)

    def quick(transaction: Transaction) -> None:
        transaction.announce("client", "second", NOW)

    start = await node.read(changes.newest)
    first = asyncio.ensure_future(node.write(slow))
    await asyncio.to_thread(announced.wait, 5)
    second = asyncio.ensure_future(other_node.write(quick))
    done, _ = await asyncio.wait([second], timeout=0.2)
    assert not done
    go_on.set()
    await asyncio.gather(first, second)
    followed = await node.read(changes.since, start)
    assert followed is not None
    assert [change.name for change in followed] == ["first", "second"]


async def test_a_change_of_this_node_is_followed_at_once(node: PostgresqlDatabase) -> None:
    directory = Directory(node)
    await node.write(clients.insert, client("c1"))
    assert await directory.client("c1") is not None
    await node.write(clients.update, client("c1", enabled=False))
    assert node.feed.position() in (
        await node.read(changes.newest),
        None,
    )  # None: not asked yet, and nothing is remembered
    found = await directory.client("c1")
    assert found is not None
    assert not found.client.enabled


async def test_a_change_of_another_node_is_followed_within_a_second(
    node: PostgresqlDatabase, other_node: PostgresqlDatabase
) -> None:
    directory = Directory(node)
    await node.write(clients.insert, client("c1"))
    await directory.client("c1")
    await other_node.write(clients.update, client("c1", enabled=False))
    await asyncio.sleep(1)
    found = await directory.client("c1")
    assert found is not None
    assert not found.client.enabled


async def test_a_database_that_went_back_in_time_is_followed(
    node: PostgresqlDatabase, outside: psycopg.Connection
) -> None:
    directory = Directory(node)
    await node.write(clients.insert, client("c1"))
    await node.write(clients.update, client("c1", description="lost by a failover"))
    assert await directory.client("c1") is not None
    outside.execute("DELETE FROM changes WHERE id = (SELECT max(id) FROM changes)")
    outside.execute("DELETE FROM clients")
    newest = await node.read(changes.newest)
    deadline = time.monotonic() + 10
    while node.feed.position() != newest:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    assert await directory.client("c1") is None


async def test_verbs_that_deadlock_are_run_again_until_both_are_done(
    node: PostgresqlDatabase, other_node: PostgresqlDatabase
) -> None:
    for grant_id in ("g1", "g2"):
        token = own_token(f"at-{grant_id}", grant_id=grant_id)
        await node.write(tokens.add_grant, grant(grant_id), token, None)
    both_hold_one = threading.Barrier(2, timeout=30)
    runs: list[str] = []

    def lock_both(transaction: Transaction, first: str, second: str) -> None:
        runs.append(first)
        transaction.execute("UPDATE grants SET refreshes_used = refreshes_used + 1 WHERE id = ?", (first,))
        if len(runs) <= 2:
            both_hold_one.wait()
        transaction.execute("UPDATE grants SET refreshes_used = refreshes_used + 1 WHERE id = ?", (second,))

    await asyncio.gather(node.write(lock_both, "g1", "g2"), other_node.write(lock_both, "g2", "g1"))
    assert len(runs) >= 3
    for grant_id in ("g1", "g2"):
        found = await node.read(tokens.find_grant, grant_id)
        assert found is not None
        assert found.refreshes_used == 2


async def test_connections_that_the_server_ended_are_replaced_unnoticed(
    node: PostgresqlDatabase, outside: psycopg.Connection
) -> None:
    await asyncio.gather(*(node.read(clients.find, "c1") for _ in range(20)))
    outside.execute(TERMINATE_OTHERS)
    await node.write(tokens.add_access_token, own_token())
    outside.execute(TERMINATE_OTHERS)
    assert await node.read(tokens.find_access_token, sha("at1")) is not None


async def test_a_connection_lost_before_the_commit_runs_the_verb_again_and_does_it_once(
    node: PostgresqlDatabase, outside: psycopg.Connection
) -> None:
    runs = []

    def verb(transaction: Transaction) -> None:
        runs.append(1)
        failures.count(transaction, ["ada"], 300, NOW)
        if len(runs) == 1:
            outside.execute(TERMINATE_OTHERS)
        transaction.row("SELECT 1")

    await node.write(verb)
    assert len(runs) == 2
    assert await node.read(failures.blocked_until, ["ada"], 1, NOW) == NOW + 300
    assert await node.read(failures.blocked_until, ["ada"], 2, NOW) == 0


async def test_a_commit_whose_answer_is_lost_is_unavailable_and_never_run_again(
    node: PostgresqlDatabase, outside: psycopg.Connection
) -> None:
    outside.execute(DIE_AT_COMMIT)
    runs = []

    def verb(transaction: Transaction) -> None:
        runs.append(1)
        tokens.add_access_token(transaction, own_token())

    try:
        with pytest.raises(Unavailable, match="unknown"):
            await node.write(verb)
    finally:
        outside.execute("DROP FUNCTION die CASCADE")
    assert len(runs) == 1
    await node.write(verb)


async def test_a_verb_that_goes_on_after_a_failed_statement_is_not_said_to_be_done(node: PostgresqlDatabase) -> None:
    def careless(transaction: Transaction) -> None:
        for _ in range(2):
            try:
                tokens.add_access_token(transaction, own_token())
            except psycopg.Error:
                return

    with pytest.raises(AssertionError):
        await node.write(careless)


async def test_a_lock_that_is_not_given_in_time_is_unavailable(
    node: PostgresqlDatabase, outside: psycopg.Connection
) -> None:
    await node.write(users.insert, user())

    def hurry(transaction: Transaction) -> None:
        transaction.execute("SET LOCAL lock_timeout = '20ms'")
        transaction.execute("UPDATE users SET enabled = 0")

    with outside.transaction():
        outside.execute("UPDATE users SET enabled = 0")
        with pytest.raises(Unavailable):
            await node.write(hurry)
    await node.write(hurry)


async def test_waits_are_bounded_and_commits_durable(node: PostgresqlDatabase) -> None:
    def setting(transaction: Transaction, name: str) -> object:
        row = transaction.row("SELECT current_setting(?)", (name,))
        return row and row[0]

    assert await node.read(setting, "synchronous_commit") == "on"
    assert await node.read(setting, "statement_timeout") == "15s"
    assert await node.read(setting, "lock_timeout") == "5s"


async def test_while_the_server_is_down_calls_are_refused_and_nothing_remembered_is_used(
    cluster: Cluster, node: PostgresqlDatabase
) -> None:
    directory = Directory(node)
    await node.write(clients.insert, client("c1"))
    await directory.client("c1")
    cluster.stop()
    try:
        with pytest.raises(Unavailable):
            await node.read(clients.find, "c1")
        with pytest.raises(Unavailable):
            await node.write(tokens.add_access_token, own_token())
        await asyncio.sleep(1)
        assert node.feed.position() is None
        with pytest.raises(Unavailable):
            await directory.client("c1")
    finally:
        cluster.start()
    assert await directory.client("c1") is not None
    await node.write(tokens.add_access_token, own_token())
    async with asyncio.timeout(10):
        while node.feed.position() is None:  # noqa: ASYNC110  the poller knows nothing of us
            await asyncio.sleep(0.05)


async def test_closing_finishes_what_waits_and_then_refuses(postgresql_url: str) -> None:
    database = await PostgresqlDatabase.open(postgresql_url)
    waiting = [asyncio.ensure_future(database.write(tokens.add_access_token, own_token(f"at{n}"))) for n in range(30)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(Unavailable):
        await database.write(tokens.add_access_token, own_token("late"))


async def test_a_name_with_a_nul_character_is_nobodys_and_its_failures_are_counted(node: PostgresqlDatabase) -> None:
    assert await node.read(users.find_named, "ada\0") is None
    await node.write(failures.count, ["ada\0"], 300, NOW)
    assert await node.read(failures.blocked_until, ["ada\0"], 1, NOW) == NOW + 300
    assert await node.read(failures.blocked_until, ["ada"], 1, NOW) == 0


async def test_a_database_without_tables_is_refused_with_the_command_that_mends_it(
    cluster: Cluster, tmp_path: Path
) -> None:
    execute(cluster.url("postgres"), "CREATE DATABASE bare")
    url = cluster.url("bare")
    with pytest.raises(StartupError, match=r"has no tables yet; run: gatewright migrate"):
        await open_database(url, tmp_path)
    threads = [threading.Thread(target=migrate_postgresql, args=(url,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database = await open_database(url, tmp_path)
    assert isinstance(database, PostgresqlDatabase)
    await database.close()
    execute(cluster.url("postgres"), "DROP DATABASE bare WITH (FORCE)")


@pytest.mark.parametrize(("version", "message"), [("9999", "newer Gatewright"), ("0000", "run: gatewright migrate")])
async def test_a_database_of_another_release_is_refused(
    postgresql_url: str, outside: psycopg.Connection, version: str, message: str
) -> None:
    outside.execute("UPDATE alembic_version SET version_num = %s", (version,))
    with pytest.raises(StartupError, match=message):
        await PostgresqlDatabase.open(postgresql_url)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://gatewright:pa55word@127.0.0.1:1/gatewright",
        "postgresql://gatewright:pa55word@host:pa55word/gatewright",
        "postgresql://gatewright:pa55word%@host/gatewright",
    ],
)
async def test_an_unreachable_database_is_refused_in_one_line_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(StartupError) as refused:
        await open_database(url, tmp_path)
    assert "\n" not in str(refused.value)
    assert "pa55word" not in str(refused.value)


async def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"sqlite or a postgresql:// URL, not mysql$"):
        await open_database("mysql://root:pa55word@host/x", tmp_path)
