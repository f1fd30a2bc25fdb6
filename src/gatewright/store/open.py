"""Opening the store that the server's settings name."""

import asyncio
from pathlib import Path

from gatewright.kernel.errors import StartupError
from gatewright.store.database import Database
from gatewright.store.migrate import migrate_postgresql
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.sqlite import SqliteDatabase

_POSTGRESQL = ("postgresql://", "postgres://")


async def open_database(database: str, workspace: Path) -> Database:
    """The store: `sqlite` is `data/gatewright.db` in the workspace, migrated now; or a postgresql:// URL.

    Raises StartupError when it cannot be opened, or is a PostgreSQL database that is not migrated.
    """
    if is_postgresql(database):
        from gatewright.store.postgresql import PostgresqlDatabase  # loading its driver takes long

        return await PostgresqlDatabase.open(database)
    await asyncio.to_thread(migrate_database, database, workspace)
    return SqliteDatabase(_sqlite_path(workspace))


def migrate_database(database: str, workspace: Path) -> None:
    """Bring the store to this release's schema, making it when it is empty. Raises StartupError."""
    if is_postgresql(database):
        migrate_postgresql(database)
    elif database == "sqlite":
        migrate_sqlite(_sqlite_path(workspace))
    else:
        raise StartupError(f"database must be sqlite or a postgresql:// URL, not {database.partition(':')[0]}")


def is_postgresql(database: str) -> bool:
    """Whether the server's setting names a PostgreSQL database."""
    return database.startswith(_POSTGRESQL)


def _sqlite_path(workspace: Path) -> Path:
    return workspace / "data" / "gatewright.db"
