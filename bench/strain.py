"""How answers fare under strain: logins beside token requests, a steady 70 % of the peak, a crowd, a second worker."""

import argparse
import asyncio
import os
import tempfile
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec
import uvloop

from bench import requests
from bench.load import Window
from bench.load import Work
from bench.load import load
from bench.ours import PASSWORD
from bench.ours import USER
from bench.ours import Workspace
from bench.processes import Server
from bench.processes import free_port
from bench.processes import start
from bench.requests import InTurn
from bench.requests import Refusable
from bench.rows import Requests

_LOGINS = 32
_TRIES = 3
_CORES_FOR_TWO = 4
_CROWD = 1000
"""Connections of an overload: so many wait for an answer each, and ask again as soon as they have one, whatever it was."""


class Finding(msgspec.Struct, frozen=True):
    """One line: what was found, what is asked for, and whether that is reached; None when it was not measured."""

    text: str
    asked: str = ""
    reached: bool | None = None


class Strain:
    """Measures a running server."""

    def __init__(
        self, workspace: Workspace, server: Server, connections: int, seconds: float, cores: int | None = None
    ) -> None:
        """cores: as if the machine had so many."""
        self._workspace, self._server, self._cores = workspace, server, cores
        self._connections, self._seconds = connections, seconds
        made = Requests(workspace, [])
        token = made.token(grant_type="client_credentials", scope="bench")
        login = made.token(grant_type="password", username=USER, password=PASSWORD, scope="bench")
        self._asked = token
        self._token: Work = InTurn([token], requests.TOKEN)
        self._login: Work = InTurn([login], requests.TOKEN)

    async def findings(self, log: Path) -> list[Finding]:
        """All of them."""
        return [await self._beside_logins(), await self._below_the_peak(), *await self.of_many(log)]

    async def of_many(self, log: Path) -> list[Finding]:
        """Those of many connections or workers."""
        return [await self._overload(), await self._two_workers(log)]

    async def _beside_logins(self) -> Finding:
        quiet, disturbed, logins = [], [], 0
        for _ in range(_TRIES):
            quiet.append(p(await self._load(self._token), 0.99))
            window, other = await asyncio.gather(self._load(self._token), self._load(self._login, _LOGINS))
            disturbed.append(p(window, 0.99))
            logins += other.answered
        ratio = median(b / a for a, b in zip(quiet, disturbed, strict=True))
        text = (
            f"p99 of token requests beside {_LOGINS} concurrent password logins ({logins / _TRIES / self._seconds:.0f}/s):"
            f" {median(disturbed):.1f} ms, {ratio:.2f} × undisturbed ({median(quiet):.1f} ms)"
        )
        return Finding(text, "≤ 3", ratio <= 3)

    async def _below_the_peak(self) -> Finding:
        found = []
        for _ in range(_TRIES):
            peak = await self._load(self._token)
            rate = 0.7 * peak.answered / peak.seconds
            window = await self._load(self._token, per_second=rate)
            found.append((p(window, 0.99) / p(window, 0.5), p(window, 0.99), p(window, 0.5), rate))
        ratio, late, usual, rate = sorted(found)[len(found) // 2]
        text = (
            f"token requests at 70 % of the peak ({rate:,.0f}/s): p99 {late:.1f} ms, {ratio:.1f} × p50 ({usual:.1f} ms)"
        )
        return Finding(text, "≤ 5", ratio <= 5)

    async def _overload(self) -> Finding:
        """A crowd that pays no heed to Retry-After asks for all it can get: many times what the server can."""
        found = []
        for _ in range(_TRIES):
            peak = await self._load(self._token)
            work = Refusable([self._asked], requests.TOKEN)
            window = await self._load(work, _CROWD)
            answers = list(zip(window.latencies, work.refused[-len(window.latencies) :], strict=True))
            accepted = sorted(seconds for seconds, refused in answers if not refused)
            refusals = sorted(seconds for seconds, refused in answers if refused)
            goodput = (len(accepted) / window.seconds) / (peak.answered / peak.seconds)
            found.append((goodput, accepted, refusals, len(refusals) / len(answers)))
        goodput, accepted, refusals, share = sorted(found)[len(found) // 2]
        text = (
            f"token requests of {_CROWD:,} connections in a closed loop: goodput {goodput:.0%} of {self._connections}'s, {share:.0%} refused;"
            f" {_spread(accepted)} accepted, {_spread(refusals)} refused"
        )
        return Finding(text, "≥ 80 %", goodput >= 0.8)

    async def _two_workers(self, log: Path) -> Finding:
        """Throughput of the protected service with two workers beside one, each after the other, by turns."""
        cores = self._cores or os.cpu_count() or 1
        text = "throughput of the protected service with two workers beside one"
        if cores < _CORES_FOR_TWO:
            return Finding(f"{text}: not measured on {cores} cores, one of which the load generator takes", "≥ 1.7")
        tokens = await self._workspace.access_tokens(256)
        work = InTurn(Requests(self._workspace, tokens).calls("/invoke/bench.api/hello?name=Ada"), requests.HELLO)
        port = free_port()
        both = start(self._workspace.command(port, workers=2), port, log)
        try:
            ratios = []
            for _ in range(_TRIES):
                one = await self._load(work)
                two = await load(port, work, self._connections, self._seconds, both.cpu_seconds)
                ratios.append((two.answered / two.seconds) / (one.answered / one.seconds))
        finally:
            both.stop()
        ratio = median(ratios)
        return Finding(f"{text}: {ratio:.2f} ×", "≥ 1.7", ratio >= 1.7)

    async def _load(self, work: Work, connections: int = 0, per_second: float | None = None) -> Window:
        cpu: Callable[[], float] = self._server.cpu_seconds
        window = await load(
            self._server.port, work, connections or self._connections, self._seconds, cpu, per_second=per_second
        )
        if window.errors:
            raise RuntimeError(window.first_error)
        return window


def p(window: Window, part: float) -> float:
    """A percentile of the window's latencies in ms."""
    return _at(sorted(window.latencies), part)


def _at(ordered: Sequence[float], part: float) -> float:
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1e3


def _spread(ordered: Sequence[float]) -> str:
    return f"p50 {_at(ordered, 0.5):.0f} ms and p99 {_at(ordered, 0.99):.0f} ms when" if ordered else "none"


async def _main() -> None:
    """Measure the last two alone: `python -m bench.strain --cores 4`."""
    parser = argparse.ArgumentParser(prog="python -m bench.strain", description=_main.__doc__)
    parser.add_argument("--cores", type=int, help="as if the machine had so many: two workers are measured from 4 on")
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    from bench.report import strain_lines

    with tempfile.TemporaryDirectory(prefix="gatewright-strain-") as folder:
        workspace, port = Workspace(Path(folder) / "workspace"), free_port()
        await workspace.fill()
        server = start(workspace.command(port), port, Path(folder) / "server.log")
        try:
            strain = Strain(workspace, server, 64, options.seconds, options.cores)
            print(strain_lines(await strain.of_many(Path(folder) / "two-workers.log")))
        finally:
            server.stop()
            await workspace.close()


if __name__ == "__main__":
    uvloop.run(_main())
