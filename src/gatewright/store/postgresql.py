"""PostgreSQL: verbs run in a bounded pool of threads, each with a connection of its own.

A verb may run several times: after a deadlock, and after a connection that broke before the commit was sent. When
the answer to the commit itself is lost, nobody knows whether it was done, and the caller is told Unavailable.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Final
from typing import NoReturn

import psycopg
from psycopg import errors

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Unavailable
from gatewright.store.database import P
from gatewright.store.database import Row
from gatewright.store.database import T
from gatewright.store.database import Verb
from gatewright.store.migrate import postgresql_version
from gatewright.store.migrate import require_newest
from gatewright.store.poller import ChangePoller
from gatewright.store.postgresql_connection import Connection
from gatewright.store.postgresql_connection import connect
from gatewright.store.postgresql_connection import connect_at_start
from gatewright.store.postgresql_connection import place
from gatewright.store.postgresql_connection import with_numbered_parameters

_THREADS: Final = 10
_PATIENCE_SECONDS: Final = 5.0  # what a verb may wait for a thread, and spend on being run again
_CHANGE_LOCK: Final = 0x6761746577  # any number that nobody else locks


class PostgresqlTransaction:
    """One transaction on one connection; knows the last change it announced."""

    __slots__ = ("_cursor", "announced")

    def __init__(self, connection: Connection) -> None:
        self._cursor = connection.cursor(binary=True)
        self.announced: int | None = None

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        """All rows of a query."""
        self._run(sql, parameters)
        return self._cursor.fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """The first row, or None."""
        self._run(sql, parameters)
        return self._cursor.fetchone()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a statement; the number of rows it changed."""
        self._run(sql, parameters)
        return self._cursor.rowcount

    def announce(self, kind: str, key: str, now: int) -> None:
        """Record a change that caches must follow. One announcing transaction at a time: ids appear in order."""
        if self.announced is None:
            self.alone()
        row = self.row("INSERT INTO changes (kind, name, at) VALUES (?, ?, ?) RETURNING id", (kind, key, now))
        self.announced = row[0] if row else None

    def alone(self) -> None:
        """Let no other transaction run that announces, or is alone."""
        self._run(f"SELECT pg_advisory_xact_lock({_CHANGE_LOCK})", ())

    def _run(self, sql: str, parameters: Sequence[object]) -> None:
        try:
            self._cursor.execute(with_numbered_parameters(sql), parameters)
        except psycopg.DataError:
            if not any(isinstance(value, str) and "\0" in value for value in parameters):
                raise
            # PostgreSQL's text holds no NUL: the replacement character stands for it, in what is kept and sought.
            plain = [value.replace("\0", "\ufffd") if isinstance(value, str) else value for value in parameters]
            self._cursor.execute(with_numbered_parameters(sql), plain)


class PostgresqlReader(PostgresqlTransaction):
    """For verbs that only read."""

    __slots__ = ()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Refuse."""
        _refuse()

    def announce(self, kind: str, key: str, now: int) -> None:
        """Refuse."""
        _refuse()


class PostgresqlDatabase:
    """A store that many nodes share. Belongs to the event loop it was opened in."""

    def __init__(self, url: str) -> None:
        self.feed = ChangePoller(partial(connect, url))
        self._url = url
        self._loop = asyncio.get_running_loop()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="postgresql")
        self._of_thread = threading.local()
        self._connections: set[Connection] = set()
        self.waiting = 0
        self.trouble = ""  # the next call may meet a database that is well again
        self._closed = False
        self.feed.start()

    @classmethod
    async def open(cls, url: str) -> "PostgresqlDatabase":
        """Open the migrated database at `url`. Raises StartupError when it is not there or not at this schema."""
        await asyncio.to_thread(_check_schema, url)
        return cls(url)

    async def read(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb that only reads; each of its queries sees what is committed when it begins."""
        return await self._in_thread(self._look, lambda transaction: verb(transaction, *args, **kwargs))

    async def write(self, verb: Verb[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a verb in a transaction; returns after its commit is on disk."""
        return await self._in_thread(self._commit, lambda transaction: verb(transaction, *args, **kwargs))

    async def close(self) -> None:
        """Finish what is waiting, then close."""
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
        await asyncio.to_thread(self.feed.stop)
        for connection in self._connections:
            connection.close()

    async def _in_thread(
        self,
        run: Callable[[Connection, Callable[[PostgresqlTransaction], T]], T],
        verb: Callable[[PostgresqlTransaction], T],
    ) -> T:
        if self._closed:
            raise Unavailable("the database is closed")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        self.waiting += 1
        try:
            return await self._loop.run_in_executor(self._threads, self._run, run, verb, deadline)
        finally:
            self.waiting -= 1

    def _run(
        self,
        run: Callable[[Connection, Callable[[PostgresqlTransaction], T]], T],
        verb: Callable[[PostgresqlTransaction], T],
        deadline: float,
    ) -> T:
        """Run the verb until it is known how it ended, or `deadline`."""
        while time.monotonic() < deadline:
            connection = self._connection()
            try:
                return run(connection, verb)
            except (errors.SerializationFailure, errors.DeadlockDetected):
                time.sleep(random.uniform(0, 0.02))  # noqa: S311  # so that the same two do not meet again
            except errors.IntegrityError as error:
                raise Conflict("that name is taken, or something it refers to is gone") from error
            except (psycopg.OperationalError, errors.ReadOnlySqlTransaction) as error:
                if not _is_lost(connection, error):
                    raise Unavailable("the database does not answer in time") from error
                self._drop(connection)
                time.sleep(0.1)
        raise Unavailable("the database does not answer in time")

    def _look(self, connection: Connection, verb: Callable[[PostgresqlTransaction], T]) -> T:
        return verb(PostgresqlReader(connection))

    def _commit(self, connection: Connection, verb: Callable[[PostgresqlTransaction], T]) -> T:
        transaction = PostgresqlTransaction(connection)
        transaction.execute("BEGIN")
        try:
            result = verb(transaction)
        except BaseException:
            with suppress(psycopg.Error):
                connection.execute("ROLLBACK")
            raise
        _end(connection)
        if transaction.announced is not None:
            self.feed.saw(transaction.announced)
        return result

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = connect(self._url)
            self._connections.add(connection)
        return connection

    def _drop(self, connection: Connection) -> None:
        self._of_thread.connection = None
        self._connections.discard(connection)
        connection.close()


def _end(connection: Connection) -> None:
    try:
        done = connection.execute("COMMIT").statusmessage
    except (errors.SerializationFailure, errors.DeadlockDetected):
        raise  # certainly not done
    except psycopg.OperationalError as error:
        raise Unavailable("the database was lost while it committed; whether it did is unknown") from error
    assert done == "COMMIT", "a verb went on after one of its statements had failed"


def _is_lost(connection: Connection, error: psycopg.Error) -> bool:
    """Whether a new connection may do better: this one broke, or its server became a standby."""
    return connection.closed or isinstance(error, errors.ReadOnlySqlTransaction)


def _check_schema(url: str) -> None:
    where = place(url)
    with connect_at_start(url) as connection:
        require_newest(postgresql_version(connection), where)


def _refuse() -> NoReturn:
    raise AssertionError("a verb that changes something ran as a read")
