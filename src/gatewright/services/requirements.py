"""What a package needs: other packages, and distributions from PyPI, which are checked and never installed.

What reads requirements and versions takes memory, and is loaded for the first package that needs something.
"""

import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gatewright.services.catalogue import Problem
from gatewright.services.package import Package

if TYPE_CHECKING:
    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet

Place = Callable[[str], tuple[int, int]]
"""Line and column, from 1, of the value at a JSON pointer in a `package.yaml`."""


def readable_requirement(text: str) -> "Requirement":
    """A requirement as pip reads it (PEP 508). Raises ValueError that says what is wrong."""
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement

    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        raise ValueError(f"{text!r} is no requirement, as in `pandas>=2,<3`: {str(error).splitlines()[0]}") from None
    if requirement.url is not None:
        raise ValueError(f"{text!r} names an address; name the distribution and its versions")
    return requirement


def readable_versions(text: str) -> "SpecifierSet":
    """Versions that do, `>=1.2,<2`; `*` or nothing: any (PEP 440). Raises ValueError."""
    from packaging.specifiers import InvalidSpecifier
    from packaging.specifiers import SpecifierSet

    try:
        return SpecifierSet("" if text.strip() == "*" else text)
    except InvalidSpecifier:
        raise ValueError(f"{text!r} is no choice of versions, as in `>=1.2,<2`, or `*` for any") from None


def unmet_requirements(package: Package, file: str, place: Place) -> tuple[Problem, ...]:
    """A problem for each distribution that is not installed, or not in a version that does."""
    found = []
    for index, text in enumerate(package.requirements):
        if message := _unmet(text):
            line, column = place(f"/requirements/{index}")
            found.append(Problem(file=file, line=line, column=column, message=message))
    return tuple(found)


def _unmet(text: str) -> str:
    from importlib import metadata

    requirement = readable_requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return ""
    mend = f"; install it with: {sys.executable} -m pip install '{text}'"
    try:
        installed = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return f"it needs {text}, which is not installed{mend}"
    if not requirement.specifier.contains(installed, prereleases=True):
        return f"it needs {text}, and {requirement.name} {installed} is installed{mend}"
    return ""


def unmet_dependencies(
    packages: Mapping[str, Package], places: Mapping[str, Place], out_of_use: Iterable[str]
) -> dict[str, tuple[Problem, ...]]:
    """The problems of packages that need others which are not there, of another version, or out of use themselves.

    packages: all that can be read, by name. out_of_use: those that are disabled or broken for a reason of their own.
    """
    gone = set(out_of_use)
    found: dict[str, tuple[Problem, ...]] = {}
    while True:  # whoever needs a package that falls out falls out too
        fallen = {
            name: problems
            for name, package in packages.items()
            if name not in found and (problems := _problems(package, packages, gone, places[name]))
        }
        if not fallen:
            return found
        found |= fallen
        gone |= fallen.keys()


def _problems(package: Package, packages: Mapping[str, Package], gone: set[str], place: Place) -> tuple[Problem, ...]:
    found = []
    for name, versions in package.dependencies.items():
        if message := _lacking(name, versions, packages.get(name), name in gone):
            line, column = place(f"/dependencies/{name}")
            found.append(Problem(file=f"{package.name}/package.yaml", line=line, column=column, message=message))
    return tuple(found)


def _lacking(name: str, versions: str, other: Package | None, is_gone: bool) -> str:
    if other is None:
        return f"it needs the package {name}, which is {'broken' if is_gone else 'not there'}"
    from packaging.version import InvalidVersion
    from packaging.version import Version

    wanted = readable_versions(versions)
    try:
        fits = wanted.contains(Version(other.version), prereleases=True)
    except InvalidVersion:
        fits = not wanted or versions.strip() == f"=={other.version}"
    if not fits:
        return f"it needs the package {name} {versions}, and {other.version} is there"
    return f"it needs the package {name}, which is out of use" if is_gone else ""
