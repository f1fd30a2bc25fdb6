import pytest

from gatewright.admin import clients
from gatewright.admin.apply import apply
from gatewright.admin.configuration import read_configuration
from gatewright.admin.export import as_yaml
from gatewright.admin.export import configuration
from gatewright.kernel import yaml
from gatewright.store.database import Database
from gatewright.store.sqlite import SqliteDatabase
from tests.admin.support import BY
from tests.admin.support import CATALOGUE
from tests.admin.support import MACHINE
from tests.admin.test_apply import ENVIRONMENT
from tests.admin.test_apply import FULL


async def _apply(database: Database, text: str) -> list[str]:
    outcome = await apply(database, BY, read_configuration(text, "x.yaml"), CATALOGUE, ENVIRONMENT, prune=True)
    return [str(line) for line in outcome.lines]


async def _exported(database: Database) -> str:
    return as_yaml(await database.read(configuration))


async def test_applying_an_export_changes_nothing(database: Database) -> None:
    await _apply(database, FULL)
    await database.write(clients.create, BY, MACHINE)
    await database.write(clients.set_enabled, BY, "machine", False)
    assert await _apply(database, await _exported(database)) == []


async def test_export_applied_to_an_empty_store_makes_the_same(database: Database, tmp_path, migrated) -> None:
    await _apply(database, FULL)
    exported = await _exported(database)
    other_path = tmp_path / "other.db"
    other_path.write_bytes(migrated.read_bytes())
    other = SqliteDatabase(other_path)
    try:
        await _apply(other, exported)
        assert await _exported(other) == exported
    finally:
        await other.close()


async def test_no_secret_is_exported(database: Database) -> None:
    await _apply(database, FULL)
    exported = await _exported(database)
    assert "argon2" not in exported
    assert "correct horse" not in exported
    assert "secret:" not in exported


@pytest.mark.parametrize("text", ["no", "1.0", "1e3", "0o17", "null", "~", "", "a: b", "- a", "# x", "*", "1:30", " a"])
def test_texts_that_look_like_something_else_read_back_as_texts(text: str) -> None:
    assert yaml.load(as_yaml({"x": text})).value == {"x": text}
