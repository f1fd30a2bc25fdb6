"""Which packages a command is about: one by name, one by its folder, or all of the workspace."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.workspace import find_workspace
from gatewright.kernel.errors import NotFound
from gatewright.services.scan import scan

MANIFEST = "package.yaml"
PackageArgument = Annotated[
    str, Parameter(help="The package's name, or its folder, in a workspace or not; default: all of the workspace.")
]


def places(package: str, workspace: Path | None) -> tuple[Path, list[str]]:
    """The packages' folder, and the names of the packages in it. Raises NotFound, StartupError."""
    folder = Path(package)
    if package and (folder / MANIFEST).is_file() and ("/" in package or package in (".", "..") or not workspace):
        resolved = folder.resolve()
        return resolved.parent, [resolved.name]
    packages = find_workspace(workspace) / "packages"
    names = [each.folder for each in scan(packages)]
    if not package:
        return packages, names
    if package not in names:
        known = f"; there are {', '.join(names)}" if names else ""
        raise NotFound(f"there is no package {package} in {packages}{known}")
    return packages, [package]
