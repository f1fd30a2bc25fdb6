"""A request that is sent again to another worker is done once."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import seed
from tests.running.process import Server
from tests.running.process import new_server
from tests.running.site import basic

MANIFEST = """
name: Once
version: 1.0.0
http: {idempotency: 3600}
"""
SERVICE = '''
import os
import time
from gatewright.services import service

@service
def note(line: str) -> dict:
    """Write down what is really done."""
    with open("{file}", "a") as file:
        file.write(line + "\\n")
    time.sleep(0.2)
    return {{"worker": os.getpid()}}
'''


@pytest.fixture
def done(tmp_path: Path) -> Path:
    return tmp_path / "done"


@pytest.fixture
def noting(seeded: Path, tmp_path: Path, done: Path) -> Iterator[Server]:
    running = new_server(seeded, tmp_path, workers=2)
    package = tmp_path / "packages" / "Once" / "services" / "orders"
    package.mkdir(parents=True)
    (package.parents[1] / "package.yaml").write_text(MANIFEST)
    (package / "notes.py").write_text(SERVICE.format(file=done))
    running.start()
    yield running
    running.stop()
    running.clean_up()


async def test_of_many_that_come_at_once_to_two_workers_one_is_done(noting: Server, done: Path) -> None:
    async def send(key: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=noting.url, timeout=30) as http:  # a connection of its own
            grant = {"grant_type": "client_credentials"}
            token = (await http.post("/oauth/token", data=grant, headers=basic(seed.LEDGER))).json()["access_token"]
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
            return await http.post("/invoke/orders.notes/note", json={"line": key}, headers=headers)

    for key in ("a", "b", "c"):
        answers = await asyncio.gather(*(send(key) for _ in range(12)))
        assert {answer.status_code for answer in answers} <= {200, 409}
        again = [await send(key) for _ in range(4)]
        assert {(answer.status_code, answer.text) for answer in again} == {(200, again[0].text)}
    assert (await asyncio.to_thread(done.read_text)).split() == ["a", "b", "c"]
