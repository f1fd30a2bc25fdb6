"""What a server takes before it answers: time to start, and memory once it has worked."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median

import msgspec

from bench.ours import Workspace
from bench.processes import Memory
from bench.processes import Server
from bench.processes import answer_seconds
from bench.processes import free_port
from bench.processes import start

MOST_MEGABYTES = 120
MOST_SECONDS = 2.0


class Resources(msgspec.Struct, frozen=True):
    """seconds: from the start to the first answer, of each try; memory: by server, after the measured load."""

    seconds: list[float]
    memory: Mapping[str, Memory]

    @property
    def median_seconds(self) -> float:
        """The median of the tries."""
        return median(self.seconds)


def resources(workspace: Workspace, servers: Mapping[str, Server], log: Path, tries: int = 7) -> Resources:
    """Look at the memory of the running servers; then start Gatewright again and again on the same workspace."""
    memory = {name: server.memory() for name, server in servers.items()}
    return Resources([_start_once(workspace, log) for _ in range(tries)], memory)


def _start_once(workspace: Workspace, log: Path) -> float:
    port = free_port()
    server = start(workspace.command(port), port, log)
    try:
        return answer_seconds(server, "/health/live")
    finally:
        server.stop()
