"""Two nodes, each with a packages' folder of its own, over one database."""

from pathlib import Path

import pytest

from gatewright.admin.package_installing import install
from gatewright.admin.package_installing import remove
from gatewright.app.shared_packages import SharedPackages
from gatewright.kernel.errors import Conflict
from gatewright.services.installing import source_of
from gatewright.services.loader import Loader
from gatewright.services.scaffold import new_package
from gatewright.services.source import digest_of
from gatewright.store.database import Database
from tests.admin.support import BY

FLOW = "Orders/services/orders/hello.flow.yaml"


class Node:
    """One node."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.packages = folder / "packages"
        self.packages.mkdir(parents=True)
        self.database = database
        self.shared = SharedPackages(database, self.packages, active=True)

    def text(self, file: str = FLOW) -> str:
        return (self.packages / file).read_text()

    async def save(self, text: str, before: str | None = None) -> None:
        digest = digest_of(self.text() if before is None else before)
        await self.shared.save(BY, {FLOW: text}, {FLOW: digest})


@pytest.fixture
def nodes(tmp_path: Path, database: Database) -> tuple[Node, Node]:
    """Both were deployed with the same package, as from one image."""
    one, other = Node(tmp_path / "one", database), Node(tmp_path / "other", database)
    for node in (one, other):
        new_package(node.packages, "Orders")
    return one, other


async def test_a_save_is_written_out_by_every_node(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    await one.save(one.text() + "# changed\n")
    await other.shared.follow()
    assert one.text() == other.text()
    assert other.text().endswith("# changed\n")


async def test_only_files_that_changed_are_written(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    untouched = other.packages / "Orders/services/orders/words.py"
    before = untouched.stat().st_mtime_ns
    await one.save("changed")
    await other.shared.follow()
    assert other.text() == "changed"
    assert untouched.stat().st_mtime_ns == before


async def test_a_save_on_top_of_another_nodes_is_refused(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    before = other.text()
    await one.save("one")
    with pytest.raises(Conflict):
        await other.save("other", before)
    await other.shared.follow()
    assert other.text() == "one"


async def test_saves_of_different_files_on_two_nodes_are_both_kept(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    words = "Orders/services/orders/words.py"
    text = other.text(words)
    await one.save("one")
    await other.shared.save(BY, {words: "# other\n"}, {words: digest_of(text)})
    await one.shared.follow()
    for node in nodes:
        assert (node.text(), node.text(words)) == ("one", "# other\n")


async def test_an_installed_package_comes_to_every_node_and_goes_from_it(
    nodes: tuple[Node, Node], tmp_path: Path, database: Database
) -> None:
    one, other = nodes
    new_package(tmp_path, "Bills")
    await install(database, BY, one.packages, source_of(str(tmp_path / "Bills")), "here", share=True)
    await other.shared.follow()
    assert Loader(other.packages).load().services["bills:hello"].enabled
    await remove(database, BY, one.packages, "Bills", Loader(one.packages).load(), share=True)
    await other.shared.follow()
    assert not (other.packages / "Bills").exists()
    assert (other.packages / "Orders").exists()


async def test_a_new_node_begins_with_what_the_others_have(
    nodes: tuple[Node, Node], tmp_path: Path, database: Database
) -> None:
    one, _ = nodes
    await one.save("changed")
    new = Node(tmp_path / "new", database)
    await new.shared.follow()
    assert new.text() == "changed"
    assert (new.packages / "Orders/package.yaml").exists()


async def test_a_file_that_another_node_removed_is_removed(nodes: tuple[Node, Node]) -> None:
    one, other = nodes
    await one.shared.save(BY, {FLOW: None}, {})
    await other.shared.follow()
    assert not (other.packages / FLOW).exists()
    assert not (one.packages / FLOW).exists()


async def test_one_machine_keeps_its_files_to_itself(tmp_path: Path, database: Database) -> None:
    packages = tmp_path / "packages"
    new_package(packages, "Orders")
    alone = SharedPackages(database, packages, active=False)
    await alone.save(BY, {FLOW: "shared"}, {})
    await alone.follow()
    assert (packages / FLOW).read_text() != "shared"
