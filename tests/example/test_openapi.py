"""Schemathesis holds a running server with the example package to its own description."""

import asyncio
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gatewright.example import copy_packages
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.records import Scope
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.process import Server
from tests.running.process import new_server
from tests.running.site import basic
from tests.running.site import seeded

__all__ = ["seeded"]

_RUN = Path(sysconfig.get_path("scripts")) / "schemathesis"
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance,negative_data_rejection,positive_data_acceptance,ignored_auth"
)


@pytest.fixture
def airports(seeded: Path, tmp_path: Path) -> Iterator[Server]:
    running = new_server(seeded, tmp_path, workers=1)
    copy_packages(tmp_path / "packages")
    asyncio.run(_open_to_the_ledger(tmp_path / "data" / "gatewright.db"))
    running.start()
    yield running
    running.stop()
    running.clean_up()


async def _open_to_the_ledger(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.write(scopes.insert, Scope(name="air", folders=("airports", "routes", "geo")), seed.MADE)
    await database.write(clients.set_scopes, seed.LEDGER, ("air", "orders"), seed.MADE)
    await database.close()


def test_server_keeps_to_its_description(airports: Server, tmp_path: Path) -> None:
    grant = {"grant_type": "client_credentials", "scope": "air orders"}
    token = httpx.post(f"{airports.url}/oauth/token", data=grant, headers=basic(seed.LEDGER)).json()["access_token"]
    command = [
        str(_RUN), "run", f"{airports.url}/openapi.json", "--header", f"Authorization: Bearer {token}",
        "--checks", _CHECKS, "--phases", "examples,coverage,fuzzing", "--max-examples", "10", "--seed", "1", "--no-color",
        "--continue-on-failure",
    ]  # fmt: skip
    outcome = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False)
    assert outcome.returncode == 0, outcome.stdout[-8000:]
    assert " passed" in outcome.stdout
