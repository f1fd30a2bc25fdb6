"""oauth4webapi, unmodified: a pushed authorization request for one resource, and the device grant, against two workers."""

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
from tests.http.test_oauth4webapi_dpop import PACKAGE
from tests.http.test_oauth4webapi_dpop import node
from tests.running import seed
from tests.running.browser import Browser
from tests.running.process import Server

pytestmark = pytest.mark.clients
SCRIPT = Path(__file__).parents[1] / "clients" / "par_and_device.mjs"


def prepare(transaction: Transaction) -> None:
    settings.save(
        transaction, msgspec.structs.replace(settings.load(transaction), device_polling_interval=1), seed.MADE
    )
    ledger = clients.find(transaction, seed.LEDGER)
    assert ledger
    clients.update(transaction, msgspec.structs.replace(ledger, require_pushed_authorization_requests=True))


async def write(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.write(prepare)
    await database.close()


def converse(server: Server) -> dict[str, Any]:
    """Run the script and be the person it needs; what it says at last."""
    given = {
        "issuer": server.url,
        "client": {"id": seed.LEDGER, "secret": seed.SECRETS[seed.LEDGER]},
        "redirectUri": seed.CALLBACK,
        "resource": f"{server.url}/invoke/orders",
    }
    command = [node(), str(SCRIPT), json.dumps(given)]
    with (
        Browser(server.url) as browser,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as script,
    ):
        assert script.stdin
        assert script.stdout
        for line in script.stdout:
            said: dict[str, Any] = json.loads(line)
            if "open" not in said:
                return said
            answer = browser.connect(said["open"]) if said.get("connect") else browser.visit(said["open"])
            script.stdin.write(answer.replace("\n", " ") + "\n")
            script.stdin.flush()
    raise AssertionError("the script ended early")


@pytest.mark.skipif(not PACKAGE.is_dir(), reason="oauth4webapi is not installed; make test installs it")
def test_a_pushed_request_and_a_device(own_server: Server) -> None:
    asyncio.run(write(own_server.workspace / "data" / "gatewright.db"))
    own_server.start()
    said = converse(own_server)
    own_server.stop()
    assert said == {"expiresIn": 60, "bound": [200, 401], "errors": ["authorization_pending"], "device": 200}
