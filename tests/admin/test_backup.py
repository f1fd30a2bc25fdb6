import json
import zipfile
from pathlib import Path

import pytest

from gatewright.admin.backup import back_up
from gatewright.admin.backup import restore
from gatewright.kernel.errors import StartupError
from gatewright.store import clients
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed


def silent(_: str) -> None:
    """Nobody looks on."""


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    seed.write_package(folder)
    (folder / "data").mkdir()
    seed.write_database(folder / "data" / "gatewright.db")
    (folder / "data" / "master.key").write_text("ab" * 32)
    (folder / "gatewright.yaml").write_text("server: {port: 5555}\n")
    cache = folder / "packages" / "Shop" / "services" / "__pycache__"
    cache.mkdir()
    (cache / "orders.pyc").write_bytes(b"compiled")
    return folder


@pytest.fixture
def backup(workspace: Path, tmp_path: Path) -> Path:
    file = tmp_path / "backup.zip"
    back_up(workspace, "sqlite", file, seed.MADE)
    return file


def test_a_backup_holds_store_packages_and_configuration_and_no_key(backup: Path) -> None:
    names = set(zipfile.ZipFile(backup).namelist())
    assert {"backup.json", "gatewright.db", "gatewright.yaml", "packages/Shop/package.yaml"} <= names
    assert not [name for name in names if "master" in name or "__pycache__" in name]
    assert backup.stat().st_mode & 0o077 == 0


async def test_what_was_backed_up_is_restored(backup: Path, workspace: Path, tmp_path: Path) -> None:
    target = tmp_path / "restored"
    restore(backup, target, "sqlite", silent)
    package = "packages/Shop/services/orders.py"
    assert (target / package).read_text() == (workspace / package).read_text()
    database = SqliteDatabase(target / "data" / "gatewright.db")
    assert await database.read(clients.find, seed.LEDGER) is not None
    await database.close()


def test_a_backup_never_replaces_a_file(backup: Path, workspace: Path) -> None:
    with pytest.raises(StartupError, match="exists already"):
        back_up(workspace, "sqlite", backup, seed.MADE)


def test_nothing_is_restored_over_a_store_or_packages(backup: Path, workspace: Path, tmp_path: Path) -> None:
    with pytest.raises(StartupError, match=r"gatewright\.db exists"):
        restore(backup, workspace, "sqlite", silent)
    (tmp_path / "other" / "packages" / "Mine").mkdir(parents=True)
    with pytest.raises(StartupError, match="is not empty"):
        restore(backup, tmp_path / "other", "sqlite", silent)


def altered(backup: Path, target: Path, name: str, content: bytes, manifest: dict[str, object] | None = None) -> Path:
    """A copy of the backup with one more or another file."""
    with zipfile.ZipFile(backup) as reading, zipfile.ZipFile(target, "w") as writing:
        for each in reading.namelist():
            if each != name and not (each == "backup.json" and manifest):
                writing.writestr(each, reading.read(each))
        if manifest:
            writing.writestr("backup.json", json.dumps(manifest))
        if name:
            writing.writestr(name, content)
    return target


def manifest_of(backup: Path) -> dict[str, object]:
    return dict(json.loads(zipfile.ZipFile(backup).read("backup.json")))


def test_a_damaged_backup_is_refused_and_nothing_is_written(backup: Path, tmp_path: Path) -> None:
    broken = altered(backup, tmp_path / "broken.zip", "packages/Shop/services/orders.py", b"other")
    with pytest.raises(StartupError, match="is damaged"):
        restore(broken, tmp_path / "target", "sqlite", silent)
    assert not (tmp_path / "target" / "data").exists()


@pytest.mark.parametrize("name", ["../evil.py", "packages/../../evil.py", "/etc/evil", "data/master.key"])
def test_a_path_that_leads_elsewhere_is_refused(backup: Path, tmp_path: Path, name: str) -> None:
    manifest = manifest_of(backup)
    manifest["files"] = {**manifest["files"], name: "00"}  # type: ignore[dict-item]
    forged = altered(backup, tmp_path / "forged.zip", name, b"evil", manifest)
    with pytest.raises(StartupError, match="cannot be read as a backup"):
        restore(forged, tmp_path / "target", "sqlite", silent)
    assert not list(tmp_path.rglob("evil*"))


def test_a_backup_whose_bytes_are_damaged_is_refused(backup: Path, tmp_path: Path) -> None:
    content = bytearray(backup.read_bytes())
    begins = content.index(b"gatewright.db") + len("gatewright.db")
    content[begins : begins + 8] = b"\xff" * 8  # no block of compressed data begins so
    backup.write_bytes(content)
    with pytest.raises(StartupError, match="cannot be read as a backup"):
        restore(backup, tmp_path / "restored", "sqlite", silent)
    assert not (tmp_path / "restored" / "data").exists()


def test_a_backup_of_a_newer_release_is_refused(backup: Path, tmp_path: Path) -> None:
    newer = altered(backup, tmp_path / "newer.zip", "", b"", manifest_of(backup) | {"schema": "9999"})
    with pytest.raises(StartupError, match="newer Gatewright"):
        restore(newer, tmp_path / "target", "sqlite", silent)


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file.zip").write_text("no zip")
    for file in ("file.zip", "nothing.zip"):
        with pytest.raises(StartupError, match="cannot be read as a backup"):
            restore(tmp_path / file, tmp_path / "target", "sqlite", silent)
