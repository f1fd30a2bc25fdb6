"""Where packages come from. Each source fills an empty folder with plain files, bounded in number and size."""

import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO
from typing import Final

from gatewright.services.installing.git import git_source
from gatewright.services.installing.git import is_git
from gatewright.services.package_bounds import MOST_BYTES
from gatewright.services.package_bounds import MOST_FILES
from gatewright.services.package_bounds import CannotInstall
from gatewright.services.package_bounds import Room
from gatewright.services.package_bounds import safe_path

Source = Callable[[Path], None]
"""Fills an empty folder. Raises CannotInstall."""

_CHUNK: Final = 1 << 16
_MOST_ENTRIES: Final = 4 * MOST_FILES


def source_of(where: str, *, reference: str = "") -> Source:
    """The source that a command's argument means: a folder, a zip file, or the address of a git repository.

    reference: the branch or tag of a repository. Raises CannotInstall.
    """
    if is_git(where):
        return git_source(where, reference, folder_source)
    path = Path(where)
    if reference:
        raise CannotInstall("only a git repository has branches and tags")
    if path.is_dir():
        return folder_source(path)
    if path.is_file():
        return zip_source(path)
    raise CannotInstall(
        f"{where} is no folder, no zip file and no address of a git repository (https://…, ssh://…, file://…, git@host:path)"
    )


def folder_source(folder: Path) -> Source:
    """A folder's plain files; a link or a device in it is refused."""

    def fill(target: Path) -> None:
        room = Room()
        for at, folders, names in os.walk(folder):
            below = Path(at).relative_to(folder)
            folders[:] = [name for name in folders if safe_path((below / name).as_posix()) is not None]
            for name in [*folders, *names]:
                _require_plain(Path(at, name), (below / name).as_posix())
            for name in names:
                path = safe_path((below / name).as_posix())
                if path is not None:
                    with open(Path(at, name), "rb") as file:
                        _write(file, target / path, room)

    return fill


def zip_source(archive: Path | IO[bytes]) -> Source:
    """A zip file's plain files."""

    def fill(target: Path) -> None:
        room = Room()
        try:
            with zipfile.ZipFile(archive) as opened:
                entries = opened.infolist()
                if sum(entry.file_size for entry in entries) > MOST_BYTES or len(entries) > _MOST_ENTRIES:
                    raise CannotInstall("the zip file holds too much")
                for entry in entries:
                    _unpack(opened, entry, target, room)
        except CannotInstall:
            raise
        except Exception as error:  # what is not as it should be ends in errors of every decompressor's own
            raise CannotInstall(f"the zip file cannot be read: {error}") from None

    return fill


def _unpack(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, room: Room) -> None:
    path = safe_path(entry.orig_filename.rstrip("/"))
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise CannotInstall(f"{entry.filename!r} is a link or a device; a package holds plain files")
    if path is None or entry.is_dir():
        return
    if entry.flag_bits & 1:
        raise CannotInstall("the zip file is encrypted")
    with archive.open(entry) as file:
        _write(file, target / path, room)


def _require_plain(path: Path, shown: str) -> None:
    mode = path.lstat().st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise CannotInstall(f"{shown!r} is a link or a device; a package holds plain files")


def _write(source: IO[bytes], target: Path, room: Room) -> None:
    room.file()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "xb") as file:
            while chunk := source.read(_CHUNK):
                room.bytes(len(chunk))
                file.write(chunk)
    except (FileExistsError, NotADirectoryError):
        raise CannotInstall(f"there are two files {target.name!r} at one place") from None
