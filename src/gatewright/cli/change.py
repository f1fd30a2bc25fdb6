"""`gatewright apply`."""

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import read_text
from gatewright.cli.output import print_json
from gatewright.cli.workspace import opened


async def apply(
    file: Annotated[Path, Parameter(help="The YAML file, such as gatewright.yaml.")],
    /,
    *,
    plan: Annotated[bool, Parameter(name="--plan", help="Only say what would change.")] = False,
    prune: Annotated[bool, Parameter(name="--prune", help="Also remove what the file's lists do not name.")] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Apply a file, or plan to, and print what changes."""
    from gatewright.admin.apply import apply as apply_configuration
    from gatewright.admin.configuration import read_configuration

    configuration = read_configuration(read_text(file), str(file))
    async with opened(workspace) as shell:
        outcome = await apply_configuration(
            shell.database, shell.by, configuration, shell.catalogue(), os.environ, prune=prune, plan_only=plan
        )
    if json:
        print_json(outcome)
        return
    for line in outcome.lines:
        print(line)
    if not outcome.lines:
        print("Nothing to change.")
    if plan:
        return
    for client_id, secret in outcome.secrets.items():
        print(f"Secret of client {client_id} (shown only now): {secret}")
    for name, password in outcome.passwords.items():
        print(f"One-time password of user {name} (shown only now): {password}")
