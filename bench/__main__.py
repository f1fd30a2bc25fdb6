"""The command: `python -m bench --help`."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import uvloop

from bench import ours
from bench import report
from bench.processes import Server
from bench.processes import free_port
from bench.processes import start
from bench.rows import GATEWRIGHT
from bench.rows import Row
from bench.rows import our_rows
from bench.run import run

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
    return parser.parse_args()


async def _measure(options: argparse.Namespace) -> int:
    BUILD.mkdir(parents=True, exist_ok=True)
    workspace = ours.Workspace(Path(tempfile.mkdtemp(dir=BUILD)) / "workspace")
    servers: dict[str, Server] = {}
    try:
        await workspace.fill()
        rows = _chosen(await our_rows(workspace, options.connections), options.row)
        port = free_port()
        servers[GATEWRIGHT] = start(workspace.command(port), port, BUILD / "gatewright.log")
        results = await run(
            rows,
            servers,
            rounds=options.rounds,
            seconds=options.seconds,
            connections=options.connections,
            seed=options.seed,
            tell=_tell,
        )
    finally:
        for server in servers.values():
            server.stop()
        await workspace.close()
    print(report.table(results))
    return 1 if any(result.errors for result in results) else 0


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
