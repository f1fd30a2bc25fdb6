"""A package's `package.yaml` as the loader keeps it, with what of its needs is not met."""

from pathlib import Path
from typing import Final

import msgspec

from gatewright.services.catalogue import Problem
from gatewright.services.errors import FileProblem
from gatewright.services.names import is_part
from gatewright.services.package import Package
from gatewright.services.package import parse_placed_package
from gatewright.services.requirements import Place
from gatewright.services.requirements import readable_requirement
from gatewright.services.requirements import readable_versions
from gatewright.services.requirements import unmet_requirements
from gatewright.services.scan import Stamp

MANIFEST: Final = "package.yaml"


class Manifest(msgspec.Struct):
    """package: None when the file cannot be used, which `problem` explains. unmet: requirements that are not installed."""

    file: str
    stamp: Stamp | None
    package: Package | None = None
    place: Place = lambda _: (0, 0)
    problem: Problem | None = None
    unmet: tuple[Problem, ...] = ()

    def look_again(self) -> bool:
        """See whether what was not installed is installed now; whether anything changed."""
        if self.package is None or not self.unmet:
            return False
        before, self.unmet = self.unmet, unmet_requirements(self.package, self.file, self.place)
        return before != self.unmet


def read_manifest(packages: Path, folder: str, stamp: Stamp | None) -> Manifest:
    """Read it. Nothing raises."""
    file = f"{folder}/{MANIFEST}"
    try:
        package, document = parse_placed_package((packages / file).read_text(encoding="utf-8"), file)
        _check(package, file, document.place)
    except FileProblem as error:
        problem = Problem(file=file, line=error.line, column=error.column, message=error.message)
    except FileNotFoundError:
        problem = Problem(file=file, message="the file is missing; it needs at least `name` and `version`")
    except (OSError, UnicodeDecodeError) as error:
        problem = Problem(file=file, message=f"the file cannot be read: {error}")
    else:
        if package.name == folder:
            unmet = unmet_requirements(package, file, document.place)
            return Manifest(file, stamp, package, document.place, None, unmet)
        problem = Problem(file=file, line=1, message=f"the name {package.name!r} is not its folder's, {folder!r}")
    return Manifest(file, stamp, problem=problem)


def _check(package: Package, file: str, place: Place) -> None:
    for name, versions in package.dependencies.items():
        if not is_part(name):
            raise FileProblem(file, *place(f"/dependencies/{name}"), f"{name!r} is no package's name")
        try:
            readable_versions(versions)
        except ValueError as error:
            raise FileProblem(file, *place(f"/dependencies/{name}"), str(error)) from None
        if name == package.name:
            raise FileProblem(file, *place(f"/dependencies/{name}"), "a package cannot need itself")
    for index, text in enumerate(package.requirements):
        try:
            readable_requirement(text)
        except ValueError as error:
            raise FileProblem(file, *place(f"/requirements/{index}"), str(error)) from None
