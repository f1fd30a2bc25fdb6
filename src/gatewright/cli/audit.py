"""`gatewright audit`."""

from typing import Annotated
from typing import Final

import msgspec
from cyclopts import Parameter

from gatewright.admin import audit
from gatewright.admin.explanations import explain
from gatewright.cli.options import JsonOption
from gatewright.cli.options import Usage
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.options import group
from gatewright.cli.output import print_fields
from gatewright.cli.output import print_json
from gatewright.cli.output import print_table
from gatewright.cli.output import time
from gatewright.cli.workspace import opened
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import NotFound
from gatewright.store import refusals as refusals_store

app = group("audit", "Who changed what, and why requests were refused.")
_MARKS: Final = {"passed": "ok ", "failed": "NO ", "not reached": "-  "}


@app.command
async def verify(
    *,
    expect: Annotated[
        str, Parameter(help="Also hold the log to a head that was noted before, NUMBER:HASH as this command prints it.")
    ] = "",
    workspace: WorkspaceOption = None,
) -> None:
    """Check the audit log's chain; name each row that was changed, removed or inserted, and exit 1."""
    number, _, noted = expect.partition(":")
    if expect and (not number.isdigit() or not noted):
        raise Usage("--expect takes NUMBER:HASH, as gatewright audit verify prints it")
    async with opened(workspace) as shell:
        broken = await shell.database.read(audit.breaks)
        head = await shell.database.read(audit.head)
        kept = await shell.database.read(audit.hash_of, int(number)) if expect else None
    for each in broken:
        print(each)
    if expect and (kept is None or kept.hex() != noted):
        raise GatewrightError(f"the log does not go on from row {number} as it was noted")
    if broken:
        raise GatewrightError("the audit log is not what was written")
    print(f"{head.number} rows, whole. Head {head.number}:{head.hash.hex()}")


@app.command
async def export(*, workspace: WorkspaceOption = None) -> None:
    """Print the whole log as JSON lines, newest first."""
    async with opened(workspace) as shell:
        before: str | None = None
        while rows := await shell.database.read(audit.page, before, 500):
            for row in rows:
                print(audit.json_line(row).decode(), end="")
            before = rows[-1].id


@app.command(name="list")
async def list_(
    *,
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    before: Annotated[str | None, Parameter(help="Only those before this row's id.")] = None,
    actor: Annotated[str, Parameter(help="Only those of whom this is a part of the name.")] = "",
    action: Annotated[str, Parameter(help="Only what begins so, such as client.")] = "",
    target: Annotated[str, Parameter(help="Only what has this in its name.")] = "",
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List changes, newest first; --json has the values before and after."""
    async with opened(workspace) as shell:
        found = await shell.database.read(audit.page, before, limit, actor=actor, action=action, target=target)
    if json:
        print_json(
            [msgspec.to_builtins(row) | {"before": _value(row.before), "after": _value(row.after)} for row in found]
        )
        return
    print_table(("time", "who", "what", "which"), [(time(row.at), row.actor, row.action, row.target) for row in found])


@app.command
async def refusal(
    reference: Annotated[str, Parameter(help="The X-Request-Id, or reference, of the refused request's answer.")],
    /,
    *,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Explain a refused request: each check in its order, what the one that failed found and wanted, and where to mend it."""
    async with opened(workspace) as shell:
        found = await shell.database.read(refusals_store.find, reference)
    if found is None:
        raise NotFound(f"no receipt is kept under {reference[:40]}; see refusals_kept and refusal_lifetime")
    checks = explain(found)
    if json:
        print_json(msgspec.to_builtins(found) | {"checks": checks})
        return
    print_fields(
        [
            ("time", time(found.at)),
            ("asked", f"{found.method} {found.path}"),
            ("client", found.client_id),
            ("user", found.user),
            ("told", f"{found.status} {found.error}: {found.sentence}"),
            ("parameters", [f"{name} = {value}" for name, value in found.parameters]),
        ]
    )
    print()
    for check in checks:
        print(f"{_MARKS[check.state]}  {check.question}")
        if check.state == "failed":
            print(f"     found   {check.found or '-'}")
            print(f"     wanted  {check.wanted or '-'}")
            for mend in check.mends:
                print(f"     mend    {mend.text}: {shell.settings.issuer}{mend.href}")


@app.command
async def refusals(
    *,
    client: Annotated[str, Parameter(help="Only those of this client_id.")] = "",
    error: Annotated[str, Parameter(help="Only those with this code, such as invalid_grant.")] = "",
    limit: Annotated[int, Parameter(help="How many at most.")] = 50,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """List refused requests, newest first."""
    async with opened(workspace) as shell:
        found = await shell.database.read(refusals_store.page, limit=limit, client_id=client, error=error)
    if json:
        print_json(found)
        return
    print_table(
        ("time", "reference", "request", "code", "client", "told"),
        [(time(each.at), each.reference, each.path, each.error, each.client_id, each.sentence) for each in found],
    )


def _value(text: str | None) -> object:
    return None if text is None else msgspec.json.decode(text)
