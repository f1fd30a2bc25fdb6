"""Putting packages and services out of use, and into use again."""

from pathlib import Path

import pytest

from gatewright.admin import audit
from gatewright.admin import packages
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.loader import Loader
from gatewright.services.scaffold import new_package
from gatewright.store import changes
from gatewright.store import disabled
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from tests.admin.support import BY


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    new_package(tmp_path, "Orders")
    return Loader(tmp_path).load()


@pytest.mark.parametrize(("target", "kind"), [("Orders", "package"), ("orders:hello", "service")])
async def test_disabling_and_enabling_is_kept_audited_and_followed(
    database: Database, catalogue: Catalogue, target: str, kind: str
) -> None:
    directory = Directory(database)
    assert await directory.disabled() == {}
    assert await database.write(packages.disable, BY, target, catalogue)
    (found,) = (await directory.disabled()).values()
    assert (found.target, found.at, found.actor) == (target, BY.now, str(BY.actor))
    assert await database.write(packages.enable, BY, target)
    assert await directory.disabled() == {}
    rows = await database.read(audit.page)
    assert [(row.action, row.target) for row in rows] == [(f"{kind}.enable", target), (f"{kind}.disable", target)]


async def test_doing_it_twice_changes_and_records_nothing(database: Database, catalogue: Catalogue) -> None:
    await database.write(packages.disable, BY, "Orders", catalogue)
    newest = await database.read(changes.newest)
    assert not await database.write(packages.disable, BY, "Orders", catalogue)
    assert not await database.write(packages.enable, BY, "orders:hello")
    assert await database.read(changes.newest) == newest
    assert len(await database.read(audit.page)) == 1


@pytest.mark.parametrize("target", ["Order", "orders:helo", ""])
async def test_what_is_not_there_cannot_be_disabled(database: Database, catalogue: Catalogue, target: str) -> None:
    with pytest.raises(NotFound):
        await database.write(packages.disable, BY, target, catalogue)
    assert await database.read(disabled.all_disabled) == {}


async def test_what_is_gone_can_still_be_enabled(database: Database, catalogue: Catalogue) -> None:
    await database.write(packages.disable, BY, "Orders", catalogue)
    assert await database.write(packages.enable, BY, "Orders")
