"""Schemathesis sends what the document allows, and what it does not, to a running server."""

import asyncio
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from gatewright.store import access
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
_ENDING = ".*_(delete|set_.*|revoke.*|update|save)$"
"""Operations that may end the very token that the others are called with."""
_CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
    "negative_data_rejection,unsupported_method,ignored_auth"
)


@pytest.fixture
def administered(seeded: Path, tmp_path: Path) -> Iterator[Server]:
    running = new_server(seeded, tmp_path, workers=1)
    asyncio.run(_make_administrator(tmp_path / "data" / "gatewright.db"))
    running.start()
    yield running
    running.stop()
    running.clean_up()


async def _make_administrator(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.write(scopes.insert, Scope(name="administration", folders=("gatewright.admin",)), seed.MADE)
    await database.write(clients.set_scopes, seed.LEDGER, ("administration",), seed.MADE)
    await database.write(access.set_groups, "client", seed.LEDGER, ["Administrators"], seed.MADE)
    await database.close()


def test_no_answer_is_a_server_error_or_other_than_described(administered: Server, tmp_path: Path) -> None:
    token = _token(administered)
    _run(administered, tmp_path, token, "--exclude-operation-id-regex", _ENDING, "--max-examples", "12")
    clients_now = httpx.get(f"{administered.url}/admin/v1/clients", headers={"authorization": f"Bearer {token}"})
    assert clients_now.status_code == 200  # so that what was sent met more than the guard
    _run(administered, tmp_path, token, "--include-operation-id-regex", _ENDING, "--max-examples", "6")


def _token(server: Server) -> str:
    grant = {"grant_type": "client_credentials", "scope": "administration"}
    answer = httpx.post(f"{server.url}/oauth/token", data=grant, headers=basic(seed.LEDGER))
    return str(answer.json()["access_token"])


def _run(server: Server, folder: Path, token: str, *more: str) -> None:
    command = [
        str(_RUN), "run", f"{server.url}/admin/v1/openapi.json", "--header", f"Authorization: Bearer {token}",
        "--checks", _CHECKS, "--phases", "coverage,fuzzing", "--seed", "1", "--no-color", "--continue-on-failure",
    ]  # fmt: skip
    outcome = subprocess.run([*command, *more], cwd=folder, capture_output=True, text=True, timeout=240, check=False)
    assert outcome.returncode == 0, outcome.stdout[-6000:]
    assert " passed" in outcome.stdout
