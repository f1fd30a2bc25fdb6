"""SQLite: reads in the event loop's own thread, writes in one dedicated thread that commits in groups.

A read by key takes microseconds and WAL keeps writers out of its way, so a hop to a thread would cost more than it
saves. A write waits for the next group: the writer takes the advisory file lock first and what is waiting second,
so that two processes writing one file alternate instead of starving in SQLite's own busy handler.
"""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from typing import Final
from typing import NoReturn

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Unavailable
from gatewright.store.counter import ChangeCounter
from gatewright.store.database import NotTogether
from gatewright.store.database import P
from gatewright.store.database import Row
from gatewright.store.database import T
from gatewright.store.database import Together
from gatewright.store.database import Verb
from gatewright.store.database import together_of

_LARGEST_GROUP: Final = 512
_LARGEST_TOGETHER: Final = 16  # each size has a statement of its own, which the connection keeps
MEND: Final = "stop the server, move the file away and restore a backup: gatewright restore FILE"
_BUSY_MILLISECONDS: Final = 5000


class SqliteTransaction:
    """One transaction on one connection; knows whether it announced a change."""

    __slots__ = ("_cursor", "_on_announce")

    def __init__(self, connection: sqlite3.Connection, on_announce: Callable[[], None]) -> None:
        self._cursor = connection.cursor()
        self._on_announce = on_announce

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        """All rows of a query."""
        return self._cursor.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The first row, or None."""
        found = self._cursor.execute(sql, parameters).fetchall()  # to its end: an open query would let the log grow
        return found[0] if found else None

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement; the number of rows it changed."""
        return self._cursor.execute(sql, parameters).rowcount

    def announce(self, kind: str, key: str, now: int) -> None:
        """Record a change that caches must follow."""
        self._on_announce()
        self.execute("INSERT INTO changes (kind, name, at) VALUES (?, ?, ?)", (kind, key, now))

    def alone(self) -> None:
        """SQLite has one writer at a time as it is."""


class SqliteReader(SqliteTransaction):
    """For verbs that only read."""

    __slots__ = ()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Refuse."""
        return _refuse()


class Damaged(Unavailable):
    """The file holds what no SQLite wrote."""


class _DamagedReader(SqliteReader):
    """In place of a reader of a damaged file."""

    __slots__ = ()

    def __init__(self) -> None:
        """Without a connection."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        """Refuse."""
        raise Damaged(f"the database file is damaged; {MEND}")

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """Refuse."""
        raise Damaged(f"the database file is damaged; {MEND}")


_DAMAGED: Final = _DamagedReader()


def connect(path: Path) -> sqlite3.Connection:
    """A connection as the store uses it: WAL, `synchronous=FULL`, foreign keys enforced."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-1024")
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection


class _Job:
    """A verb that waits for the next group, and the future its caller waits on."""

    __slots__ = ("args", "error", "future", "kwargs", "result", "verb")

    def __init__(
        self, verb: Callable[..., object], args: Sequence[Any], kwargs: Mapping[str, Any], future: asyncio.Future[Any]
    ) -> None:
        self.verb, self.args, self.kwargs = verb, args, kwargs
        self.future = future
        self.result: object = None
        self.error: BaseException | None = None

    def run(self, transaction: SqliteTransaction) -> None:
        self.result = self.verb(transaction, *self.args, **self.kwargs)


class SqliteDatabase:
    """A store in one file, shared by all processes of one machine. Belongs to the event loop it was opened in."""

    def __init__(self, path: Path) -> None:
        """Open the migrated database at `path`, and the change counter and lock beside it."""
        self.feed = ChangeCounter(path.with_suffix(".changes"))
        self._loop = asyncio.get_running_loop()
        self._readers_connection = connect(path)
        self._readers_connection.execute("PRAGMA query_only=ON")
        self._reader = SqliteReader(self._readers_connection, _refuse)
        self._connection = connect(path)
        self._lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._gathered: list[_Job] = []
        self._waiting: SimpleQueue[list[_Job] | None] = SimpleQueue()
        self.waiting = 0
        self.trouble = ""
        self._announced = False
        self._closed = False
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.feed.end_change()  # odd with the lock free: a process died in mid-commit
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        self._thread = threading.Thread(target=self._serve, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that only reads, at once and in this thread."""
        try:
            return verb(self._reader, *args, **kwargs)
        except sqlite3.Error as error:
            translated = _translated(error)
            self._note(translated)
            raise translated from error

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb with the next group; returns after its commit is on disk."""
        if self._closed or self._reader is _DAMAGED:
            raise Unavailable(self.trouble or "the database is closed")
        future: asyncio.Future[T] = self._loop.create_future()
        self.waiting += 1
        self._gathered.append(_Job(verb, args, kwargs, future))
        if len(self._gathered) == 1:
            self._loop.call_soon(self._hand_over)
        return await future

    async def close(self) -> None:
        """Commit what is waiting, then close."""
        self._closed = True
        self._hand_over()
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()
        self._readers_connection.close()
        os.close(self._lock)
        self.feed.close()

    def _hand_over(self) -> None:
        """Wake the writer once for all that came up in this turn of the loop."""
        jobs, self._gathered = self._gathered, []
        if jobs:
            self._waiting.put(jobs)

    def _begin_change(self) -> None:
        if not self._announced:
            self._announced = True
            self.feed.begin_change()

    def _serve(self) -> None:
        """The writer thread: lock, take what waits, commit, answer."""
        transaction = SqliteTransaction(self._connection, self._begin_change)
        stopping = False
        while not stopping:
            first = self._waiting.get()
            if first is None:
                return
            fcntl.flock(self._lock, fcntl.LOCK_EX)
            try:
                self.feed.end_change()  # of a process that died in mid-commit
                group, stopping = self._take(first)
                self._commit(transaction, group)
            finally:
                fcntl.flock(self._lock, fcntl.LOCK_UN)
            self._loop.call_soon_threadsafe(self._answer, group)

    def _answer(self, group: list[_Job]) -> None:
        self.waiting -= len(group)
        if self.trouble and self._reader is not _DAMAGED:
            self.trouble = ""
        for job in group:
            if job.error is not None:
                self._note(job.error)
            if job.future.done():
                continue
            if job.error is None:
                job.future.set_result(job.result)
            else:
                job.future.set_exception(job.error)

    def _note(self, error: BaseException) -> None:
        """After damage nothing is asked of the file again: what is not found in it may well be there."""
        if isinstance(error, Damaged):
            self._reader = _DAMAGED
        if isinstance(error, Unavailable):
            self.trouble = self.trouble or str(error)

    def _take(self, first: list[_Job]) -> tuple[list[_Job], bool]:
        group = first
        while len(group) < _LARGEST_GROUP and not self._waiting.empty():
            jobs = self._waiting.get()
            if jobs is None:
                return group, True
            group += jobs
        return group, False

    def _commit(self, transaction: SqliteTransaction, group: list[_Job]) -> None:
        """Commit the group as one; when a verb fails, once more with a savepoint around each."""
        error = self._attempt(transaction, group, _run_together)
        if error is not None and len(group) > 1:
            error = self._attempt(transaction, group, _run_apart)
        if error is not None:
            for job in group:
                job.error = error

    def _attempt(
        self, transaction: SqliteTransaction, group: list[_Job], run: Callable[[SqliteTransaction, list[_Job]], None]
    ) -> BaseException | None:
        self._announced = False
        try:
            transaction.execute("BEGIN IMMEDIATE")
            run(transaction, group)
            transaction.execute("COMMIT")
        except BaseException as error:  # whatever a verb raises belongs to its caller, in the other thread
            if self._connection.in_transaction:
                self._connection.rollback()
            return _translated(error)
        else:
            return None
        finally:
            if self._announced:
                self.feed.end_change()


def _run_together(transaction: SqliteTransaction, group: list[_Job]) -> None:
    """Calls of the same verb as one, if it can: each statement hands the interpreter over to another thread and back."""
    of_verbs: dict[Callable[..., object], list[_Job]] = {}
    for job in group:
        of_verbs.setdefault(job.verb, []).append(job)
    for verb, jobs in of_verbs.items():
        run = together_of(verb)
        for begin in range(0, len(jobs), _LARGEST_TOGETHER):
            part = jobs[begin : begin + _LARGEST_TOGETHER]
            if run is None or len(part) == 1 or not _ran_together(transaction, part, run):
                for job in part:
                    job.run(transaction)


def _ran_together(transaction: SqliteTransaction, jobs: list[_Job], run: Together) -> bool:
    transaction.execute("SAVEPOINT together")
    try:
        results = run(transaction, [(job.args, job.kwargs) for job in jobs])
    except NotTogether:
        transaction.execute("ROLLBACK TO together")
        return False
    finally:
        transaction.execute("RELEASE together")
    for job, result in zip(jobs, results, strict=True):
        job.result = result
    return True


def _run_apart(transaction: SqliteTransaction, group: list[_Job]) -> None:
    for job in group:
        transaction.execute("SAVEPOINT verb")
        try:
            job.run(transaction)
        except BaseException as error:  # kept for its caller; fails again, for all, if the transaction is gone
            transaction.execute("ROLLBACK TO verb")
            job.error = _translated(error)
        transaction.execute("RELEASE verb")


def _translated(error: BaseException) -> BaseException:
    translated: BaseException = error
    if isinstance(error, sqlite3.IntegrityError):
        translated = Conflict("that name is taken, or something it refers to is gone")
    elif isinstance(error, sqlite3.DatabaseError) and _is_damage(error):
        translated = Damaged(f"the database file is damaged ({error}); {MEND}")
    elif isinstance(error, sqlite3.OperationalError):
        translated = Unavailable(f"the database does not work now ({error})")
    if translated is not error:
        translated.__cause__ = error
    return translated


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _refuse() -> NoReturn:
    raise AssertionError("a verb that changes something ran as a read")
