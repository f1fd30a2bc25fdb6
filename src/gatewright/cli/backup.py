"""`gatewright backup` and `gatewright restore`."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from gatewright.cli.options import WorkspaceOption
from gatewright.cli.server_settings import resolve
from gatewright.cli.workspace import find_workspace
from gatewright.kernel.clock import system_clock

Database = Annotated[str | None, Parameter(help="sqlite (the default) or a postgresql:// URL.")]


def backup(
    file: Annotated[Path, Parameter(help="The zip to write.")],
    /,
    *,
    workspace: WorkspaceOption = None,
    database: Database = None,
) -> None:
    """Write a backup while the server goes on."""
    from gatewright.admin.backup import back_up

    folder = find_workspace(workspace)
    settings = resolve({"database": database}, os.environ, folder)
    manifest = back_up(folder, settings.database, file, system_clock())
    print(f"{file} holds the store and {len(manifest.files) - 1} files, {file.stat().st_size / 1e6:,.1f} MB.")
    print("The master key is not in it: keep data/master.key, or GATEWRIGHT_MASTER_KEY, somewhere else.")


def restore(
    file: Annotated[Path, Parameter(help="The zip to read.")],
    workspace: Annotated[Path, Parameter(help="The workspace's folder, new or without store and packages.")],
    /,
    *,
    database: Database = None,
) -> None:
    """Put a backup into a new workspace."""
    from gatewright.admin.backup import restore as put_back

    workspace.mkdir(parents=True, exist_ok=True)
    settings = resolve({"database": database}, os.environ, workspace)
    manifest = put_back(file, workspace, settings.database, print)
    print(f"{workspace} is as it was at {manifest.made_at}.")
    if not _has_master_key(workspace, os.environ):
        print(f"Put the master key into {workspace / 'data' / 'master.key'} (mode 0600) before you start the server.")


def _has_master_key(workspace: Path, environment: Mapping[str, str]) -> bool:
    return "GATEWRIGHT_MASTER_KEY" in environment or (workspace / "data" / "master.key").is_file()
