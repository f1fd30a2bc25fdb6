"""Sources of services: reading and saving them as files, without losing anybody's change."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Service


class Source(msgspec.Struct, frozen=True):
    """The text of a service's file and its digest, which a save gives back to show what it was made from."""

    text: str
    digest: str


def digest_of(text: str) -> str:
    """SHA-256 of a text in UTF-8, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_source(packages: Path, service: Service) -> Source:
    """The source of a service. Raises NotFound when its file is gone."""
    return _read(packages / service.file)


def save_source(packages: Path, service: Service, text: str, expected_digest: str) -> Source:
    """Replace a service's file atomically; the next scan takes it up.

    expected_digest: of the text that was edited. Raises Conflict when the file is another by now, NotFound when it is gone.
    """
    return save_file(packages, service.file, text, expected_digest)


def read_file(packages: Path, file: str) -> Source:
    """The text of a file below the packages' folder. Raises NotFound when it is gone."""
    return _read(packages / file)


def save_file(packages: Path, file: str, text: str, expected_digest: str) -> Source:
    """Replace a file below the packages' folder, as `save_source` does."""
    path = packages / file
    with _locked(path.parent):
        if _read(path).digest != expected_digest:
            raise Conflict(f"{file} was changed meanwhile; compare, then save again")
        temporary = _write_beside(path, text)
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
        _sync_folder(path.parent)
    return Source(text, digest_of(text))


def create_source(packages: Path, file: str, text: str) -> Source:
    """Write a new file below a package's folder. Raises Conflict when it exists, NotFound when the package does not.

    file: relative to the packages' folder, made of names that `names.is_part` accepts.
    """
    path = packages / file
    if not (packages / Path(file).parts[0]).is_dir():
        raise NotFound(f"there is no package {Path(file).parts[0]}")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _write_beside(path, text)
    try:
        temporary.chmod(0o644)
        os.link(temporary, path)  # unlike a rename it refuses to replace
    except FileExistsError:
        raise Conflict(f"{file} exists already") from None
    finally:
        temporary.unlink()
    _sync_folder(path.parent)
    return Source(text, digest_of(text))


def delete_file(packages: Path, file: str, expected_digest: str) -> None:
    """Remove a file below the packages' folder. Raises Conflict when it is another by now, NotFound when it is gone."""
    path = packages / file
    with _locked(path.parent):
        if _read(path).digest != expected_digest:
            raise Conflict(f"{file} was changed meanwhile; look at it again")
        path.unlink()
        _sync_folder(path.parent)


def _read(path: Path) -> Source:
    try:
        with path.open(encoding="utf-8", newline="") as file:  # line ends stay as they are
            text = file.read()
    except FileNotFoundError:
        raise NotFound(f"{path.name} is gone") from None
    return Source(text, digest_of(text))


def _write_beside(path: Path, text: str) -> Path:
    # A name that begins with a dot is passed over by the scan.
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, so that of two processes that save one sees the other's file."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        raise NotFound(f"{folder.name} is gone") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
