"""`gatewright key`."""

import os
from typing import Annotated

from cyclopts import Parameter

from gatewright.admin import keys
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import Shell
from gatewright.cli.workspace import opened
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.sealing import master_sealer

app = group("key", "Signing keys, which the server makes and rotates by itself.")


@app.command(name="list")
async def list_(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """List the signing keys, newest first. The server makes the first one when it starts."""
    async with opened(workspace) as shell:
        found = await shell.database.read(keys.page, shell.by.now)
    if json:
        print_json(found)
        return
    rows = [(line.id, line.algorithm, line.state, time(line.active_at), _end(line.retire_at)) for line in found]
    print_table(("kid", "algorithm", "state", "used from", "until"), rows)


@app.command
async def rotate(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Sign with another key from now on. What the present one signed counts until it expires."""
    async with opened(workspace) as shell:
        key_id = await keys.rotate(shell.database, shell.by, _sealer(shell))
    if json:
        print_json({"kid": key_id})
    else:
        print(f"Key {key_id} signs from now on.")


@app.command
async def retire(
    kid: Annotated[str, Parameter(help="The key's kid, as `key list` shows it.")],
    /,
    *,
    workspace: WorkspaceOption = None,
) -> None:
    """End a key that leaked: everything it signed is refused from now on; another key takes over."""
    async with opened(workspace) as shell:
        await keys.retire(shell.database, shell.by, _sealer(shell), kid)
    print(f"Key {kid} is retired; what it signed is refused.")


def _sealer(shell: Shell) -> Sealer:
    return master_sealer(shell.workspace, dict(os.environ))


def _end(seconds: int | None) -> str:
    return "" if seconds is None else time(seconds)
