"""A real SQLite store for each test, from one migrated file."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gatewright.store.migrate import migrate_sqlite
from gatewright.store.sqlite import SqliteDatabase


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "gatewright.db"
    migrate_sqlite(path)
    return path


@pytest_asyncio.fixture
async def database(migrated: Path, tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    path = tmp_path / "gatewright.db"
    shutil.copy(migrated, path)
    opened = SqliteDatabase(path)
    yield opened
    await opened.close()
