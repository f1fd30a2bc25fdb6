"""A package that one node installs is served by all, and a service that one disables answers nowhere."""

import base64
import io
import zipfile
from pathlib import Path

import pytest

from gatewright.services.scaffold import new_package
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.postgresql import PostgresqlDatabase
from gatewright.store.records import Scope
from tests.nodes.conftest import Node
from tests.nodes.conftest import seconds_until
from tests.running import seed

PATIENCE = 20.0
"""Seconds. It takes about one, on a machine with nothing else to do."""


@pytest.fixture
async def administrator(nodes: list[Node], postgresql_url: str) -> str:
    """An access token that opens the Admin API, and the new package."""
    database = await PostgresqlDatabase.open(postgresql_url)
    try:
        wide = Scope(name="administration", folders=("gatewright.admin", "bills"))
        await database.write(scopes.insert, wide, seed.MADE)
        await database.write(clients.set_scopes, seed.LEDGER, ("orders", "administration"), seed.MADE)
        await database.write(access.set_groups, "client", seed.LEDGER, ["Administrators"], seed.MADE)
    finally:
        await database.close()
    return str(nodes[0].token(scope="administration").json()["access_token"])


def zipped(folder: Path) -> str:
    new_package(folder, "Bills")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((folder / "Bills").rglob("*")):
            archive.write(path, path.relative_to(folder))
    return base64.b64encode(file.getvalue()).decode()


async def test_every_node_follows_what_one_installs_disables_and_removes(
    nodes: list[Node], administrator: str, tmp_path: Path
) -> None:
    path = "/bills/hello/Ada"

    def all_answer(status: int) -> bool:
        return all(node.call(administrator, path) == status for node in nodes)

    made = nodes[0].admin(administrator, "POST", "/packages", {"zip": zipped(tmp_path / "outside")})
    assert made.status_code == 201, made.text
    seconds_until(lambda: all_answer(200), PATIENCE)
    assert nodes[1].admin(administrator, "PATCH", "/services/bills:hello", {"enabled": False}).status_code == 200
    seconds_until(lambda: all_answer(503), PATIENCE)
    assert nodes[1].admin(administrator, "PATCH", "/services/bills:hello", {"enabled": True}).status_code == 200
    seconds_until(lambda: all_answer(200), PATIENCE)
    assert nodes[2].admin(administrator, "DELETE", "/packages/Bills").status_code == 204
    seconds_until(lambda: all_answer(404), PATIENCE)
