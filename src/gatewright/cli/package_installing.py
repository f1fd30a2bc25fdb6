"""`gatewright package install` and `remove`."""

import re
from typing import Annotated

from cyclopts import Parameter

from gatewright.admin import package_installing as operations
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.output import print_json
from gatewright.cli.workspace import opened
from gatewright.services.installing import source_of

_CREDENTIALS = re.compile(r"//[^/@]*@")
ForceOption = Annotated[bool, Parameter(help="Do it although something is wrong.")]


async def install(
    where: Annotated[str, Parameter(help="A folder, a zip file, or the address of a git repository.")],
    /,
    *,
    reference: Annotated[str, Parameter(name="--ref", help="A repository's branch or tag; default: its own.")] = "",
    force: ForceOption = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Install a package, in place of a former version; a running server takes it up within a second.

    It is checked first, among the packages that are there: when it, a service or a test of it cannot be used, nothing is
    changed. Its Python files are loaded for that. Repositories are fetched by https://, ssh://, file:// or git@host:path.
    """
    source = source_of(where, reference=reference)
    origin = _CREDENTIALS.sub("//", where) + (f" at {reference}" if reference else "")
    async with opened(workspace) as shell:
        done = await operations.install(
            shell.database,
            shell.by,
            shell.workspace / "packages",
            source,
            origin,
            share=shell.settings.database != "sqlite",
            force=force,
        )
    if json:
        print_json(done)
        return
    for finding in done.findings:
        print(finding)
    instead = f" in place of {done.before}" if done.before is not None else ""
    print(f"installed {done.name} {done.version}{instead}")


async def remove(
    name: Annotated[str, Parameter(help="The package's name.")],
    /,
    *,
    force: ForceOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take a package away. Scopes and ACLs that name its services keep their entries."""
    async with opened(workspace) as shell:
        await operations.remove(
            shell.database,
            shell.by,
            shell.workspace / "packages",
            name,
            shell.catalogue(),
            share=shell.settings.database != "sqlite",
            force=force,
        )
    print(f"removed {name}")
