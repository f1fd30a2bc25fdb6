"""The command: `python -m tests.torture --help`."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

import psycopg

from gatewright.store.migrate import migrate_postgresql
from tests.running import seed
from tests.store.postgresql_cluster import Cluster
from tests.store.postgresql_cluster import binaries
from tests.torture.run import Outcome
from tests.torture.run import torture


def main() -> int:
    """Run on each engine asked for; 1 when something was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description="Load with faults.")
    parser.add_argument("--seconds", type=float, default=60, help="how long, on each engine")
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append", help="default: both")
    parser.add_argument("--seed", type=int, default=1, help="of the choice of faults")
    options = parser.parse_args()
    good = True
    for engine in options.engine or ["sqlite", "postgresql"]:
        outcome = _on(engine, options.seconds, options.seed)
        print(report(engine, outcome))
        good = good and not (outcome.lost or outcome.doubled or outcome.wrong)
    return 0 if good else 1


def report(engine: str, outcome: Outcome) -> str:
    """The printed lines."""
    faults = ", ".join(f"{name} {count} times" for name, count in sorted(outcome.faults.items())) or "none"
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(outcome.statuses.items()))
    lines = [
        f"{engine}: {outcome.faults.total()} faults injected ({faults})",
        f"  requests answered: {outcome.answered:,} ({statuses}); connections lost: {outcome.lost_connections:,}",
        f"  tokens answered: {outcome.tokens:,}; lost: {outcome.lost}; doubled: {outcome.doubled}",
    ]
    return "\n".join([*lines, *(f"  wrong: {each}" for each in sorted(set(outcome.wrong)))])


def _on(engine: str, seconds: float, chance: int) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="gatewright-torture-") as made:
        folder = Path(made)
        seeded = folder / "seeded.db"
        seed.write_database(seeded)
        cluster = _cluster() if engine == "postgresql" else None
        try:
            return asyncio.run(torture(folder, seeded, cluster, seconds=seconds, pause=(0.5, 3), chance=chance))
        finally:
            if cluster is not None:
                cluster.remove()


def _cluster() -> Cluster:
    folder = binaries()
    if folder is None:
        raise SystemExit("no PostgreSQL server is installed under /usr/lib/postgresql")
    cluster = Cluster(folder)
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE gatewright")
    migrate_postgresql(cluster.url("gatewright"))
    return cluster


if __name__ == "__main__":
    sys.exit(main())
