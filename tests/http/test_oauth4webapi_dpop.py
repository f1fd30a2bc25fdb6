"""oauth4webapi, unmodified: DPoP with and without nonces, and token exchange, against two workers."""

import asyncio
import json
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gatewright.store import clients
from gatewright.store import settings
from gatewright.store.database import Transaction
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.node import is_installed
from tests.running.node import node
from tests.running.process import Server

pytestmark = pytest.mark.clients
SCRIPT = Path(__file__).parents[1] / "clients" / "dpop.mjs"


def prepare(transaction: Transaction, nonce: str) -> None:
    changed = msgspec.structs.replace(settings.load(transaction), dpop_nonce=nonce)
    settings.save(transaction, changed, seed.MADE)
    rival = clients.find(transaction, seed.RIVAL)
    assert rival
    clients.update(transaction, msgspec.structs.replace(rival, allowed_grants=("token_exchange",)))


async def write(path: Path, nonce: str) -> None:
    database = SqliteDatabase(path)
    await database.write(prepare, nonce)
    await database.close()


def run(server: Server) -> dict[str, Any]:
    """What the script says."""
    given = {
        "issuer": server.url,
        "client": {"id": seed.LEDGER, "secret": seed.SECRETS[seed.LEDGER]},
        "service": {"id": seed.RIVAL, "secret": seed.SECRETS[seed.RIVAL]},
        "resource": f"{server.url}/invoke/orders/whoami",
    }
    done = subprocess.run([node(), str(SCRIPT), json.dumps(given)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.mark.skipif(not is_installed("oauth4webapi"), reason="oauth4webapi is not installed; make test installs it")
@pytest.mark.parametrize(("nonce", "asked"), [("optional", []), ("required", ["nonce"])])
def test_bound_tokens_are_got_used_and_exchanged(own_server: Server, nonce: str, asked: list[str]) -> None:
    asyncio.run(write(own_server.workspace / "data" / "gatewright.db", nonce))
    own_server.start()
    said = run(own_server)
    own_server.stop()
    assert said["asked"] == asked
    assert said["tokenType"] == "dpop"
    for seen in (said["seen"], said["again"]):
        assert (seen["kind"], seen["client_id"]) == ("client", seed.LEDGER)
    assert said["stolen"] == [{"scheme": "dpop", "error": "invalid_token"}]
    assert said["issued"] == "urn:ietf:params:oauth:token-type:access_token"
    assert (said["asService"]["subject"], said["asService"]["client_id"]) == (seed.LEDGER, seed.RIVAL)
