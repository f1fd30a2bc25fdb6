"""What is SQLite's own: groups, one file under several processes, and what a killed process leaves."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from collections.abc import Iterator
from pathlib import Path

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Unavailable
from gatewright.store import changes
from gatewright.store import tokens
from gatewright.store.counter import ChangeCounter
from gatewright.store.database import Transaction
from gatewright.store.directory import Directory
from gatewright.store.sqlite import SqliteDatabase
from tests.store.makers import NOW
from tests.store.makers import own_token
from tests.store.makers import sha

WRITER = """
import asyncio, sys
from pathlib import Path
from gatewright.store import tokens
from gatewright.store.sqlite import SqliteDatabase
from tests.store.makers import own_token

async def main(path, name, count):
    database = SqliteDatabase(Path(path))
    print("ready", flush=True)
    sys.stdin.readline()
    async def issue(n):
        await database.write(tokens.add_access_token, own_token(f"{name}{n}"))
        print(n, flush=True)
    for start in range(0, count, 8):
        await asyncio.gather(*(issue(n) for n in range(start, start + 8)))
    await database.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""

DIES_IN_MID_COMMIT = """
import asyncio, os, sys
from pathlib import Path
from gatewright.store.sqlite import SqliteDatabase

def announce_and_die(transaction):
    transaction.announce("client", "c1", 0)
    os._exit(9)

async def main():
    await SqliteDatabase(Path(sys.argv[1])).write(announce_and_die)

asyncio.run(main())
"""


def start(program: str, *arguments: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def stall(sqlite_path: Path) -> Iterator[threading.Event]:
    """Set it to let the verb `_wait` go on; set at the end in any case."""
    event = threading.Event()
    yield event
    event.set()


async def together(database: SqliteDatabase, stall: threading.Event, *verbs: object) -> list[object]:
    """Run the verbs in one group: they queue up behind a verb that waits."""

    def wait(_: Transaction) -> None:
        stall.wait(10)

    first = asyncio.ensure_future(database.write(wait))
    rest = [asyncio.ensure_future(database.write(verb)) for verb in verbs]  # type: ignore[arg-type,call-arg]
    await asyncio.sleep(0.02)
    stall.set()
    await first
    return await asyncio.gather(*rest, return_exceptions=True)


@pytest.fixture
async def sqlite(sqlite_path: Path) -> AsyncIterator[SqliteDatabase]:
    database = SqliteDatabase(sqlite_path)
    yield database
    await database.close()


async def test_waiting_verbs_share_one_commit(sqlite: SqliteDatabase, stall: threading.Event) -> None:
    seen: list[tuple[int, bool]] = []

    def insert(number: int) -> object:
        def verb(transaction: Transaction) -> None:
            connection = sqlite3.connect(sqlite_file(transaction))
            committed = connection.execute("SELECT count(*) FROM audit").fetchone()[0]
            connection.close()
            seen.append((number, committed == 0))
            transaction.execute(
                "INSERT INTO audit (id, at, actor, action, target) VALUES (?, 0, '', '', '')", (str(number),)
            )

        return verb

    await together(sqlite, stall, *(insert(n) for n in range(3)))
    assert seen == [(0, True), (1, True), (2, True)]  # none saw another's row committed


def sqlite_file(transaction: Transaction) -> str:
    row = transaction.row("PRAGMA database_list")
    assert row is not None
    return str(row[2])


async def test_a_failing_verb_takes_back_its_own_rows_and_harms_no_other_of_its_group(
    sqlite: SqliteDatabase, stall: threading.Event
) -> None:
    def fail(transaction: Transaction) -> None:
        tokens.add_access_token(transaction, own_token("failing"))
        raise LookupError("mine")

    def clash(transaction: Transaction) -> None:
        tokens.add_access_token(transaction, own_token("at0"))

    def add(name: str) -> object:
        return lambda transaction: tokens.add_access_token(transaction, own_token(name)) or name

    answers = await together(sqlite, stall, add("at0"), fail, add("at1"), clash, add("at2"))
    assert [type(answer) for answer in answers] == [str, LookupError, str, Conflict, str]
    for name, is_kept in (("at0", True), ("at1", True), ("at2", True), ("failing", False)):
        assert (await sqlite.read(tokens.find_access_token, sha(name)) is not None) == is_kept


async def test_a_caller_that_went_away_harms_no_other_of_its_group(
    sqlite: SqliteDatabase, stall: threading.Event
) -> None:
    def wait(_: Transaction) -> None:
        stall.wait(10)

    first = asyncio.ensure_future(sqlite.write(wait))
    gone = asyncio.ensure_future(sqlite.write(tokens.add_access_token, own_token("gone")))
    stays = asyncio.ensure_future(sqlite.write(tokens.add_access_token, own_token("stays")))
    await asyncio.sleep(0)
    gone.cancel()
    stall.set()
    await asyncio.gather(first, stays)
    assert await sqlite.read(tokens.find_access_token, sha("stays")) is not None


async def test_closing_finishes_what_waits_and_then_refuses(sqlite_path: Path) -> None:
    database = SqliteDatabase(sqlite_path)
    waiting = [asyncio.ensure_future(database.write(tokens.add_access_token, own_token(f"at{n}"))) for n in range(5)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(Unavailable):
        await database.write(tokens.add_access_token, own_token("late"))


async def test_taking_the_first_of_many_rows_leaves_no_read_open_that_would_let_the_log_grow(
    sqlite: SqliteDatabase, sqlite_path: Path
) -> None:
    def first_name(transaction: Transaction) -> object:
        return transaction.row("SELECT name FROM groups ORDER BY name")

    assert await sqlite.read(first_name) == ("Administrators",)
    await sqlite.write(tokens.add_access_token, own_token())
    outside = sqlite3.connect(sqlite_path)
    is_busy, _, _ = outside.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    outside.close()
    assert is_busy == 0


async def test_a_database_that_cannot_be_written_is_unavailable_and_writes_again_later(
    sqlite: SqliteDatabase, sqlite_path: Path
) -> None:
    sqlite._connection.execute("PRAGMA busy_timeout=10")
    foreign = sqlite3.connect(sqlite_path)
    foreign.execute("BEGIN IMMEDIATE")  # a tool that holds the write lock and knows nothing of our lock file
    with pytest.raises(Unavailable, match="locked"):
        await sqlite.write(tokens.add_access_token, own_token())
    foreign.close()
    await sqlite.write(tokens.add_access_token, own_token())


async def test_commits_are_synced_to_disk(sqlite: SqliteDatabase) -> None:
    assert sqlite._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert sqlite._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


async def test_the_counter_is_odd_while_a_change_is_committed_and_another_even_number_after(
    sqlite: SqliteDatabase,
) -> None:
    during: list[int | None] = []

    def change(transaction: Transaction) -> None:
        transaction.announce("client", "c1", NOW)
        during.append(sqlite.feed.position())

    before = sqlite.feed.position()
    await sqlite.write(change)
    after = sqlite.feed.position()
    assert during == [None]
    assert before is not None
    assert after is not None
    assert after != before


async def test_the_counter_stays_when_nothing_is_announced(sqlite: SqliteDatabase) -> None:
    before = sqlite.feed.position()
    await sqlite.write(tokens.add_access_token, own_token())
    assert sqlite.feed.position() == before


async def test_the_counter_is_even_again_after_a_change_that_failed(sqlite: SqliteDatabase) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.announce("client", "c1", NOW)
        raise LookupError

    newest = await sqlite.read(changes.newest)
    with pytest.raises(LookupError):
        await sqlite.write(fail)
    assert sqlite.feed.position() is not None
    assert await sqlite.read(changes.newest) == newest


def test_a_counter_is_one_number_for_all_who_map_the_file(tmp_path: Path) -> None:
    here, there = ChangeCounter(tmp_path / "x.changes"), ChangeCounter(tmp_path / "x.changes")
    assert here.position() == there.position() == 0
    here.begin_change()
    assert there.position() is None
    here.begin_change()
    here.end_change()
    assert here.position() == there.position() == 2
    here.end_change()
    assert there.position() == 2
    here.close()
    again = ChangeCounter(tmp_path / "x.changes")
    assert again.position() == 2
    again.close()
    there.close()


async def test_after_a_crash_in_mid_commit_caches_rest_until_the_next_write_and_then_work(
    sqlite: SqliteDatabase, sqlite_path: Path
) -> None:
    before = sqlite.feed.position()
    died = start(DIES_IN_MID_COMMIT, str(sqlite_path))
    died.communicate(timeout=20)
    assert died.returncode == 9
    assert sqlite.feed.position() is None
    directory = Directory(sqlite)
    assert await directory.client("c1") is None
    await sqlite.write(tokens.add_access_token, own_token())
    after = sqlite.feed.position()
    assert after is not None
    assert after != before


async def test_whoever_opens_the_file_after_a_crash_mends_the_counter(sqlite_path: Path) -> None:
    counter = ChangeCounter(sqlite_path.with_suffix(".changes"))
    counter.begin_change()
    database = SqliteDatabase(sqlite_path)
    assert counter.position() == 2
    await database.close()
    counter.close()


async def test_two_processes_write_one_file_and_every_row_of_both_is_there(
    sqlite: SqliteDatabase, sqlite_path: Path
) -> None:
    writers = {name: start(WRITER, str(sqlite_path), name, "200") for name in ("a", "b")}
    for writer in writers.values():
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for name, writer in writers.items():
        written, _ = writer.communicate("go\n", timeout=30)
        assert writer.returncode == 0, name
        assert len(written.split()) == 200
    for name in writers:
        found = [await sqlite.read(tokens.find_access_token, sha(f"{name}{n}")) for n in range(200)]
        assert None not in found


async def test_a_killed_writer_loses_no_row_that_it_acknowledged(sqlite: SqliteDatabase, sqlite_path: Path) -> None:
    writer = start(WRITER, str(sqlite_path), "k", "100000")
    assert writer.stdin is not None
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    writer.stdin.write("go\n")
    writer.stdin.flush()
    acknowledged = [writer.stdout.readline() for _ in range(300)]
    writer.send_signal(signal.SIGKILL)
    acknowledged += writer.stdout.readlines()
    writer.wait()
    writer.stdin.close()
    writer.stdout.close()
    complete = [int(line) for line in acknowledged if line.endswith("\n")]
    assert len(complete) >= 300
    found = [await sqlite.read(tokens.find_access_token, sha(f"k{n}")) for n in complete]
    assert None not in found
    await sqlite.write(tokens.add_access_token, own_token("after"))
    check = sqlite3.connect(sqlite_path)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()
