"""Whether requests fare well beside flows that would never end: `python -m bench.runaway`, and a part of `make bench`."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median

import uvloop

from bench import ours
from bench import requests
from bench.load import Window
from bench.load import load
from bench.processes import Server
from bench.processes import free_port
from bench.processes import start
from bench.requests import InTurn
from bench.rows import Requests
from bench.strain import Finding
from bench.strain import p

_TRIES = 5
_RUNAWAYS = 2
_SHARE = 0.2  # of what the server can answer: whoever asks for all it has gets less when somebody else works, too


async def findings(workspace: ours.Workspace, server: Server, connections: int, seconds: float) -> list[Finding]:
    """The protected service's p99 beside flows that never end, and beside ones that grow without bound."""
    made = Requests(workspace, await workspace.access_tokens(64))
    calls = InTurn(made.calls("/invoke/bench.api/hello?name=Ada"), requests.HELLO)

    async def window(per_second: float | None = None) -> Window:
        found = await load(server.port, calls, connections, seconds, server.cpu_seconds, per_second=per_second)
        if found.errors:
            raise RuntimeError(found.first_error)
        return found

    peak = await window()
    rate = _SHARE * peak.answered / peak.seconds
    return [await _beside(name, made, server, window, rate, seconds) for name in ("endless", "growing")]


async def _beside(name: str, made: Requests, server: Server, window: object, rate: float, seconds: float) -> Finding:
    runaway = InTurn(made.calls(f"/invoke/bench/{name}"), requests.HELLO)  # each ends at its limit, with a problem
    quiet, disturbed, ended = [], [], 0
    for _ in range(_TRIES):
        quiet.append(p(await window(rate), 0.99))  # type: ignore[operator]
        found, other = await asyncio.gather(
            window(rate),  # type: ignore[operator]
            load(server.port, runaway, _RUNAWAYS, seconds, server.cpu_seconds),
        )
        disturbed.append(p(found, 0.99))
        ended += other.errors
    ratio = median(b / a for a, b in zip(quiet, disturbed, strict=True))
    text = (
        f"p99 of the protected service ({rate:,.0f}/s) beside {_RUNAWAYS} {name} flows, {ended} of which were stopped:"
        f" {median(disturbed):.1f} ms, {ratio:.2f} × undisturbed ({median(quiet):.1f} ms)"
    )
    return Finding(text, "≤ 2", ratio <= 2)


async def _alone() -> int:
    folder = Path(tempfile.mkdtemp(prefix="runaway-"))
    workspace = ours.Workspace(folder / "workspace")
    server = None
    try:
        await workspace.fill()
        port = free_port()
        server = start(workspace.command(port), port, folder / "server.log")
        from bench.report import strain_lines

        print(strain_lines(await findings(workspace, server, 32, 2.0)))
    finally:
        if server is not None:
            server.stop()
        await workspace.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(uvloop.run(_alone()))
