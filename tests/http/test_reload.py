"""Packages change under load, on two workers: no request is lost, and all of them follow."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gatewright.admin import packages as operations
from gatewright.admin.package_installing import install
from gatewright.services.installing import source_of
from gatewright.services.loader import Loader
from gatewright.store.sqlite import SqliteDatabase
from tests.admin.support import BY
from tests.running.process import Server

PYTHON = """
from gatewright.services import service

from ._number import NUMBER

@service
def version() -> dict:
    return {{"version": [{n}, NUMBER]}}
"""
FLOW = """
document: {{dsl: '1.0.3', namespace: open, name: flow, version: '1.0.0'}}
do:
- ask: {{call: 'open.live:version'}}
- answer: {{set: {{version: '${{ .version + [{n}] }}'}}}}
"""


class Live:
    """A package that anybody may call, in several versions, and callers that never stop."""

    def __init__(self, server: Server, outside: Path) -> None:
        self.server, self.outside, self.answers = server, outside, Counter[tuple[int, str]]()
        self.packages = server.workspace / "packages"

    def write(self, root: Path, n: int) -> Path:
        folder = root / "Live"
        services = folder / "services/open"
        services.mkdir(parents=True, exist_ok=True)
        (folder / "package.yaml").write_text(f"name: Live\nversion: {n}.0.0\n")
        (services / "_number.py").write_text(f"NUMBER = {n}\n")
        (services / "live.py").write_text(PYTHON.format(n=n))
        (services / "flow.flow.yaml").write_text(FLOW.format(n=n))
        return folder

    async def install(self, n: int) -> None:
        database = SqliteDatabase(self.server.workspace / "data/gatewright.db")
        try:
            source = source_of(str(self.write(self.outside, n)))
            await install(database, BY, self.packages, source, "here", share=False)
        finally:
            await database.close()

    async def switch(self, *, enabled: bool) -> None:
        database = SqliteDatabase(self.server.workspace / "data/gatewright.db")
        try:
            if enabled:
                await database.write(operations.enable, BY, "open:flow")
            else:
                await database.write(operations.disable, BY, "open:flow", Loader(self.packages).load())
        finally:
            await database.close()

    @asynccontextmanager
    async def callers(self, count: int = 3) -> AsyncIterator[None]:
        stopping = asyncio.Event()

        async def go_on() -> None:
            while not stopping.is_set():
                await self.call()

        tasks = [asyncio.create_task(go_on()) for _ in range(count)]
        try:
            yield
        finally:
            stopping.set()
            await asyncio.gather(*tasks)

    async def call(self) -> tuple[int, str]:
        """One call, on a connection of its own, so that both workers are asked."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.settings.port)
        writer.write(b"GET /invoke/open/flow HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        writer.close()
        status = int(head.split(" ")[1]) if head else 0
        answer = (status, body if status == 200 else "")
        self.answers[answer] += 1
        return answer

    async def until_all_say(self, *wanted: int | str) -> None:
        """Wait until fifty answers in a row, of whichever worker, are this one."""
        deadline, in_a_row = time.monotonic() + 30, 0
        while in_a_row < 50:
            assert time.monotonic() < deadline, dict(self.answers)
            in_a_row = in_a_row + 1 if await self.call() == wanted else 0


@pytest.fixture
def live(own_server: Server, tmp_path: Path) -> Live:
    made = Live(own_server, tmp_path / "outside")
    made.write(made.packages, 1)
    own_server.start()
    return made


async def test_no_request_is_lost_while_a_package_is_installed_again_and_again(live: Live) -> None:
    await live.until_all_say(200, '{"version":[1,1,1]}')
    async with live.callers():
        for n in (2, 3, 4):
            await live.install(n)
            await live.until_all_say(200, f'{{"version":[{n},{n},{n}]}}')
    # Each answer is of one version as a whole: none was lost, none mixes what was and what is.
    assert set(live.answers) <= {(200, f'{{"version":[{n},{n},{n}]}}') for n in range(1, 5)}
    assert len(live.answers) == 4


async def test_a_service_that_is_disabled_is_so_on_every_worker_and_comes_back(live: Live) -> None:
    async with live.callers(2):
        await live.until_all_say(200, '{"version":[1,1,1]}')
        await live.switch(enabled=False)
        await live.until_all_say(503, "")
        await live.switch(enabled=True)
        await live.until_all_say(200, '{"version":[1,1,1]}')
    assert {status for status, _ in live.answers} == {200, 503}
