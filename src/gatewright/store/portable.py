"""A store's rows from one engine to the other: for moving to PostgreSQL, for backups, and for restoring them.

Rows are copied table by table in the order of their keys, in batches that commit with the place they reached, so that
a copy that was broken off goes on where it stopped. Afterwards both sides are counted and digested.
"""

import hashlib
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from typing import Final
from typing import Protocol

import msgspec

from gatewright.kernel.errors import StartupError
from gatewright.store.migrate import migrate_postgresql
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.migrate import postgresql_version
from gatewright.store.migrate import require_newest
from gatewright.store.postgresql_connection import Connection
from gatewright.store.postgresql_connection import connect_at_start
from gatewright.store.postgresql_connection import place
from gatewright.store.postgresql_connection import with_numbered_parameters

_BATCH: Final = 5000
_PROGRESS: Final = "copy_progress"
_MADE_BY_MIGRATIONS: Final = frozenset({"alembic_version", "sqlite_sequence", _PROGRESS})
_TELLS_USE: Final = ("clients", "users", "access_tokens")

Row = tuple[Any, ...]


class Table(msgspec.Struct, frozen=True):
    """A table's columns in order, and those of its primary key."""

    name: str
    columns: tuple[str, ...]
    key: tuple[str, ...]


class Copied(msgspec.Struct, frozen=True):
    """What was copied of one table."""

    table: str
    rows: int


class Side(Protocol):
    """One store that is copied from or to. Values are what SQLite has: int, text, bytes, None."""

    def has(self, table: str) -> bool:
        """Whether there is a table of that name."""
        ...

    def rows(self, table: Table, after: Row | None, limit: int) -> list[Row]:
        """Up to `limit` rows by key, those after the key `after`."""
        ...

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a statement with `?` for parameters; its rows, if it gives any."""
        ...

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows, in the open transaction."""
        ...

    def empty(self, tables: Sequence[Table]) -> None:
        """Remove every row, in the open transaction."""
        ...

    def finish(self, table: Table) -> None:
        """Let numbers that the table makes by itself go on after the highest one."""
        ...


class SqliteSide:
    """A SQLite file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def has(self, table: str) -> bool:
        """As `Side.has`."""
        return bool(self.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)))

    def rows(self, table: Table, after: Row | None, limit: int) -> list[Row]:
        """As `Side.rows`."""
        return self._connection.execute(*_page(table, after, limit)).fetchall()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """As `Side.execute`."""
        return self._connection.execute(sql, parameters).fetchall()

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Side.insert`."""
        self._connection.executemany(_insert(table), rows)

    def empty(self, tables: Sequence[Table]) -> None:
        """As `Side.empty`."""
        for table in reversed(tables):
            self._connection.execute(f'DELETE FROM "{table.name}"')

    def finish(self, table: Table) -> None:
        """SQLite goes on by itself."""


class PostgresqlSide:
    """A PostgreSQL database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.cursor(binary=True)

    def has(self, table: str) -> bool:
        """As `Side.has`."""
        return self.execute("SELECT to_regclass(?) IS NOT NULL", (table,)) == [(True,)]

    def rows(self, table: Table, after: Row | None, limit: int) -> list[Row]:
        """As `Side.rows`."""
        return self.execute(*_page(table, after, limit))

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """As `Side.execute`."""
        self._cursor.execute(with_numbered_parameters(sql), [_plain(value) for value in parameters])
        return self._cursor.fetchall() if self._cursor.description else []

    def insert(self, table: Table, rows: Sequence[Row]) -> None:
        """As `Side.insert`."""
        plain = [[_plain(value) for value in row] for row in rows]
        self._cursor.executemany(with_numbered_parameters(_insert(table)), plain)

    def empty(self, tables: Sequence[Table]) -> None:
        """As `Side.empty`. The audit log refuses to lose a row; one that is copied anew must."""
        for change in ("DISABLE", "ENABLE"):
            for table in tables:
                self.execute(f'ALTER TABLE "{table.name}" {change} TRIGGER USER')
            if change == "DISABLE":
                self.execute(f"TRUNCATE {', '.join(table.name for table in tables)}")

    def finish(self, table: Table) -> None:
        """As `Side.finish`."""
        if len(table.key) != 1:
            return
        name, key = table.name, table.key[0]
        found = self.execute("SELECT pg_get_serial_sequence(?, ?)", (name, key))
        if found and found[0][0] is not None:
            self.execute(f'SELECT setval(?, (SELECT coalesce(max("{key}"), 1) FROM "{name}"))', (found[0][0],))


def move(source: Path, url: str, tell: Callable[[str], None]) -> list[Copied]:
    """Copy a SQLite store to an empty PostgreSQL database, or go on with a copy that was broken off.

    Raises StartupError when the target holds another store's rows, or when the two differ at the end because the
    source was written meanwhile.
    """
    migrate_sqlite(source)
    migrate_postgresql(url)
    with closing(_read_only(source)) as reading, connect_at_start(url) as writing:
        writing.execute("SET statement_timeout = 0")
        tables = _tables(reading)
        copied = _copy(SqliteSide(reading), PostgresqlSide(writing), tables, place(url), tell)
        differing = _differing(SqliteSide(reading), PostgresqlSide(writing), tables)
        if differing:
            _empty(PostgresqlSide(writing), tables)
            raise StartupError(
                f"{', '.join(differing)} differ after copying: was the server still running? Stop it and run this again"
            )
        PostgresqlSide(writing).execute(f"DROP TABLE {_PROGRESS}")
    return copied


def _empty(target: Side, tables: Sequence[Table]) -> None:
    """Begin anew: a copy of what changed meanwhile cannot be gone on with."""
    target.execute("BEGIN")
    target.empty(tables)
    target.execute(f"DELETE FROM {_PROGRESS}")
    target.execute("COMMIT")


def snapshot_of_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite store as the file `target`, while servers go on writing."""
    with closing(_read_only(source)) as reading, closing(sqlite3.connect(target)) as writing:
        reading.backup(writing)  # all pages in one step: one read transaction, which holds nobody up under WAL
        writing.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it


def snapshot_of_postgresql(url: str, target: Path) -> None:
    """A consistent copy of a PostgreSQL store as the SQLite file `target`, while servers go on writing."""
    migrate_sqlite(target)
    with connect_at_start(url) as reading, closing(sqlite3.connect(target, isolation_level=None)) as writing:
        require_newest(postgresql_version(reading), place(url))
        reading.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        reading.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        _copy(PostgresqlSide(reading), SqliteSide(writing), _tables(writing), str(target), lambda _: None)
        reading.execute("COMMIT")
        writing.execute(f"DROP TABLE {_PROGRESS}")
        writing.execute("PRAGMA journal_mode=DELETE")


def _read_only(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
        connection.execute("SELECT version_num FROM alembic_version")
    except sqlite3.Error as error:
        raise StartupError(f"{path} cannot be read as a store: {error}") from error
    return connection


def _copy(source: Side, target: Side, tables: Sequence[Table], place: str, tell: Callable[[str], None]) -> list[Copied]:
    reached = _begin(target, tables, place)
    copied = []
    for table in tables:
        after, count = reached.get(table.name), 0
        while rows := source.rows(table, after, _BATCH):
            after = _key_of(table, rows[-1])
            target.execute("BEGIN")
            target.insert(table, rows)
            target.execute(f"DELETE FROM {_PROGRESS} WHERE name = ?", (table.name,))
            target.execute(f"INSERT INTO {_PROGRESS} (name, key) VALUES (?, ?)", (table.name, _written(after)))
            target.execute("COMMIT")
            count += len(rows)
            if count >= _BATCH:
                tell(f"{table.name}: {count:,} rows")
        target.finish(table)
        copied.append(Copied(table.name, count))
    return copied


def _begin(target: Side, tables: Sequence[Table], place: str) -> dict[str, Row]:
    """How far a copy had come, by table; an empty target is prepared for one. Raises StartupError for one in use."""
    if target.has(_PROGRESS):
        return {name: _read(key) for name, key in target.execute(f"SELECT name, key FROM {_PROGRESS}")}
    for name in _TELLS_USE:
        if target.execute(f'SELECT 1 FROM "{name}" LIMIT 1'):
            raise StartupError(f"{place} holds a store already; give an empty one")
    target.execute(f"CREATE TABLE {_PROGRESS} (name TEXT PRIMARY KEY, key TEXT NOT NULL)")
    _empty(target, tables)  # what migrations put there, the source has too
    return {}


def _differing(one: Side, other: Side, tables: Sequence[Table]) -> list[str]:
    return [table.name for table in tables if _digest(one, table) != _digest(other, table)]


def _digest(side: Side, table: Table) -> tuple[int, str]:
    """How many rows a table has, and the SHA-256 of them all in the order of their keys."""
    digest, count = hashlib.sha256(), 0
    for row in _all_rows(side, table):
        digest.update(msgspec.msgpack.encode([_plain(value) for value in row]))
        count += 1
    return count, digest.hexdigest()


def _all_rows(side: Side, table: Table) -> Iterator[Row]:
    after: Row | None = None
    while rows := side.rows(table, after, _BATCH):
        yield from rows
        after = _key_of(table, rows[-1])


def _tables(connection: sqlite3.Connection) -> list[Table]:
    """Every table of the schema, those that others refer to first."""
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    names = [name for name in names if name not in _MADE_BY_MIGRATIONS]
    needs = {
        name: {row[2] for row in connection.execute(f'PRAGMA foreign_key_list("{name}")')} - {name} for name in names
    }
    ordered: list[str] = []
    while len(ordered) < len(names):
        ordered += [name for name in names if name not in ordered and needs[name] <= set(ordered)]
    return [_table(connection, name) for name in ordered]


def _table(connection: sqlite3.Connection, name: str) -> Table:
    columns = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
    key = sorted((row[5], row[1]) for row in columns if row[5])
    return Table(name, tuple(row[1] for row in columns), tuple(column for _, column in key))


def _page(table: Table, after: Row | None, limit: int) -> tuple[str, Sequence[object]]:
    if not table.key:  # a single row
        return f'SELECT {", ".join(table.columns)} FROM "{table.name}" LIMIT ?', (limit if after is None else 0,)
    key = ", ".join(f'"{column}"' for column in table.key)
    columns = ", ".join(f'"{column}"' for column in table.columns)
    beyond = f"WHERE ({key}) > ({', '.join('?' * len(table.key))}) " if after is not None else ""
    return f'SELECT {columns} FROM "{table.name}" {beyond}ORDER BY {key} LIMIT ?', (*(after or ()), limit)


def _insert(table: Table) -> str:
    columns = ", ".join(f'"{column}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({columns}) VALUES ({", ".join("?" * len(table.columns))})'


def _key_of(table: Table, row: Row) -> Row:
    return tuple(row[table.columns.index(column)] for column in table.key)


def _written(key: Row) -> str:
    return msgspec.msgpack.encode(key).hex()


def _read(text: str) -> Row:
    return msgspec.msgpack.decode(bytes.fromhex(text), type=tuple[Any, ...])


def _plain(value: Any) -> Any:
    """A value as PostgreSQL keeps it: its text holds no NUL (see `PostgresqlTransaction`)."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
