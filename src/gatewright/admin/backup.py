"""Backups: the store as it was at one moment, the packages and the configuration file, in one zip. Never the master key."""

import hashlib
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from collections.abc import Iterator
from datetime import UTC
from datetime import datetime
from pathlib import Path
from pathlib import PurePosixPath
from typing import Final

import msgspec

from gatewright import __version__
from gatewright.kernel.errors import StartupError
from gatewright.store.migrate import NEWEST
from gatewright.store.migrate import migrate_sqlite
from gatewright.store.open import is_postgresql
from gatewright.store.portable import move
from gatewright.store.portable import snapshot_of_postgresql
from gatewright.store.portable import snapshot_of_sqlite

_MANIFEST: Final = "backup.json"
_STORE: Final = "gatewright.db"
_CONFIGURATION: Final = "gatewright.yaml"
_PACKAGES: Final = "packages"
_LEFT_OUT: Final = frozenset({"__pycache__"})


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is. schema: of its store.  files: the SHA-256 of each, by its path in the zip."""

    version: str
    schema: str
    made_at: str
    files: dict[str, str]


def back_up(workspace: Path, database: str, target: Path, now: int) -> Manifest:
    """Write a backup while servers go on. database: as the server's setting.

    Raises StartupError when the target exists or the store cannot be read.
    """
    if target.exists():
        raise StartupError(f"{target} exists already; name a new file")
    with tempfile.TemporaryDirectory(prefix="gatewright-backup-", dir=target.absolute().parent) as folder:
        store = Path(folder) / _STORE
        if is_postgresql(database):
            snapshot_of_postgresql(database, store)
        else:
            snapshot_of_sqlite(workspace / "data" / _STORE, store)
        packed = Path(folder) / "backup.zip"
        manifest = _pack(packed, [(_STORE, store), *_files(workspace)], now)
        packed.chmod(0o600)
        packed.rename(target)
    return manifest


def restore(source: Path, workspace: Path, database: str, tell: Callable[[str], None]) -> Manifest:
    """Put a backup into a workspace that has no store and no packages yet.

    Raises StartupError when there is one, or the backup is damaged or of a newer release.
    """
    store = workspace / "data" / _STORE
    if not is_postgresql(database) and store.exists():
        raise StartupError(f"{store} exists; restore into a new workspace, or move that file away")
    if any((workspace / _PACKAGES).glob("*")):
        raise StartupError(f"{workspace / _PACKAGES} is not empty; restore into a new workspace")
    with tempfile.TemporaryDirectory(prefix="gatewright-restore-") as folder:
        manifest = _unpack(source, Path(folder))
        if is_postgresql(database):
            move(Path(folder) / _STORE, database, tell)
        else:
            store.parent.mkdir(parents=True, exist_ok=True)
            _put(Path(folder) / _STORE, store)
            migrate_sqlite(store)
        for name in (_CONFIGURATION, _PACKAGES):
            found, wanted = Path(folder) / name, workspace / name
            if found.is_dir():
                shutil.copytree(found, wanted, dirs_exist_ok=True)
            elif found.is_file() and not wanted.exists():
                _put(found, wanted)
    (workspace / _PACKAGES).mkdir(exist_ok=True)
    return manifest


def _files(workspace: Path) -> Iterator[tuple[str, Path]]:
    if (workspace / _CONFIGURATION).is_file():
        yield _CONFIGURATION, workspace / _CONFIGURATION
    packages = workspace / _PACKAGES
    for path in sorted(packages.rglob("*")):
        inside = path.relative_to(packages)
        hidden = any(part.startswith(".") or part in _LEFT_OUT for part in inside.parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield f"{_PACKAGES}/{inside.as_posix()}", path


def _pack(target: Path, files: list[tuple[str, Path]], now: int) -> Manifest:
    digests = {}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, path in files:
            archive.write(path, name)
            digests[name] = _digest(path)
        made_at = datetime.fromtimestamp(now, UTC).isoformat()
        manifest = Manifest(__version__, NEWEST, made_at, digests)
        archive.writestr(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def _unpack(source: Path, folder: Path) -> Manifest:
    """The backup's files below `folder`, each as its manifest says. Raises StartupError."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = msgspec.json.decode(archive.read(_MANIFEST), type=Manifest)
            if manifest.schema > NEWEST:
                raise StartupError(f"{source} was made by a newer Gatewright, {manifest.version}; upgrade Gatewright")
            for name in manifest.files:
                _extract(archive, name, folder)
    except StartupError:
        raise
    except Exception as error:  # what is not as it should be ends in errors of every decompressor's own
        raise StartupError(f"{source} cannot be read as a backup: {error}") from error
    damaged = [name for name, digest in manifest.files.items() if _digest(folder / name) != digest]
    if damaged or _STORE not in manifest.files:
        raise StartupError(f"{source} is damaged: {', '.join(damaged) or _STORE} is not what was backed up")
    return manifest


def _extract(archive: zipfile.ZipFile, name: str, folder: Path) -> None:
    parts = PurePosixPath(name).parts
    if name not in (_STORE, _CONFIGURATION) and (parts[:1] != (_PACKAGES,) or ".." in parts or "\\" in name):
        raise KeyError(f"{name} does not belong into a backup")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as reading, target.open("wb") as writing:
        shutil.copyfileobj(reading, writing)


def _put(source: Path, target: Path) -> None:
    shutil.copy(source, target)
    target.chmod(0o600)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
