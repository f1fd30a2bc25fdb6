"""Bringing a database to this version's schema. Alembic and SQLAlchemy are loaded only when there is work to do."""

import fcntl
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Final

from gatewright.kernel.errors import StartupError
from gatewright.store.sqlite import MEND
from gatewright.store.sqlite import connect

if TYPE_CHECKING:
    from gatewright.store.postgresql_connection import Connection

_MIGRATION_LOCK: Final = 0x6761746D  # any number that nobody else locks

_LOOKED_THROUGH: Final = 16_000_000  # bytes; some 20 ms

NEWEST: Final = "0017"
"""The schema version this release reads and writes; equal to the last file in `migrations/versions`."""


def migrate_sqlite(path: Path) -> None:
    """Make or upgrade the database file; quick when it is up to date.

    Raises StartupError when the folder cannot be written, the file is no database, or a newer release made it.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path.with_suffix(".lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            version = _sqlite_version(path)
            if version != NEWEST:
                _refuse_newer(version, str(path))
                path.touch(mode=0o600)
                _upgrade("sqlite://", lambda: sqlite3.connect(path))
                connect(path).close()  # turns WAL on, which no other process may be in the way of
            _refuse_damaged(path)
    except OSError as error:
        raise StartupError(f"cannot write {error.filename or path}: {error.strerror}") from error
    except sqlite3.DatabaseError as error:
        raise StartupError(f"{path} cannot be used as a database: {error}; {MEND}") from error


def migrate_postgresql(url: str) -> None:
    """Make or upgrade the schema in the database at `url`; quick when it is up to date.

    Raises StartupError when it cannot be reached or a newer release made it.
    """
    import psycopg

    from gatewright.store.postgresql_connection import connect_at_start
    from gatewright.store.postgresql_connection import place

    where = place(url)
    with connect_at_start(url) as one_at_a_time:
        one_at_a_time.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        one_at_a_time.execute(f"SELECT pg_advisory_lock({_MIGRATION_LOCK})")
        version = postgresql_version(one_at_a_time)
        if version != NEWEST:
            _refuse_newer(version, where)
            _upgrade("postgresql+psycopg://", lambda: psycopg.connect(url))


def postgresql_version(connection: "Connection") -> str | None:
    """The schema version of the database; None when it has none of our tables."""
    if connection.execute("SELECT to_regclass('alembic_version')").fetchone() == (None,):
        return None
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def require_newest(version: str | None, where: str) -> None:
    """Raise StartupError unless the schema is this release's."""
    _refuse_newer(version, where)
    if version != NEWEST:
        state = "has no tables yet" if version is None else f"is at schema {version}, this release needs {NEWEST}"
        raise StartupError(f"{where} {state}; run: gatewright migrate")


def _sqlite_version(path: Path) -> str | None:
    if not path.exists():
        return None
    connection = sqlite3.connect(path)
    try:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return None
        raise
    finally:
        connection.close()
    return None if row is None else str(row[0])


def _refuse_damaged(path: Path) -> None:
    """Look through a file that is small enough for that at every start; a larger one is met by what reads it."""
    if path.stat().st_size > _LOOKED_THROUGH:
        return
    connection = sqlite3.connect(path)
    try:
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    finally:
        connection.close()
    if found != "ok":
        raise StartupError(f"{path} is damaged: {found.splitlines()[-1]}; {MEND}")


def _refuse_newer(version: str | None, where: str) -> None:
    if version is not None and version > NEWEST:
        raise StartupError(
            f"{where} was made by a newer Gatewright (schema {version}, this release knows {NEWEST}); upgrade Gatewright"
        )


def _upgrade(dialect: str, connect_to_it: Callable[[], object]) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    engine = create_engine(dialect, creator=connect_to_it)
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
