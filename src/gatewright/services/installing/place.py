"""A package on its way into the packages' folder: received beside the others, checked with them, put in place at once."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import msgspec

from gatewright.kernel.errors import NotFound
from gatewright.services.errors import FileProblem
from gatewright.services.installing.sources import Source
from gatewright.services.loader import NOTHING_DISABLED
from gatewright.services.loader import Loader
from gatewright.services.manifest import MANIFEST
from gatewright.services.package import Package
from gatewright.services.package import parse_package
from gatewright.services.package_bounds import CannotInstall
from gatewright.services.package_check import Finding
from gatewright.services.package_check import check_package
from gatewright.services.package_folder import alone

_INCOMING: Final = ".incoming-"
_FORMER: Final = ".former"


class Incoming(msgspec.Struct, frozen=True):
    """A package that was received. folder: where it lies now. before: the version that it would replace, if there is one.

    room: the folder that was made for receiving it.
    """

    package: Package
    folder: Path
    before: str | None
    findings: tuple[Finding, ...]
    room: Path

    def discard(self) -> None:
        """Remove what is left of receiving it."""
        shutil.rmtree(self.room, ignore_errors=True)

    def require_good(self) -> None:
        """Raise CannotInstall when something in it is wrong."""
        errors = tuple(str(finding) for finding in self.findings if finding.severity == "error")
        if errors:
            raise CannotInstall(f"{self.package.name} {self.package.version} cannot be used as it stands:", errors)


def receive(packages: Path, source: Source, disabled: frozenset[str] = NOTHING_DISABLED) -> Incoming:
    """Receive a package and check it among those that are there. Let go of it by `discard`, put in place or not.

    disabled: packages and services that are out of use. Raises CannotInstall for what is no package, or too much of one.
    """
    packages.mkdir(parents=True, exist_ok=True)
    room = Path(tempfile.mkdtemp(prefix=_INCOMING, dir=packages))
    try:
        unpacked, beside = room / "unpacked", room / "packages"
        unpacked.mkdir()
        beside.mkdir()
        source(unpacked)
        root = _root(unpacked)
        package = _package(root)
        staged = root.rename(beside / package.name)
        for other in packages.iterdir():
            if other.name != package.name and not other.name.startswith(".") and other.is_dir():
                (beside / other.name).symlink_to(other.resolve(), target_is_directory=True)
        findings = _checked(beside, package.name, disabled)
        return Incoming(package, staged, _version(packages / package.name), findings, room)
    except BaseException:
        shutil.rmtree(room)
        raise


def put_in_place(packages: Path, incoming: Incoming) -> None:
    """Put it where servers load packages from, in one step for them; the former version is kept until the next time."""
    for folder in incoming.folder.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)
    with alone(packages):
        _set_aside(packages, incoming.package.name)
        incoming.folder.rename(packages / incoming.package.name)


def take_away(packages: Path, name: str) -> None:
    """Take a package away; it is kept until the next one of its name is. Raises NotFound."""
    with alone(packages):
        if not _set_aside(packages, name):
            raise NotFound(f"There is no package {name}.")


def undo(packages: Path, name: str) -> None:
    """Put the former version of a package back, or take the package away when there was none."""
    with alone(packages):
        former, present = packages / _FORMER / name, packages / name
        if present.exists():
            shutil.rmtree(present)
        if former.exists():
            former.rename(present)


def _set_aside(packages: Path, name: str) -> bool:
    present, former = packages / name, packages / _FORMER / name
    if not former.parent.exists():
        former.parent.mkdir()
        (former.parent / ".gitignore").write_text("*\n")
    if former.exists():
        shutil.rmtree(former)
    if not present.exists():
        return False
    present.rename(former)
    return True


def _checked(packages: Path, name: str, disabled: frozenset[str]) -> tuple[Finding, ...]:
    loader = Loader(packages)
    try:
        return tuple(check_package(packages, loader.load(disabled), name))
    finally:
        loader.forget()


def _root(unpacked: Path) -> Path:
    """The folder that holds package.yaml: the topmost, or the only one in it."""
    if (unpacked / MANIFEST).is_file():
        return unpacked
    inside = list(unpacked.iterdir())
    if len(inside) == 1 and (inside[0] / MANIFEST).is_file():
        return inside[0]
    raise CannotInstall(f"there is no {MANIFEST} in it, neither at the top nor in the only folder there")


def _package(root: Path) -> Package:
    try:
        return parse_package((root / MANIFEST).read_text(encoding="utf-8"), MANIFEST)
    except FileProblem as error:
        raise CannotInstall("its package.yaml cannot be used:", (str(error),)) from None
    except UnicodeDecodeError:
        raise CannotInstall("its package.yaml is no UTF-8 text") from None


def _version(folder: Path) -> str | None:
    if not folder.exists():
        return None
    try:
        return parse_package((folder / MANIFEST).read_text(encoding="utf-8"), MANIFEST).version
    except (FileProblem, OSError, UnicodeDecodeError):
        return "unknown"
