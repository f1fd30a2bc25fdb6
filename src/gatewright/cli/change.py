"""`gatewright apply`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import read_text
from gatewright.cli.output import print_json
from gatewright.cli.workspace import opened

if TYPE_CHECKING:
    from gatewright.admin.plan import Outcome


async def apply(
    file: Annotated[Path, Parameter(help="The YAML file, such as gatewright.yaml.")],
    /,
    *,
    plan: Annotated[bool, Parameter(name="--plan", help="Only say what would change.")] = False,
    prune: Annotated[bool, Parameter(name="--prune", help="Also remove what the file's lists do not name.")] = False,
    fail_on_widening: Annotated[
        bool,
        Parameter(
            name="--fail-on-widening",
            help="Change nothing, and exit 1, when it would let somebody call what it could not.",
        ),
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Apply a file, or plan to, and print what changes, and what that opens and closes to whom."""
    from gatewright.admin.apply import Widens
    from gatewright.admin.apply import apply as apply_configuration
    from gatewright.admin.configuration import read_configuration

    configuration = read_configuration(read_text(file), str(file))
    async with opened(workspace) as shell:
        try:
            outcome = await apply_configuration(
                shell.database,
                shell.by,
                configuration,
                shell.catalogue(),
                os.environ,
                prune=prune,
                plan_only=plan,
                fail_on_widening=fail_on_widening,
            )
        except Widens as refused:
            _print(refused.outcome, json)
            raise
    _print(outcome, json)
    if json or plan:
        return
    for client_id, secret in outcome.secrets.items():
        print(f"Secret of client {client_id} (shown only now): {secret}")
    for name, password in outcome.passwords.items():
        print(f"One-time password of user {name} (shown only now): {password}")


def _print(outcome: "Outcome", json: bool) -> None:
    """What changes, then what that opens and closes."""
    if json:
        print_json(outcome)
        return
    for line in outcome.lines:
        print(line)
    if not outcome.lines:
        print("Nothing to change.")
    if outcome.reach:
        print()
    for sentence in outcome.reach:
        print(sentence)
