"""What lies in the packages' folder: files with the stamps that tell a changed one from an unchanged one."""

import os
from pathlib import Path

import msgspec

from gatewright.services.names import is_part

Stamp = tuple[int, int, int]
"""Modification time in nanoseconds, size in bytes, inode: what changes when a file is written or replaced."""

FLOW = ".flow.yaml"
PYTHON = ".py"
OPENAPI = (".openapi.yaml", ".openapi.json")
UPSTREAM = ".upstream.yaml"


class ScannedPackage(msgspec.Struct, frozen=True):
    """One package's folder. `files` maps paths below it, with `/`, to stamps: package.yaml and all flow, Python, upstream and OpenAPI files."""

    folder: str
    files: dict[str, Stamp]


def scan(packages: Path) -> list[ScannedPackage]:
    """The packages below a folder, sorted by name; none when it does not exist. Names with a dot in front are passed over."""
    try:
        with os.scandir(packages) as entries:
            folders = sorted(entry.name for entry in entries if is_part(entry.name) and entry.is_dir())
    except FileNotFoundError:
        return []
    return [ScannedPackage(folder, dict(sorted(_files(packages / folder)))) for folder in folders]


def _files(package: Path) -> list[tuple[str, Stamp]]:
    found = []
    if (stamp := stamp_of(package / "package.yaml")) is not None:
        found.append(("package.yaml", stamp))
    _walk(str(package / "services"), "services/", found)
    return found


def _walk(folder: str, prefix: str, found: list[tuple[str, Stamp]]) -> None:
    try:
        entries = list(os.scandir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return  # removed meanwhile, or there are no services yet
    for entry in entries:
        if entry.name.startswith((".", "__")):
            continue
        if entry.is_dir(follow_symlinks=False):
            _walk(entry.path, f"{prefix}{entry.name}/", found)
        elif entry.name.endswith((FLOW, PYTHON, UPSTREAM, *OPENAPI)):
            try:
                status = entry.stat()
            except FileNotFoundError:
                continue
            found.append((prefix + entry.name, (status.st_mtime_ns, status.st_size, status.st_ino)))


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of a file, or None when there is none."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def folder_name(file: str) -> str:
    """The dotted folder that a file's place says: `services/orders/eu/get.flow.yaml` → `orders.eu`.

    Raises ValueError when a part of it cannot be a name.
    """
    parts = file.split("/")[1:-1]
    for part in parts:
        if not is_part(part):
            raise ValueError(f"the folder {part!r} cannot be part of a service's name (letters, digits, _ and -)")
    return ".".join(parts)
