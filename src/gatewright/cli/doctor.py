"""`gatewright doctor`."""

from typing import Annotated
from typing import Final

from cyclopts import Parameter

from gatewright.admin.doctor.configuration import examine
from gatewright.admin.doctor.finding import Finding
from gatewright.admin.doctor.finding import Level
from gatewright.admin.doctor.finding import together
from gatewright.admin.listing import all_clients
from gatewright.cli.options import JsonOption
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.output import print_json
from gatewright.cli.workspace import Shell
from gatewright.cli.workspace import opened
from gatewright.store.database import Transaction
from gatewright.store.records import Client

_SECONDS: Final = 5.0
_MOST_CLIENTS: Final = 200


async def doctor(
    *,
    fail_on: Annotated[
        Level, Parameter(help="Exit status 1 when a finding is of this level: must, or should too.")
    ] = "must",
    url: Annotated[str | None, Parameter(help="Where the running server answers; else at its issuer.")] = None,
    offline: Annotated[bool, Parameter(help="Check the configuration alone; ask the running server nothing.")] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> int:
    """Print the findings; status 1 when one is of the level that was asked for."""
    async with opened(workspace) as shell:
        found = await shell.database.read(examine, shell.settings)
        asked = await _ask(shell, url or shell.settings.issuer) if not offline else None
    found = together([*found, *(asked or ())])
    if json:
        print_json({"running": asked is not None, "findings": found})
    else:
        _print(found, asked is not None, url or shell.settings.issuer)
    return int(any(fail_on in ("should", finding.level) for finding in found))


async def _ask(shell: Shell, address: str) -> list[Finding] | None:
    """What the running server shows; None when nothing answers there."""
    import httpx

    from gatewright.admin.doctor.asking import Asking
    from gatewright.admin.doctor.client_requests import ask_as
    from gatewright.admin.doctor.server_requests import ask_server

    issuer = shell.settings.issuer
    clients = await shell.database.read(_some_clients)
    try:
        async with httpx.AsyncClient(timeout=_SECONDS) as http:
            asking = Asking(http, address.rstrip("/"))
            found = [finding async for finding in ask_server(asking, issuer)]
            for client in clients:
                found += [finding async for finding in ask_as(client, asking, issuer)]
    except httpx.HTTPError:
        return None
    return found


def _some_clients(transaction: Transaction) -> list[Client]:
    return [client for client, _ in zip(all_clients(transaction), range(_MOST_CLIENTS), strict=False)]


def _print(found: list[Finding], running: bool, address: str) -> None:
    for finding in found:
        print(finding)
    if not found:
        print("Nothing to mend.")
    if not running:
        print(f"The running server was not asked (at {address}), so this is about the configuration alone.")
