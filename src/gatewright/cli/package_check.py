"""`gatewright package check`: what is wrong with packages, without a server."""

from pathlib import Path

from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.output import print_json
from gatewright.cli.package_place import PackageArgument
from gatewright.cli.package_place import places
from gatewright.cli.workspace import DATABASE
from gatewright.cli.workspace import load_catalogue
from gatewright.cli.workspace import opened
from gatewright.services.package_check import check_package
from gatewright.store import connections as store


async def check(
    package: PackageArgument = "", /, *, json: JsonOption = False, workspace: WorkspaceOption = None
) -> int:
    """Say all that is wrong with a package, each with its place: what disables it or a service, and warnings.

    Its Python files are loaded for it, as a server would. In a workspace that has a database, connections that flows
    name must be there, too. The exit status is 1 when there is an error.
    """
    packages, names = places(package, workspace)
    catalogue = load_catalogue(packages)
    connections = await _connections(packages.parent)
    found = [finding for name in names for finding in check_package(packages, catalogue, name, connections)]
    if json:
        print_json(found)
    else:
        for finding in found:
            print(finding)
        errors = sum(finding.severity == "error" for finding in found)
        services = sum(len(catalogue.packages[name].services) for name in names)
        print(f"{services} services, {errors} errors, {len(found) - errors} warnings")
    return 1 if any(finding.severity == "error" for finding in found) else 0


async def _connections(workspace: Path) -> list[str] | None:
    """The names of the workspace's connections; None when it has no database that could be asked."""
    if not (workspace / DATABASE).is_file():
        return None
    async with opened(workspace) as shell:
        return [each.name for each in await shell.database.read(store.all_connections)]
