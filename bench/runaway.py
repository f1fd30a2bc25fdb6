"""Whether requests fare well beside flows that misbehave: `python -m bench.runaway`, and a part of `make bench`.

Steady requests to the protected service, half as many as the server can answer, by turns without and beside flows that
never end, that grow without bound, or that call a host which never answers. Whoever asks has a core to itself: where
the kernel puts both on one now and then, either waits for the other's time slice of some milliseconds.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import asynccontextmanager
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median

import uvloop

from bench import ours
from bench import requests
from bench.load import Window
from bench.load import load
from bench.processes import HOST
from bench.processes import Server
from bench.processes import free_port
from bench.processes import start
from bench.requests import InTurn
from bench.rows import Requests
from bench.strain import Finding
from bench.strain import p

_ROUNDS = 7
_SHARE = 0.5  # of what the server can answer: whoever asks for all it has gets less when somebody else works, too
_AT_MOST = 2.0
_KINDS = {"endless": 2, "growing": 2, "hanging": 32}
"""How many of each flow are under way at any time."""
_STOPPED = (408, 500)

Measure = Callable[[], Awaitable[Window]]


async def findings(workspace: ours.Workspace, server: Server, connections: int, seconds: float) -> list[Finding]:
    """The protected service's p99 beside each kind of flow, against the same without."""
    made = Requests(workspace, await workspace.access_tokens(64))
    calls = InTurn(made.calls("/invoke/bench.api/hello?name=Ada"), requests.HELLO)

    async def window(per_second: float | None = None) -> Window:
        found = await load(server.port, calls, connections, seconds, server.cpu_seconds, per_second=per_second)
        if found.errors:
            raise RuntimeError(found.first_error)
        return found

    with _apart(server):
        peak = await window()
        rate = _SHARE * peak.answered / peak.seconds
        found = []
        async with _hanging_host() as port:
            for kind, count in _KINDS.items():
                runaways = _Runaways(server.port, made.calls(f"/invoke/runaway/{kind}{_input(kind, port)}"), count)
                found.append(await _beside(f"{count} {kind} flows", runaways, rate, lambda: window(rate)))
        return found


def _input(kind: str, port: int) -> str:
    return f"?port={port}" if kind == "hanging" else ""


async def _beside(name: str, runaways: "_Runaways", rate: float, measure: Measure) -> Finding:
    quiet, disturbed = [], []
    for _ in range(_ROUNDS):
        quiet.append(p(await measure(), 0.99))
        async with runaways.under_way():
            disturbed.append(p(await measure(), 0.99))
    ratio = median(b / a for a, b in zip(quiet, disturbed, strict=True))
    text = (
        f"p99 of the protected service ({rate:,.0f}/s) beside {name}, {runaways.stopped} of which were stopped:"
        f" {median(disturbed):.1f} ms, {ratio:.2f} × undisturbed ({median(quiet):.1f} ms)"
    )
    return Finding(text, f"≤ {_AT_MOST:g}", ratio <= _AT_MOST)


@contextmanager
def _apart(server: Server) -> Iterator[None]:
    """Keep this process to one core and the server to the others, where there are any."""
    cores = os.sched_getaffinity(0)
    if len(cores) < 2:
        yield
        return
    ours = {min(cores)}
    os.sched_setaffinity(0, ours)
    server.keep_to(cores - ours)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)
        server.keep_to(cores)


class _Runaways:
    """So many calls at any time, begun one after the other, and again whenever one was stopped."""

    def __init__(self, port: int, calls: list[bytes], count: int) -> None:
        self._port, self._count = port, count
        self._calls = cycle(calls)
        self._ending = False
        self.stopped = 0

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """Have them run; at the end, wait until the last is stopped."""
        self._ending = False
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._call(number / self._count))
            await asyncio.sleep(1.0)
            yield
            self._ending = True

    async def _call(self, later: float) -> None:
        await asyncio.sleep(later)
        reader, writer = await asyncio.open_connection(HOST, self._port)
        while not self._ending:
            writer.write(next(self._calls))
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            status = int(head[9:12])
            if status not in _STOPPED:
                raise RuntimeError(f"a flow that should be stopped ended with {status}")
            self.stopped += 1
        writer.close()


def _length(head: bytes) -> int:
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


@asynccontextmanager
async def _hanging_host() -> AsyncIterator[int]:
    """The port of a host that accepts and never answers."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass
        writer.close()

    host = await asyncio.start_server(hang, HOST, 0)
    try:
        yield host.sockets[0].getsockname()[1]
    finally:
        host.close()


async def _alone() -> int:
    folder = Path(tempfile.mkdtemp(prefix="runaway-"))
    workspace = ours.Workspace(folder / "workspace")
    server = None
    try:
        await workspace.fill()
        port = free_port()
        server = start(workspace.command(port), port, folder / "server.log")
        from bench.report import strain_lines

        print(strain_lines(await findings(workspace, server, 32, 1.5)))
    finally:
        if server is not None:
            server.stop()
        await workspace.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(uvloop.run(_alone()))
