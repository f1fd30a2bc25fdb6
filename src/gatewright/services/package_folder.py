"""A package's folder as plain files: read whole, and written to be just what was shared."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path

from gatewright.services.package_bounds import CannotInstall
from gatewright.services.package_bounds import Room
from gatewright.services.package_bounds import safe_path


def read_files(folder: Path) -> dict[str, bytes]:
    """The plain files of a package that are shared: contents by path. Raises CannotInstall when they are too many."""
    room, found = Room(), {}
    for path in _files(folder):
        room.file()
        content = (folder / path).read_bytes()
        room.bytes(len(content))
        found[path] = content
    return found


def write_files(packages: Path, name: str, contents: Mapping[str, bytes]) -> None:
    """Make a package's folder hold just these files; what is the same already is left alone."""
    folder = packages / name
    with alone(packages):
        folder.mkdir(exist_ok=True)
        for path in [path for path in _files(folder) if path not in contents]:
            (folder / path).unlink()
        for path, content in contents.items():
            if safe_path(path) is not None:
                _write(folder / path, content)


def remove_folder(packages: Path, name: str) -> None:
    """Take a package's folder away."""
    with alone(packages):
        if (packages / name).exists():
            shutil.rmtree(packages / name)


@contextmanager
def alone(packages: Path) -> Iterator[None]:
    """While no server scans or loads, so that none sees half of a change."""
    packages.mkdir(parents=True, exist_ok=True)
    handle = os.open(packages, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
        os.fsync(handle)
    finally:
        os.close(handle)


def _files(folder: Path) -> list[str]:
    found = []
    for at, folders, names in os.walk(folder):
        below = Path(at).relative_to(folder)
        folders[:] = [name for name in folders if _is_shared((below / name).as_posix())]
        found += [(below / name).as_posix() for name in names if not Path(at, name).is_symlink()]
    return sorted(path for path in found if _is_shared(path))


def _is_shared(path: str) -> bool:
    try:
        return safe_path(path) is not None
    except CannotInstall:
        return False


def _write(path: Path, content: bytes) -> None:
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    os.chmod(temporary, 0o644)
    os.replace(temporary, path)
