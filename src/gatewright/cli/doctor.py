"""`gatewright doctor`."""

from gatewright.admin.doctor import Finding
from gatewright.admin.doctor import examine
from gatewright.admin.doctor import examine_metadata
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.output import print_json
from gatewright.cli.workspace import opened

_SECONDS = 5.0


async def doctor(*, json: JsonOption = False, workspace: WorkspaceOption = None) -> int:
    """Print the findings; status 1 when one of them is a MUST."""
    async with opened(workspace) as shell:
        found = await shell.database.read(examine, shell.settings)
        answered = await _metadata(shell.settings.issuer)
    if answered is not None:
        found = examine_metadata(answered, shell.settings.issuer) + found
    if json:
        print_json({"running": answered is not None, "findings": found})
    else:
        _print(found, shell.settings.issuer, running=answered is not None)
    return int(any(finding.level == "must" for finding in found))


async def _metadata(issuer: str) -> object:
    """The running server's metadata; None when nothing answers there."""
    import httpx

    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as client:
            answer = await client.get(f"{issuer}/.well-known/oauth-authorization-server")
            found: object = answer.json()
    except (httpx.HTTPError, ValueError):
        return None
    return found


def _print(found: list[Finding], issuer: str, *, running: bool) -> None:
    for finding in found:
        print(finding)
    if not found:
        print("Nothing to mend.")
    if not running:
        print(f"The server does not answer at {issuer}, so only the configuration was checked.")
