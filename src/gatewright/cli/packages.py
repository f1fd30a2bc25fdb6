"""`gatewright package`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.admin import packages as operations
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_fields
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.package_check import check
from gatewright.cli.package_installing import install
from gatewright.cli.package_installing import remove
from gatewright.cli.package_runs import failures
from gatewright.cli.package_schema import schema
from gatewright.cli.package_tests import run as run_tests
from gatewright.cli.workspace import find_workspace
from gatewright.cli.workspace import load_catalogue
from gatewright.cli.workspace import opened
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Service
from gatewright.services.scaffold import new_package
from gatewright.store import disabled as store

app = group("package", "Packages and their services.")
app.command(check)
app.command(run_tests, name="test")
app.command(install)
app.command(remove)
app.command(failures)
app.command(schema)
NameArgument = Annotated[str, Parameter(help="The package's name.")]
TargetArgument = Annotated[str, Parameter(help="A package's name, or a service's full name, folder:service.")]


@app.command(name="list")
async def list_(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the services of all packages, with their URL templates and what disables them."""
    catalogue = await _catalogue(workspace)
    services = [service for service in catalogue.services.values() if service.package]
    if json:
        print_json([_line(service, catalogue) for service in services])
        return
    rows = [
        (service.package, service.name, service.kind, service.enabled, ", ".join(_templates(service, catalogue)))
        for service in services
    ]
    print_table(("package", "service", "kind", "active", "url templates"), rows)
    for problem in catalogue.problems():
        print(problem)


@app.command
async def show(name: NameArgument, /, *, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show a package: what it says of itself, what it holds, and what disables it."""
    catalogue = await _catalogue(workspace)
    loaded = catalogue.packages.get(name) if name else None
    if loaded is None:
        raise NotFound(f"there is no package {name}")
    described = _described(loaded, catalogue)
    if json:
        print_json(described)
        return
    services = [f"{service.name} ({'active' if service.enabled else 'disabled'})" for service in loaded.services]
    print_fields((described | {"services": services}).items())


@app.command
def new(name: NameArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Make a package to begin with: a flow, a Python file, a URL template, and tests, which pass."""
    packages = find_workspace(workspace) / "packages"
    files = new_package(packages, name)
    print(f"made {packages / name}")
    for file in files:
        print(f"  {file}")


@app.command
async def enable(target: TargetArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Put a package or a service into use again; a running server follows within a second."""
    async with opened(workspace) as shell:
        changed = await shell.database.write(operations.enable, shell.by, target)
    print(f"{target} is in use again" if changed else f"{target} was not disabled")


@app.command
async def disable(target: TargetArgument, /, *, workspace: WorkspaceOption = None) -> None:
    """Put a package or a service out of use: its calls are answered with 503."""
    async with opened(workspace) as shell:
        changed = await shell.database.write(operations.disable, shell.by, target, shell.catalogue())
    print(f"{target} is disabled" if changed else f"{target} was disabled already")


async def _catalogue(workspace: Path | None) -> Catalogue:
    async with opened(workspace) as shell:
        disabled = await shell.database.read(store.all_disabled)
        return load_catalogue(shell.workspace / "packages", frozenset(disabled))


def _described(loaded: LoadedPackage, catalogue: Catalogue) -> dict[str, object]:
    package = loaded.package
    about: dict[str, object] = {"name": loaded.folder, "active": not loaded.switched_off and package is not None}
    if package is not None:
        about |= {
            "version": package.version,
            "description": package.description,
            "dependencies": [f"{name} {versions}" for name, versions in package.dependencies.items()],
            "requirements": list(package.requirements),
            "allowed_hosts": list(package.allowed_hosts),
            "secrets": list(package.secrets),
        }
    return about | {
        "services": [_line(service, catalogue) for service in loaded.services],
        "problems": [str(problem) for problem in loaded.problems],
    }


def _line(service: Service, catalogue: Catalogue) -> dict[str, object]:
    return {
        "package": service.package,
        "service": service.name,
        "kind": service.kind,
        "active": service.enabled,
        "url_templates": _templates(service, catalogue),
        "problems": [str(problem) for problem in service.problems],
    }


def _templates(service: Service, catalogue: Catalogue) -> list[str]:
    return [template.text for template in catalogue.templates_of(service.name)]
