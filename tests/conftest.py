"""What tests of several layers share: a migrated SQLite store, copied for each test because migrating takes long."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from gatewright.store.database import Database
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.sqlite import SqliteDatabase

settings.register_profile("gatewright", deadline=None)  # a busy machine is no fault
settings.load_profile("gatewright")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file. Copy it, don't open it."""
    path = tmp_path_factory.mktemp("migrated") / "gatewright.db"
    migrate_sqlite(path)
    return path


@pytest.fixture
def sqlite_path(migrated: Path, tmp_path: Path) -> Path:
    """This test's own database file."""
    return Path(shutil.copy(migrated, tmp_path / "gatewright.db"))


@pytest_asyncio.fixture
async def database(sqlite_path: Path) -> AsyncIterator[Database]:
    """This test's own store."""
    opened = SqliteDatabase(sqlite_path)
    yield opened
    await opened.close()
