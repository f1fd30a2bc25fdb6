"""Packages from folders and zip files: what comes in, and what never does."""

import io
import os
import stat
import zipfile
from pathlib import Path

import pytest

from gatewright.services import package_bounds as bounds
from gatewright.services.installing import CannotInstall
from gatewright.services.installing import source_of
from gatewright.services.installing import zip_source
from gatewright.services.scaffold import new_package


def zipped(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return file


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


def test_a_folder_comes_in_without_what_is_hidden_or_made(tmp_path: Path, target: Path) -> None:
    files = new_package(tmp_path, "Orders")
    for made in (".git/config", "services/orders/__pycache__/words.cpython-311.pyc", "services/.words.py.swp"):
        path = tmp_path / "Orders" / made
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    source_of(str(tmp_path / "Orders"))(target)
    assert names(target) == sorted(files)


@pytest.mark.parametrize("kind", ["file", "folder", "dangling", "pipe"])
def test_a_folder_with_a_link_or_a_device_is_refused(tmp_path: Path, target: Path, kind: str) -> None:
    new_package(tmp_path, "Orders")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("s3cret")
    place = tmp_path / "Orders/services/orders/link"
    match kind:
        case "pipe":
            os.mkfifo(place)
        case "file":
            place.symlink_to(tmp_path / "outside/secret")
        case "folder":
            place.symlink_to(tmp_path / "outside")
        case _:
            place.symlink_to(tmp_path / "nowhere")
    with pytest.raises(CannotInstall, match="link or a device"):
        source_of(str(tmp_path / "Orders"))(target)


def test_a_zip_file_comes_in(target: Path) -> None:
    zip_source(zipped(("Orders/package.yaml", b"name: Orders\n"), ("Orders/services/a.py", b"")))(target)
    assert names(target) == ["Orders/package.yaml", "Orders/services/a.py"]


@pytest.mark.parametrize(
    "name",
    [
        "../evil.py",
        "Orders/../../evil.py",
        "/etc/evil.py",
        "Orders\\..\\..\\evil.py",
        "C:/evil.py",
        "Orders/evil\0.py",
        "Orders/ev\nil.py",
        "a/" * 40 + "deep.py",
        "n" * 300,
    ],
)
def test_a_zip_entry_that_would_lead_elsewhere_is_refused(tmp_path: Path, target: Path, name: str) -> None:
    entry = zipfile.ZipInfo("placeholder")
    entry.filename = name
    with pytest.raises(CannotInstall):
        zip_source(zipped(("Orders/package.yaml", b""), (entry, b"x")))(target)
    assert not [path for path in tmp_path.rglob("*evil*") if path.is_file()]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_zip_entry_that_is_a_link_or_a_device_is_refused(target: Path, kind: int) -> None:
    entry = zipfile.ZipInfo("Orders/services/link.py")
    entry.external_attr = (kind | 0o777) << 16
    with pytest.raises(CannotInstall, match="link or a device"):
        zip_source(zipped((entry, b"/etc/passwd")))(target)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(target: Path) -> None:
    bomb = zipped(*((f"Orders/{n}.txt", bytes(10_000_000)) for n in range(6)))
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(CannotInstall, match="too much"):
        zip_source(bomb)(target)
    assert names(target) == []


def test_a_zip_file_that_lies_about_its_sizes_is_stopped_where_it_exceeds(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MOST_BYTES", 1_000)
    with pytest.raises(CannotInstall, match="more than"):
        zip_source(zipped(("Orders/a.txt", bytes(2_000))))(target)


def test_more_files_than_a_package_may_hold_are_refused(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MOST_FILES", 3)
    with pytest.raises(CannotInstall, match="more than 3 files"):
        zip_source(zipped(*((f"Orders/{n}.txt", b"") for n in range(4))))(target)


def test_two_entries_at_one_place_are_refused(target: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"), pytest.raises(CannotInstall, match="two files"):
        zip_source(zipped(("Orders/a.py", b"1"), ("Orders/a.py", b"2")))(target)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(10)])
def test_what_is_no_zip_file_is_refused(target: Path, content: bytes) -> None:
    with pytest.raises(CannotInstall, match="zip file cannot be read"):
        zip_source(io.BytesIO(content))(target)


@pytest.mark.parametrize(
    ("method", "at"),
    [(zipfile.ZIP_DEFLATED, 42), (zipfile.ZIP_BZIP2, 46), (zipfile.ZIP_LZMA, 44), (zipfile.ZIP_DEFLATED, -4)],
)
def test_a_damaged_zip_file_is_refused_whatever_is_damaged(target: Path, method: int, at: int) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as made:
        made.writestr("package.yaml", bytes(range(256)) * 30)
    damaged = bytearray(archive.getvalue())
    damaged[at] ^= 0xFF
    with pytest.raises(CannotInstall, match="zip file"):
        zip_source(io.BytesIO(bytes(damaged)))(target)


def test_what_is_nothing_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotInstall, match="is no folder, no zip file"):
        source_of(str(tmp_path / "gone"))
    with pytest.raises(CannotInstall, match="branches and tags"):
        source_of(str(tmp_path), reference="main")
