"""Packages that nodes share: whole, changed and removed; on each engine."""

import asyncio
import hashlib

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import package_files
from gatewright.store.database import Database
from gatewright.store.package_files import Revision
from tests.store.makers import NOW

BASE = {"package.yaml": b"name: Orders\n", "services/a.py": b"\x00\xff"}


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_package_is_shared_whole_and_counted(database: Database) -> None:
    await database.write(package_files.replace, "Orders", BASE, NOW, "admin")
    assert await database.read(package_files.files, "Orders") == BASE
    await database.write(package_files.replace, "Orders", {"package.yaml": b"x"}, NOW, "admin")
    assert await database.read(package_files.files, "Orders") == {"package.yaml": b"x"}
    assert await database.read(package_files.revisions) == {"Orders": Revision(2, False)}


async def test_the_first_change_shares_all_of_the_package(database: Database) -> None:
    expected = {"services/a.py": digest(b"\x00\xff")}
    await database.write(
        package_files.change,
        "Orders",
        {"services/a.py": b"new", "services/b.py": b"more"},
        expected,
        BASE,
        NOW,
        "admin",
    )
    assert await database.read(package_files.files, "Orders") == {
        "package.yaml": b"name: Orders\n",
        "services/a.py": b"new",
        "services/b.py": b"more",
    }


async def test_a_change_of_what_another_node_changed_is_refused_and_changes_nothing(database: Database) -> None:
    await database.write(package_files.replace, "Orders", BASE, NOW, "admin")
    for path, before in (("services/a.py", digest(b"old")), ("package.yaml", ""), ("services/gone.py", digest(b"x"))):
        with pytest.raises(Conflict):
            await database.write(package_files.change, "Orders", {path: b"mine"}, {path: before}, {}, NOW, "admin")
    assert await database.read(package_files.files, "Orders") == BASE
    assert await database.read(package_files.revisions) == {"Orders": Revision(1, False)}


async def test_of_many_saves_of_one_text_just_one_wins(database: Database) -> None:
    await database.write(package_files.replace, "Orders", BASE, NOW, "admin")
    before = {"package.yaml": digest(BASE["package.yaml"])}
    saves = [
        database.write(package_files.change, "Orders", {"package.yaml": b"%d" % n}, before, {}, NOW, "admin")
        for n in range(10)
    ]
    outcomes = await asyncio.gather(*saves, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 9


async def test_a_removed_package_has_no_files_and_may_come_again(database: Database) -> None:
    await database.write(package_files.replace, "Orders", BASE, NOW, "admin")
    await database.write(package_files.remove, "Orders", NOW, "admin")
    assert await database.read(package_files.files, "Orders") == {}
    assert await database.read(package_files.revisions) == {"Orders": Revision(2, True)}
    await database.write(package_files.change, "Orders", {"services/b.py": b""}, {}, BASE, NOW, "admin")
    assert set(await database.read(package_files.files, "Orders")) == {*BASE, "services/b.py"}
    assert await database.read(package_files.revisions) == {"Orders": Revision(3, False)}
