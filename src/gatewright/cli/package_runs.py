"""`gatewright package failures`: the last runs of services that failed."""

from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import opened
from gatewright.store import failing_runs


async def failures(
    service: Annotated[str, Parameter(help="A service's full name; default: all services.")] = "",
    /,
    *,
    limit: Annotated[int, Parameter(help="The most to show.")] = 20,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List the last runs of services that failed, the newest first; with --json each step's data too."""
    async with opened(workspace) as shell:
        found = await shell.database.read(failing_runs.page, service, limit=max(1, min(limit, failing_runs.IN_ALL)))
    if json:
        print_json(found)
        return
    rows = [
        (time(run.at), run.service, run.status, run.detail or run.title, _last_step(run), run.client_id, run.request)
        for run in found
    ]
    print_table(("time", "service", "status", "why", "step", "client", "request"), rows)


def _last_step(run: failing_runs.FailingRun) -> str:
    failed = [step for step in run.steps if step.get("error") is not None]
    return str(failed[-1]["pointer"]) if failed else ""
