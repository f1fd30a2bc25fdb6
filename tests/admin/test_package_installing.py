"""Installing and removing: checked first, all or nothing, recorded."""

import tempfile
from pathlib import Path

import pytest

from gatewright.admin import audit
from gatewright.admin import packages as operations
from gatewright.admin.package_installing import install
from gatewright.admin.package_installing import remove
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.kernel.errors import Unavailable
from gatewright.services.catalogue import Catalogue
from gatewright.services.installing import CannotInstall
from gatewright.services.installing import source_of
from gatewright.services.loader import Loader
from gatewright.services.scaffold import new_package
from gatewright.store import disabled
from gatewright.store.database import Database
from tests.admin.support import BY


class Shelf:
    """A packages' folder, and a package `Orders` elsewhere that is to be installed."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.packages, self.outside, self.database = folder / "packages", folder / "outside", database
        self.packages.mkdir()
        new_package(self.outside, "Orders")
        self.package = self.outside / "Orders"

    def write(self, file: str, text: str) -> None:
        (self.package / file).write_text(text)

    def change(self, file: str, old: str, new: str) -> None:
        self.write(file, (self.package / file).read_text().replace(old, new))

    async def install(self, *, force: bool = False) -> None:
        await install(
            self.database, BY, self.packages, source_of(str(self.package)), "a folder", share=False, force=force
        )

    def catalogue(self) -> Catalogue:
        return Loader(self.packages).load()

    def version(self) -> str:
        package = self.catalogue().packages["Orders"].package
        assert package is not None
        return package.version

    def left_over(self) -> list[str]:
        return [path.name for path in self.packages.iterdir() if path.name.startswith(".incoming")]


@pytest.fixture
def shelf(tmp_path: Path, database: Database) -> Shelf:
    return Shelf(tmp_path, database)


async def test_a_package_is_installed_and_recorded_with_where_it_came_from(shelf: Shelf) -> None:
    await shelf.install()
    assert shelf.catalogue().services["orders:hello"].enabled
    assert shelf.left_over() == []
    (row,) = await shelf.database.read(audit.page)
    assert (row.action, row.target, row.before) == ("package.install", "Orders", None)
    assert row.after == '{"version":"0.1.0","from":"a folder"}'


async def test_a_newer_version_replaces_the_former_whole(shelf: Shelf) -> None:
    await shelf.install()
    (shelf.packages / "Orders/services/orders/extra.py").write_text("")
    shelf.change("package.yaml", "0.1.0", "0.2.0")
    await shelf.install()
    assert shelf.version() == "0.2.0"
    assert not (shelf.packages / "Orders/services/orders/extra.py").exists()
    rows = await shelf.database.read(audit.page)
    assert rows[0].before == '{"version":"0.1.0"}'


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("package.yaml", "name: Orders\n", "missing required field `version`"),
        ("package.yaml", "name: Orders\nversion: 1.0.0\nrequirements: [no-such-thing]\n", "pip install 'no-such-thing'"),
        ("package.yaml", "name: Orders\nversion: 1.0.0\ndependencies: {Gone: '*'}\n", "it needs the package Gone"),
        ("services/orders/words.py", "import no_such_module\n", "No module named 'no_such_module'"),
        ("services/orders/hello.flow.yaml", "document: {}\n", "hello.flow.yaml:1"),
        ("services/orders/hello.test.yaml", "- {}\n", "hello.test.yaml:1"),
    ],
)  # fmt: skip
async def test_a_package_that_cannot_be_used_is_refused_and_the_former_stays(
    shelf: Shelf, file: str, text: str, said: str
) -> None:
    await shelf.install()
    shelf.change("package.yaml", "0.1.0", "0.2.0")
    shelf.write(file, text)
    with pytest.raises(CannotInstall) as refused:
        await shelf.install()
    assert said in str(refused.value)
    assert shelf.version() == "0.1.0"
    assert shelf.catalogue().services["orders:hello"].enabled
    assert shelf.left_over() == []
    assert len(await shelf.database.read(audit.page)) == 1


async def test_it_can_be_installed_although_something_is_wrong(shelf: Shelf) -> None:
    shelf.write("services/orders/words.py", "import no_such_module\n")
    await shelf.install(force=True)
    assert not shelf.catalogue().services["orders:hello"].enabled


async def test_what_clashes_with_a_package_that_is_there_is_refused(shelf: Shelf) -> None:
    new_package(shelf.packages, "Bills")
    (shelf.packages / "Bills/package.yaml").write_text(
        'name: Bills\nversion: 1.0.0\nurl_templates: [{template: "GET /orders/hello/{name}", service: "bills:hello"}]\n'
    )
    with pytest.raises(CannotInstall, match="GET /orders/hello/"):
        await shelf.install()


async def test_without_a_record_nothing_is_installed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.install()
    shelf.change("package.yaml", "0.1.0", "0.2.0")

    async def refuse(*_: object) -> None:
        raise Unavailable("no")

    with monkeypatch.context() as patched:
        patched.setattr(shelf.database, "write", refuse)
        with pytest.raises(Unavailable):
            await shelf.install()
    assert shelf.version() == "0.1.0"


async def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", full)
    with pytest.raises(CannotInstall, match="could not be written: No space left on device"):
        await shelf.install()


async def test_checking_leaves_no_module_behind(shelf: Shelf) -> None:
    import sys

    before = set(sys.modules)
    await shelf.install()
    assert {name for name in sys.modules if name.startswith("gatewright_package_")} <= before


async def test_a_removed_package_is_gone_and_enabled_for_whoever_comes_next(shelf: Shelf) -> None:
    await shelf.install()
    await shelf.database.write(operations.disable, BY, "Orders", shelf.catalogue())
    await remove(shelf.database, BY, shelf.packages, "Orders", shelf.catalogue(), share=False)
    assert not shelf.catalogue().packages.keys() & {"Orders"}
    assert await shelf.database.read(disabled.all_disabled) == {}
    assert (await shelf.database.read(audit.page))[0].action == "package.remove"


async def test_a_package_that_others_need_is_not_removed_unawares(shelf: Shelf) -> None:
    await shelf.install()
    new_package(shelf.packages, "Bills")
    with (shelf.packages / "Bills/package.yaml").open("a") as file:
        file.write("dependencies: {Orders: '*'}\n")
    with pytest.raises(Conflict, match="Bills needs the package Orders"):
        await remove(shelf.database, BY, shelf.packages, "Orders", shelf.catalogue(), share=False)
    await remove(shelf.database, BY, shelf.packages, "Orders", shelf.catalogue(), share=False, force=True)
    assert {"Bills", "Orders"} & shelf.catalogue().packages.keys() == {"Bills"}


async def test_what_is_not_there_cannot_be_removed(shelf: Shelf) -> None:
    for name in ("Orders", "", ".."):
        with pytest.raises(NotFound):
            await remove(shelf.database, BY, shelf.packages, name, shelf.catalogue(), share=False)
