"""SQL databases of connections: PostgreSQL, and SQLite files of the workspace. For threads: it waits."""

import base64
import datetime
import decimal
import sqlite3
import time
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from gatewright.flow import FlowError
from gatewright.flow import standard_error
from gatewright.services.errors import ServiceError

_PROGRESS = 10_000  # instructions of SQLite between two looks at the clock
_LONGEST_CELL = 5_000_000
_LARGEST_ANSWER = 20_000_000
_CONNECT_SECONDS = 10


class Database(msgspec.Struct, frozen=True):
    """Where a connection's database is. url: as in the connection. workspace: what SQLite's paths are below."""

    name: str
    url: str
    password: str
    workspace: Path

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file of the workspace."""
        return self.url.startswith("sqlite:")


def query_rows(
    database: Database, statement: str, parameters: Sequence[Any], limit: int, seconds: float
) -> list[dict[str, Any]]:
    """The rows of a statement. Raises FlowError, and ServiceError when there are more than `limit`."""
    with _cursor(database, seconds) as cursor:
        _execute(database, cursor, statement, parameters)
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        if len(set(names)) < len(names):
            raise _refusal("two columns have one name: name them apart by AS")
        rows = cursor.fetchmany(limit + 1)
    if len(rows) > limit:
        raise _refusal(f"the statement gives more than {limit} rows: add LIMIT, or raise limit")
    size = 0
    found = []
    for row in rows:
        values = [_value(value) for value in row]
        size += sum(len(value) if isinstance(value, str) else 8 for value in values)
        if size > _LARGEST_ANSWER:
            raise _refusal(f"the rows hold more than {_LARGEST_ANSWER} characters")
        found.append(dict(zip(names, values, strict=True)))
    return found


def execute_one(database: Database, statement: str, parameters: Sequence[Any], seconds: float) -> dict[str, int]:
    """Run one statement, committed when this returns. Raises FlowError."""
    with _cursor(database, seconds) as cursor:
        _execute(database, cursor, statement, parameters)
        return {"count": max(cursor.rowcount, 0)}


def execute_batch(database: Database, statement: str, rows: Sequence[Sequence[Any]], seconds: float) -> dict[str, int]:
    """Run one statement for each row, all or none. Raises FlowError."""
    with _cursor(database, seconds) as cursor:
        cursor.executemany(statement, [_parameters(database, row) for row in rows])
        return {"count": max(cursor.rowcount, 0)}


def try_out(database: Database, seconds: float = _CONNECT_SECONDS) -> str:
    """Connect and ask for one row: a sentence about it. Raises FlowError."""
    with _cursor(database, seconds) as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return f"{database.url} answered."


def _execute(database: Database, cursor: Any, statement: str, parameters: Sequence[Any]) -> None:
    cursor.execute(statement, _parameters(database, parameters))


@contextmanager
def _cursor(database: Database, seconds: float) -> Iterator[Any]:
    """A cursor in a transaction that is committed at the end, and taken back by an error."""
    try:
        opened = _sqlite(database, seconds) if database.is_sqlite else _postgresql(database, seconds)
        with closing(opened) as connection, connection:
            yield connection.cursor()
    except (FlowError, ServiceError):
        raise
    except Exception as error:  # the drivers have families of errors of their own
        raise _failed(database, error) from None


def _sqlite(database: Database, seconds: float) -> sqlite3.Connection:
    root = database.workspace.resolve()
    path = (root / database.url.removeprefix("sqlite:")).resolve()
    # A link could lead out of the workspace, or to the server's own files.
    if not path.is_relative_to(root) or any(path.is_relative_to(root / own) for own in ("data", "packages")):
        raise standard_error("configuration", f"{database.url} leads out of the workspace", origin="call")
    connection = sqlite3.connect(path, timeout=min(seconds, 5.0), check_same_thread=False)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.set_authorizer(_authorize)
    deadline = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _PROGRESS)
    return connection


def _authorize(action: int, first: str | None, second: str | None, database: str | None, by: str | None) -> int:
    """No other files, no extensions, no settings of the engine."""
    if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA):
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() in ("load_extension", "writefile", "readfile"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


def _postgresql(database: Database, seconds: float) -> Any:
    import psycopg

    return psycopg.connect(
        database.url,
        password=database.password or None,
        cursor_factory=psycopg.RawCursor,  # parameters are $1, $2, …, bound by the server
        connect_timeout=max(2, min(int(seconds), _CONNECT_SECONDS)),
        options=f"-c statement_timeout={max(int(seconds * 1000), 1)} -c idle_in_transaction_session_timeout=60000",
        application_name="gatewright",
    )


def _parameters(database: Database, given: Sequence[Any]) -> Any:
    if database.is_sqlite:
        return {str(number): _for_sqlite(value) for number, value in enumerate(given, 1)}
    from psycopg.types.json import Jsonb

    return [Jsonb(value) if isinstance(value, dict | list) else value for value in given]


def _for_sqlite(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, dict | list) else value


def _value(value: Any) -> Any:
    """A cell as a JSON value."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, decimal.Decimal):
        number = int(value) if value.is_finite() and value == value.to_integral_value() else float(value)
        return number if value.is_finite() and decimal.Decimal(repr(number)) == value else str(value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return [_value(item) for item in value]
    if isinstance(value, dict):
        return {str(name): _value(item) for name, item in value.items()}
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    return str(value)


def _refusal(detail: str) -> ServiceError:
    return ServiceError(400, "The input does not fit the service", detail)


def _failed(database: Database, error: Exception) -> FlowError:
    """What the database said, for administrators; a time-out as one."""
    state = getattr(error, "sqlstate", None) or ""
    said = str(error).strip().splitlines()
    text = said[0][:500] if said else type(error).__name__
    if state == "57014" or text == "interrupted" or "timeout" in text.lower():
        return standard_error("timeout", f"the database {database.name!r} took too long", origin="call")
    return standard_error("communication", f"the database {database.name!r}: {text}", origin="call")
