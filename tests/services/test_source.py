from pathlib import Path

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Service
from gatewright.services.source import create_source
from gatewright.services.source import read_source
from gatewright.services.source import save_source

SERVICE = Service(name="a:b", kind="flow", package="P", file="P/services/a/b.flow.yaml")


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    (tmp_path / "P/services/a").mkdir(parents=True)
    (tmp_path / SERVICE.file).write_text("one\r\ntwo é\n", newline="")
    return tmp_path


def test_text_comes_back_as_it_was_saved(packages) -> None:
    source = read_source(packages, SERVICE)
    assert source.text == "one\r\ntwo é\n"
    saved = save_source(packages, SERVICE, "three\r\n", source.digest)
    assert read_source(packages, SERVICE) == saved
    assert (packages / SERVICE.file).read_bytes() == b"three\r\n"


def test_save_over_somebody_elses_change_is_refused(packages) -> None:
    source = read_source(packages, SERVICE)
    save_source(packages, SERVICE, "theirs", source.digest)
    with pytest.raises(Conflict, match="changed meanwhile"):
        save_source(packages, SERVICE, "ours", source.digest)
    assert read_source(packages, SERVICE).text == "theirs"


def test_save_keeps_the_files_mode_and_leaves_nothing_beside_it(packages) -> None:
    path = packages / SERVICE.file
    path.chmod(0o640)
    save_source(packages, SERVICE, "new", read_source(packages, SERVICE).digest)
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_save_of_a_file_that_is_gone_is_refused(packages) -> None:
    (packages / SERVICE.file).unlink()
    with pytest.raises(NotFound):
        save_source(packages, SERVICE, "new", "0" * 64)
    assert not (packages / SERVICE.file).exists()


def test_new_file_never_replaces_one(packages) -> None:
    create_source(packages, "P/services/c/d.flow.yaml", "first")
    with pytest.raises(Conflict, match="exists"):
        create_source(packages, "P/services/c/d.flow.yaml", "second")
    assert (packages / "P/services/c/d.flow.yaml").read_text() == "first"
    assert len(list((packages / "P/services/c").iterdir())) == 1


def test_new_file_needs_its_package(packages) -> None:
    with pytest.raises(NotFound):
        create_source(packages, "Q/services/c/d.flow.yaml", "first")
    assert not (packages / "Q").exists()
