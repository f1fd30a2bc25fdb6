"""Names of folders and services (DESIGN section 1): `folder.sub:service`.

Everything takes and gives the full name as plain text, `folder.sub:service`, which is also the key of every table.
"""

import re

_PART = r"[A-Za-z_][A-Za-z0-9_-]*"
_FOLDER = re.compile(rf"{_PART}(?:\.{_PART})*\Z")
_SERVICE = re.compile(rf"{_PART}(?:\.{_PART})*:{_PART}\Z")
_PART_ONLY = re.compile(rf"{_PART}\Z")


def is_part(text: str) -> bool:
    """Whether `text` can be one part of a name: a letter or underscore, then letters, digits, `_` or `-` (ASCII)."""
    return _PART_ONLY.match(text) is not None


def is_folder(text: str) -> bool:
    """Whether `text` is a folder's full name, `folder.sub`."""
    return _FOLDER.match(text) is not None


def is_service(text: str) -> bool:
    """Whether `text` is a service's full name, `folder.sub:service`."""
    return _SERVICE.match(text) is not None


def parse_service(text: str) -> str:
    """The full name that `folder.sub:service` or `folder.sub/service` stands for. Raises ValueError for anything else."""
    name = text.replace("/", ":", 1) if ":" not in text else text
    if not is_service(name):
        raise ValueError(f"{text!r} is not a service's name; it is written folder.sub:service")
    return name


def folder_of(service: str) -> str:
    """The folder a service is in."""
    return service.partition(":")[0]


def folders_above(name: str) -> list[str]:
    """The folders that cover a service or folder, the nearest first; a folder covers itself."""
    parts = folder_of(name).split(".")
    return [".".join(parts[:count]) for count in range(len(parts), 0, -1)]


BUILTIN_FOLDERS = frozenset(
    f"pub.{name}"
    for name in (
        "cache", "crypto", "csv", "date", "json", "list", "log", "mail", "math", "sql", "string", "xml",
    )
)  # fmt: skip
"""The folders of the built-in services. Only a scope that lists such a service by its name opens it."""


def is_builtin(service: str) -> bool:
    """Whether a service is in a folder of the built-in ones."""
    return folder_of(service) in BUILTIN_FOLDERS


def covers(folder: str, name: str) -> bool:
    """Whether `folder` covers the service or folder `name`: it is that folder, or everything below it."""
    inside = folder_of(name)
    return inside == folder or inside.startswith(folder + ".")


def invoke_path(service: str) -> str:
    """The address of a service under the server: `/invoke/folder.sub/service`."""
    return "/invoke/" + service.replace(":", "/")
