"""Opening the store that the server's settings name."""

import asyncio
from pathlib import Path

from gatewright.kernel.errors import StartupError
from gatewright.store.database import Database
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.sqlite import SqliteDatabase


async def open_database(database: str, workspace: Path) -> Database:
    """The store: `sqlite` is `data/gatewright.db` in the workspace, migrated now. Raises StartupError."""
    if database != "sqlite":
        raise StartupError(f"database must be sqlite or a postgresql:// URL, not {database!r}")
    path = workspace / "data" / "gatewright.db"
    await asyncio.to_thread(migrate_sqlite, path)
    return SqliteDatabase(path)
