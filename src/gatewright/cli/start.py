"""`gatewright init` and `gatewright run`."""

import asyncio
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from typing import Literal

from cyclopts import Parameter

from gatewright.cli.bootstrap import ADMINISTRATOR
from gatewright.cli.bootstrap import FirstRun
from gatewright.cli.bootstrap import administrator
from gatewright.cli.bootstrap import first_run
from gatewright.cli.bootstrap import make_folders
from gatewright.cli.options import Usage
from gatewright.cli.options import WorkspaceOption
from gatewright.cli.server_settings import resolve
from gatewright.cli.welcome import command
from gatewright.cli.welcome import example_lines
from gatewright.cli.welcome import sign_in_lines
from gatewright.cli.workspace import Shell
from gatewright.cli.workspace import find_workspace
from gatewright.cli.workspace import is_workspace
from gatewright.cli.workspace import opened
from gatewright.kernel.errors import StartupError

Example = Annotated[bool, Parameter(name="--example", help="Begin with the example package, a client and two scopes.")]

Database = Annotated[str | None, Parameter(help="sqlite (the default) or a postgresql:// URL.")]


async def init(
    workspace: Annotated[Path, Parameter(help="The folder to make.")], /, *, example: Example = False
) -> None:
    """Make a workspace and tell what to do with it. Raises StartupError when it is one already."""
    make_folders(workspace, example=example)
    await asyncio.to_thread(_migrate, workspace, {})
    async with opened(workspace) as shell:
        first = await first_run(shell, os.environ)
        if first is None:
            raise StartupError(f"{workspace} is a workspace already; start it with: gatewright run -w {workspace}")
        for line in await _report(shell, first):
            print(line)
        print(f"\nStart it with: {command()} run --workspace {shlex.quote(str(workspace))}")


def run(
    *,
    workspace: WorkspaceOption = None,
    host: Annotated[str | None, Parameter(help="Address to listen on; default 127.0.0.1.")] = None,
    port: Annotated[int | None, Parameter(help="Port to listen on; default 5555.")] = None,
    workers: Annotated[int | None, Parameter(help="Worker processes; default 1.")] = None,
    database: Database = None,
    public_url: Annotated[str | None, Parameter(help="The address clients see; default http://localhost:PORT.")] = None,
    trusted_proxies: Annotated[
        list[str] | None, Parameter(help="Address or network whose forwarding headers count; may be repeated.")
    ] = None,
    drain_seconds: Annotated[
        int | None, Parameter(help="Seconds to serve on, not ready, when told to stop; default 0.")
    ] = None,
    tls_certificate: Annotated[str | None, Parameter(help="PEM file of the certificate chain.")] = None,
    tls_key: Annotated[str | None, Parameter(help="PEM file of the certificate's key.")] = None,
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"] | None, Parameter(help="Least level logged; default info.")
    ] = None,
    example: Annotated[bool, Parameter(help="Make an example workspace first when there is none.")] = False,
) -> None:
    """Complete a workspace that is new, tell where to go, and serve until a signal ends it."""
    from gatewright.app.server import serve

    flags = {
        "host": host,
        "port": port,
        "workers": workers,
        "database": database,
        "public_url": public_url,
        "trusted_proxies": trusted_proxies,
        "drain_seconds": drain_seconds,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
        "log_level": log_level,
    }
    folder = _workspace(workspace, example)
    settings = resolve(flags, os.environ, folder)
    for line in asyncio.run(_prepare(folder, flags)):
        print(line, flush=True)
    serve(settings, folder)


def migrate(
    *,
    from_: Annotated[
        str | None, Parameter(name="--from", help="sqlite (the workspace's) or sqlite:///PATH; with --to.")
    ] = None,
    to: Annotated[str | None, Parameter(help="An empty database's postgresql:// URL; with --from.")] = None,
    workspace: WorkspaceOption = None,
    database: Database = None,
) -> None:
    """Bring the database to this release's schema. SQLite migrates itself when the server starts; PostgreSQL does not."""
    if from_ is None and to is None:
        _migrate(find_workspace(workspace), {"database": database})
        print("The database has this release's schema.")
    elif from_ is None or to is None or database is not None:
        raise Usage("moving a store takes --from and --to, and no --database")
    else:
        _move(from_, to, workspace)


def _move(source: str, target: str, workspace: Path | None) -> None:
    from gatewright.store.open import is_postgresql
    from gatewright.store.portable import move

    if not is_postgresql(target):
        raise Usage("--to takes a postgresql:// URL")
    if source == "sqlite":
        path = find_workspace(workspace) / "data" / "gatewright.db"
    elif source.startswith("sqlite:///"):
        path = Path(source.removeprefix("sqlite:///"))
    else:
        raise Usage("--from takes sqlite or sqlite:///PATH")
    if not path.is_file():
        raise StartupError(f"{path} does not exist")
    copied = move(path, target, print)
    rows = sum(each.rows for each in copied)
    print(f"{rows:,} rows are moved and compared. Start the server with --database and the same master key.")


def _migrate(workspace: Path, flags: Mapping[str, object]) -> None:
    from gatewright.store.open import migrate_database

    migrate_database(resolve(flags, os.environ, workspace).database, workspace)


def _workspace(given: Path | None, example: bool) -> Path:
    if not example:
        return find_workspace(given)
    folder = given or (Path() if is_workspace(Path()) else Path("workspace"))
    if not is_workspace(folder):
        make_folders(folder, example=True)
    return folder


async def _prepare(workspace: Path, flags: Mapping[str, object]) -> list[str]:
    """Complete a workspace that has no contents yet; what to tell."""
    async with opened(workspace, flags) as shell:
        return await _report(shell, await first_run(shell, os.environ))


async def _report(shell: Shell, first: FirstRun | None) -> list[str]:
    lines = [str(line) for line in first.outcome.lines] if first else []
    if lines:
        lines = [f"Applied {shell.workspace / 'gatewright.yaml'}:", *(f"  {line}" for line in lines), ""]
    name = await shell.database.read(administrator) or ADMINISTRATOR
    lines += sign_in_lines(shell.settings, shell.workspace, name, first)
    return lines + example_lines(shell.settings, shell.workspace)
