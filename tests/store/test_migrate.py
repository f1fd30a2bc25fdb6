import sqlite3
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command

from gatewright.kernel.errors import StartupError
from gatewright.store import audit_chain
from gatewright.store import cleanup
from gatewright.store import tokens
from gatewright.store.database import Transaction
from gatewright.store.migrate import NEWEST
from gatewright.store.migrate import migrate_postgresql
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.postgresql import PostgresqlTransaction
from gatewright.store.postgresql_connection import connect as postgresql_connection
from gatewright.store.sqlite import SqliteTransaction
from gatewright.store.sqlite import connect
from tests.store.conftest import execute
from tests.store.makers import sha
from tests.store.postgresql_cluster import Cluster

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


def test_a_damaged_file_is_refused_with_the_mend(migrated: Path, sqlite_path: Path) -> None:
    with sqlite_path.open("r+b") as file:
        file.seek(5 * 4096)
        file.write(b"\xff" * 4096 * 20)
    with pytest.raises(StartupError, match=r"gatewright restore") as refused:
        migrate_sqlite(sqlite_path)
    assert "\n" not in str(refused.value)


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


OLDER = [
    "INSERT INTO grants (id, client_id, user_id, grant_type, scope, authenticated_at, created_at, refreshes_used)"
    " VALUES ('g1', 'c1', 'u1', 'password', 'a', 1, 1, 4), ('g2', 'c1', 'u1', 'password', 'a', 1, 1, 0)",
    "INSERT INTO refresh_tokens (digest, grant_id, client_id, user_id, scope, issued_at, expires_at, jkt, consumed_at)"
    " VALUES ({used}, 'g1', 'c1', 'u1', 'a', 5, 500, 'key', 7), ({live}, 'g1', 'c1', 'u1', 'a', 7, 700, 'key', NULL)",
    "INSERT INTO access_tokens (digest, id, client_id, user_id, grant_id, scope, issued_at, expires_at)"
    " VALUES ({live}, '1', 'c1', 'u1', 'g1', 'a', 5, 50), ({used}, '2', 'c1', 'u1', 'g2', 'a', 5, NULL)",
]


@pytest.fixture(params=["sqlite", "postgresql"])
def older(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Transaction]:
    """A store from before a family's refresh token moved into its grant; gives it as it is after the upgrade."""
    upgrade, keys = command.upgrade, {name: sha(name) for name in ("used", "live")}
    cluster: Cluster | None = None if request.param == "sqlite" else request.getfixturevalue("cluster")
    monkeypatch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0014"))
    if cluster is None:
        path = tmp_path / "gatewright.db"
        migrate_sqlite(path)
        for statement in OLDER:
            query(path, statement.format(**{name: f"X'{key.hex()}'" for name, key in keys.items()}))
        monkeypatch.setattr(command, "upgrade", upgrade)
        migrate_sqlite(path)
        return lambda: SqliteTransaction(connect(path), lambda: None)
    url = cluster.url("older")
    execute(cluster.url("postgres"), "CREATE DATABASE older")
    migrate_postgresql(url)
    for statement in OLDER:
        execute(url, statement.format(**{name: f"'\\x{key.hex()}'::bytea" for name, key in keys.items()}))
    monkeypatch.setattr(command, "upgrade", upgrade)
    migrate_postgresql(url)
    return lambda: PostgresqlTransaction(postgresql_connection(url))


def test_refresh_tokens_of_before_families_go_on_from_their_grants(older: Callable[[], Transaction]) -> None:
    transaction = older()
    found = tokens.find_refresh_token(transaction, sha("live"), sha("live"))
    assert found is not None
    assert (found.grant.id, found.grant.refreshes_used, found.consumed) == ("g1", 4, False)
    assert (found.issued_at, found.expires_at, found.jkt) == (7, 700, "key")
    assert tokens.find_refresh_token(transaction, sha("used"), sha("used")) is None
    assert tokens.find_access_token(transaction, sha("live")) is not None
    for now, left in ((699, ["g1", "g2"]), (10**9, ["g2"])):  # one token of g2 never expires
        while cleanup.expired_rows(transaction, now):
            pass
        assert [name for name in ("g1", "g2") if tokens.find_grant(transaction, name)] == left
