"""The command: `python -m bench --help`."""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

import uvloop

from bench import console
from bench import expressions
from bench import flows
from bench import live
from bench import ours
from bench import report
from bench import runaway
from bench import upstream
from bench.peers.installation import NotInstalled
from bench.peers.servers import PEERS
from bench.peers.servers import Setting
from bench.processes import CannotStart
from bench.processes import Server
from bench.processes import free_port
from bench.processes import start
from bench.resources import resources
from bench.rows import GATEWRIGHT
from bench.rows import Row
from bench.rows import our_rows
from bench.run import run
from bench.strain import Finding
from bench.strain import Strain

BUILD = Path(__file__).parent.parent / ".build" / "bench"


def main() -> int:
    """Run the benchmark and print its table; 1 when an answer was wrong."""
    options = _options()
    return uvloop.run(_measure(options))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--row", action="append", help="measure only this row and what it is compared with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a row is measured in a round")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-peers", action="store_true", help="measure Gatewright alone")
    parser.add_argument("--live-tokens", type=int, default=1_000_000, help="live tokens of a second server; 0: none")
    return parser.parse_args()


async def _measure(options: argparse.Namespace) -> int:
    heading = report.heading()
    BUILD.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=BUILD))
    workspace = ours.Workspace(folder / "workspace")
    among_few, among_many = ours.Workspace(folder / "few"), ours.Workspace(folder / "many")
    servers: dict[str, Server] = {}
    strained: list[Finding] = []
    try:
        await workspace.fill()
        api, port = free_port(), free_port()
        servers[upstream.API] = start(upstream.command(api), api, BUILD / "api.log")
        upstream.put_into(workspace.folder / "packages", api)
        servers[GATEWRIGHT] = start(workspace.command(port), port, BUILD / "gatewright.log")
        rows = await our_rows(workspace, options.connections, port)
        rows += upstream.rows(await workspace.access_tokens(upstream.TOKENS))
        if options.live_tokens and (not options.row or live.names(options.live_tokens) & set(options.row)):
            rows += await _among_many(among_few, among_many, servers, options.live_tokens)
        missing = _start_peers(folder / "peers", servers, rows) if _wants_peers(options, rows) else {}
        results = await run(
            _chosen(rows, options.row),
            servers,
            rounds=options.rounds,
            seconds=options.seconds,
            connections=options.connections,
            seed=options.seed,
            tell=_tell,
        )
        found = None if options.row else resources(workspace, servers, BUILD / "gatewright.log")
        if not options.row:
            strain = Strain(workspace, servers[GATEWRIGHT], options.connections, options.seconds)
            strained = await strain.findings(BUILD / "two-workers.log")
            strained += await runaway.findings(workspace, servers[GATEWRIGHT], options.connections, options.seconds)
    finally:
        for server in servers.values():
            server.stop()
        await workspace.close()
        await among_few.close()
        await among_many.close()
        shutil.rmtree(folder, ignore_errors=True)
    print(heading, report.table(results), sep="\n\n")
    if found:
        print(f"\n{report.strain_lines(strained)}\n\n{report.resource_lines(found)}\n")
        expressions.main()
        print(f"\n{report.strain_lines(flows.findings())}")
        print(f"\n{console.lines(await asyncio.to_thread(console.measure))}")
    for name, reason in missing.items():
        print(f"{name} was not measured: {reason}")
    return 1 if any(result.errors for result in results) else 0


async def _among_many(few: ours.Workspace, many: ours.Workspace, servers: dict[str, Server], count: int) -> list[Row]:
    """Two further servers, one with so many tokens, one with few; and their rows."""
    _tell(f"putting {count:,} tokens into a database")
    await few.fill()
    await many.fill()
    of_few, of_many = live.seed(few.folder, live.POOL), live.seed(many.folder, count)
    for name, workspace in ((live.FEW, few), (live.LIVE, many)):
        port = free_port()
        servers[name] = start(workspace.command(port), port, BUILD / "live.log")
    return live.rows(few, many, of_few, of_many, count)


def _start_peers(data: Path, servers: dict[str, Server], rows: list[Row]) -> dict[str, str]:
    """Start every peer that can be, and add its rows; those that cannot, with the reason."""
    missing = {}
    setting = Setting(BUILD / "peers", data)
    for peer in PEERS:
        port = free_port()
        try:
            servers[peer.name] = setting.start(peer, port)
        except (NotInstalled, CannotStart) as error:
            missing[peer.name] = str(error)
        else:
            rows.extend(peer.rows(peer, port, setting.token))
    return missing


def _wants_peers(options: argparse.Namespace, ours: list[Row]) -> bool:
    if options.row:
        return not set(options.row) <= {row.name for row in ours}
    return not options.no_peers


def _chosen(rows: list[Row], names: list[str] | None) -> list[Row]:
    if not names:
        return rows
    known = {row.name: row for row in rows}
    for name in names:
        if name not in known:
            raise SystemExit(f"there is no row {name!r}; there are: {', '.join(known)}")
    wanted = {*names, *(known[name].against for name in names)}
    return [row for row in rows if row.name in wanted]


def _tell(text: str) -> None:
    if sys.stderr.isatty() or "CI" in os.environ:
        print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
