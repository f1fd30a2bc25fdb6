"""`gatewright audit`."""

from typing import Annotated

import msgspec
from cyclopts import Parameter

from gatewright.admin import audit
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import opened

app = group("audit", "Who changed what.")


@app.command(name="list")
async def list_(
    *,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    before: Annotated[str | None, Parameter(help="Only those before this row's id.")] = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List changes, newest first; --json has the values before and after."""
    async with opened(workspace) as shell:
        found = await shell.database.read(audit.page, before, limit)
    if json:
        print_json(
            [msgspec.to_builtins(row) | {"before": _value(row.before), "after": _value(row.after)} for row in found]
        )
        return
    print_table(("time", "who", "what", "which"), [(time(row.at), row.actor, row.action, row.target) for row in found])


def _value(text: str | None) -> object:
    return None if text is None else msgspec.json.decode(text)
