"""How much a package may hold, and the names that its files may have."""

from pathlib import PurePosixPath
from typing import Final

from gatewright.kernel.errors import GatewrightError

MOST_FILES: Final = 2_000
MOST_BYTES: Final = 50_000_000
"""Of all files together, unpacked."""
_LONGEST_PATH: Final = 250
_DEEPEST: Final = 16
_PASSED_OVER: Final = ("__pycache__", "node_modules")


class CannotInstall(GatewrightError):
    """The package is refused; nothing was changed. findings: what is wrong in it, a line each."""

    def __init__(self, message: str, findings: tuple[str, ...] = ()) -> None:
        super().__init__("\n  ".join((message, *findings)))
        self.message, self.findings = message, findings


class Room:
    """Counts what comes in. Raises CannotInstall when it is too much."""

    def __init__(self) -> None:
        self._files = 0
        self._bytes = 0

    def file(self) -> None:
        """One file more."""
        self._files += 1
        if self._files > MOST_FILES:
            raise CannotInstall(f"it holds more than {MOST_FILES:,} files")

    def bytes(self, count: int) -> None:
        """So many bytes more."""
        self._bytes += count
        if self._bytes > MOST_BYTES:
            raise CannotInstall(f"its files hold more than {MOST_BYTES:,} bytes")


def safe_path(name: str) -> PurePosixPath | None:
    """The path of a file below a package's folder; None for one that is passed over: hidden files, caches.

    Raises CannotInstall for a path that would lead out of the folder, or that no file system can be trusted with.
    """
    path = PurePosixPath(name)
    if name.startswith("/") or "\\" in name or ":" in name or ".." in path.parts or not name.isprintable():
        raise CannotInstall(f"the path {name[:100]!r} leads out of the package, or is none")
    if len(name) > _LONGEST_PATH or len(path.parts) > _DEEPEST:
        raise CannotInstall(f"the path {name[:100]!r} is too long or too deep")
    if any(part.startswith(".") or part in _PASSED_OVER for part in path.parts) or name.endswith(".pyc"):
        return None
    return path
