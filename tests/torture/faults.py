"""Faults: processes that die, a database that goes away, is slow, or cuts its connections."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable
from collections.abc import Callable
from pathlib import Path

import psycopg

from tests.running.process import Server
from tests.store.postgresql_cluster import Cluster

Fault = Callable[[], Awaitable[None]]


class Faults:
    """What can go wrong with these servers and this database, one at a time."""

    def __init__(self, servers: list[Server], cluster: Cluster | None, chance: random.Random) -> None:
        self._servers, self._cluster, self._chance = servers, cluster, chance
        self.injected: Counter[str] = Counter()

    async def each_once(self, pause: tuple[float, float]) -> None:
        """Inject each fault once, in any order."""
        for name, fault in self._chance.sample(self._known(), len(self._known())):
            await asyncio.sleep(self._chance.uniform(*pause))
            await fault()
            self.injected[name] += 1

    async def go_on(self, seconds: float, pause: tuple[float, float]) -> None:
        """Inject faults for so long, with pauses between them."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            await asyncio.sleep(self._chance.uniform(*pause))
            name, fault = self._chance.choice(self._known())
            await fault()
            self.injected[name] += 1

    def _known(self) -> list[tuple[str, Fault]]:
        found: list[tuple[str, Fault]] = [
            ("a worker killed", self._kill_worker),
            ("a server killed", self._kill_server),
        ]
        if self._cluster is not None:
            found += [
                ("PostgreSQL stopped and started", self._restart_database),
                ("PostgreSQL's connections cut", self._cut_connections),
                ("PostgreSQL halted for a time", self._halt_database),
            ]
        return found

    async def _kill_worker(self) -> None:
        workers = _children(self._chance.choice(self._servers).pid)
        if workers:
            _signal(self._chance.choice(workers), signal.SIGKILL)

    async def _kill_server(self) -> None:
        server = self._chance.choice(self._servers)
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    async def _restart_database(self) -> None:
        assert self._cluster is not None
        await asyncio.to_thread(self._cluster.stop, "immediate")
        await asyncio.sleep(self._chance.uniform(0, 1))
        await asyncio.to_thread(self._cluster.start)

    async def _cut_connections(self) -> None:
        assert self._cluster is not None
        await asyncio.to_thread(_cut, self._cluster.url("gatewright"))

    async def _halt_database(self) -> None:
        assert self._cluster is not None
        backends = _children(int((self._cluster.folder / "data" / "postmaster.pid").read_text().split()[0]))
        for pid in backends:
            _signal(pid, signal.SIGSTOP)
        await asyncio.sleep(self._chance.uniform(0.2, 1.5))
        for pid in backends:
            _signal(pid, signal.SIGCONT)


def _cut(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
