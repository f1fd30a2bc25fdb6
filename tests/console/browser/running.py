"""A real server over an example workspace, as `gatewright init` makes it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.running.process import Server

_GATEWRIGHT = Path(sys.executable).parent / "gatewright"


class Workspace(msgspec.Struct, frozen=True):
    """A workspace that nobody has signed in to, and the administrator's one-time password."""

    folder: Path
    password: str


def make_workspace(folder: Path) -> Workspace:
    """`gatewright init --example`."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GATEWRIGHT_")}
    command = [str(_GATEWRIGHT), "init", str(folder), "--example"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    found = re.search(r"one-time password (\S+)", told)
    assert found, told
    return Workspace(folder, found[1])


@contextmanager
def running(workspace: Workspace, folder: Path) -> Iterator[Server]:
    """A server over a copy of the workspace."""
    shutil.copytree(workspace.folder, folder)
    with serving(folder) as server:
        yield server


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A server over the workspace in that folder."""
    server = Server(folder)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.clean_up()
