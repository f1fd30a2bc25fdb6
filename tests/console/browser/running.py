"""A real server over an example workspace, as `gatewright init` and `gatewright run` make it."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

GATEWRIGHT = str(Path(sys.executable).parent / "gatewright")
_SECONDS_TO_START = 20


class Workspace(msgspec.Struct, frozen=True):
    """A workspace that has never been run, and the administrator's one-time password."""

    folder: Path
    password: str


class Server(msgspec.Struct, frozen=True):
    """A server that answers at `address`."""

    address: str
    folder: Path
    password: str


def make_workspace(folder: Path) -> Workspace:
    """`gatewright init --example`."""
    told = subprocess.run(
        [GATEWRIGHT, "init", str(folder), "--example"],
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"one-time password (\S+)", told)
    assert found, told
    return Workspace(folder, found[1])


@contextmanager
def running(workspace: Workspace, folder: Path) -> Iterator[Server]:
    """A server over a copy of the workspace."""
    shutil.copytree(workspace.folder, folder)
    port = _free_port()
    address = f"http://localhost:{port}"
    with (folder / "server.log").open("w") as log:
        command = [GATEWRIGHT, "run", "--workspace", str(folder), "--port", str(port)]
        process = subprocess.Popen(command, env=_environment(), stdout=log, stderr=log)
        try:
            _wait(process, address, folder / "server.log")
            yield Server(address, folder, workspace.password)
        finally:
            process.terminate()
            process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{address}/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GATEWRIGHT_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
