import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from alembic import command

from gatewright.kernel.errors import StartupError
from gatewright.store import audit_chain
from gatewright.store.migrate import NEWEST
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.sqlite import SqliteTransaction
from gatewright.store.sqlite import connect

VERSIONS = Path(migrate_sqlite.__code__.co_filename).parent / "migrations" / "versions"


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_the_newest_schema_is_the_last_migration() -> None:
    assert max(path.name for path in VERSIONS.glob("[0-9]*.py")).startswith(f"{NEWEST}_")


def test_every_migration_follows_the_one_before_it_in_name_and_number() -> None:
    names = sorted(path.name for path in VERSIONS.glob("[0-9]*.py"))
    assert [name[:4] for name in names] == [f"{number:04}" for number in range(1, len(names) + 1)]
    for number, name in enumerate(names, 1):
        text = (VERSIONS / name).read_text()
        assert f'\nrevision = "{number:04}"\n' in text, name
        before = f'"{number - 1:04}"' if number > 1 else "None"
        assert f"\ndown_revision = {before}\n" in text, name


def test_a_new_database_is_made_with_its_folder_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "odd name %41?.db"
    migrate_sqlite(path)
    assert query(path, "SELECT version_num FROM alembic_version") == [(NEWEST,)]
    assert query(path, "PRAGMA journal_mode") == [("wal",)]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_database_that_is_up_to_date_is_left_alone(migrated: Path, sqlite_path: Path) -> None:
    before = sqlite_path.read_bytes()
    migrate_sqlite(sqlite_path)
    assert sqlite_path.read_bytes() == before


def test_a_database_of_a_newer_release_is_refused(sqlite_path: Path) -> None:
    query(sqlite_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StartupError, match="newer Gatewright"):
        migrate_sqlite(sqlite_path)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gatewright.db"
    path.write_bytes(b"no database, but long enough to be looked at as one" * 40)
    with pytest.raises(StartupError, match="cannot be used as a database"):
        migrate_sqlite(path)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StartupError, match="cannot write"):
        migrate_sqlite(tmp_path / "file" / "gatewright.db")


def test_several_that_start_at_once_migrate_once(tmp_path: Path) -> None:
    path = tmp_path / "gatewright.db"
    failed: list[BaseException] = []

    def migrate() -> None:
        try:
            migrate_sqlite(path)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert query(path, "SELECT count(*) FROM changes") == [(1,)]


def test_audit_rows_of_before_the_chain_are_chained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, upgrade = tmp_path / "gatewright.db", command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: upgrade(config, "0008"))
        migrate_sqlite(path)
    query(path, "INSERT INTO audit VALUES ('2', 20, 'ada', 'client.update', 'ü \u2028 \\ / \"', '{}', NULL)")
    query(path, "INSERT INTO audit VALUES ('1', 10, 'ada', 'client.create', 'c', NULL, '{\"a\": \"\t\"}')")
    migrate_sqlite(path)
    connection = connect(path)
    transaction = SqliteTransaction(connection, lambda: None)
    assert list(audit_chain.breaks(transaction)) == []
    assert audit_chain.head(transaction).number == 2
    connection.close()
