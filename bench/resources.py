"""What a server takes before it answers: time to start, and memory once it has worked."""

from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

import msgspec

from bench.ours import Workspace
from bench.processes import Memory
from bench.processes import Server
from bench.processes import answer_seconds
from bench.processes import free_port
from bench.processes import start

MOST_MEGABYTES = 80
MOST_SECONDS = 1.2


class Start(msgspec.Struct, frozen=True):
    """From the start to the first answer. cpu: what the server's processes had used by then, which others disturb least."""

    seconds: float
    cpu: float


class Resources(msgspec.Struct, frozen=True):
    """starts: of each try; memory: by server, after the measured load."""

    starts: Sequence[Start]
    memory: Mapping[str, Memory]


def resources(workspace: Workspace, servers: Mapping[str, Server], log: Path, tries: int = 7) -> Resources:
    """Look at the memory of the running servers; then start Gatewright again and again on the same workspace."""
    memory = {name: server.memory() for name, server in servers.items()}
    return Resources([_start_once(workspace, log) for _ in range(tries)], memory)


def _start_once(workspace: Workspace, log: Path) -> Start:
    port = free_port()
    server = start(workspace.command(port), port, log)
    try:
        return Start(answer_seconds(server, "/health/live"), server.cpu_seconds())
    finally:
        server.stop()
