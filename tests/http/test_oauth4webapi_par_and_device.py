"""oauth4webapi, unmodified: a pushed authorization request for one resource, and the device grant, against two workers."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from gatewright.store import clients
from gatewright.store import settings
from gatewright.store.database import Transaction
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.node import converse
from tests.running.node import is_installed
from tests.running.process import Server

pytestmark = pytest.mark.clients


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


@pytest.mark.skipif(not is_installed("oauth4webapi"), reason="oauth4webapi is not installed; make test installs it")
def test_a_pushed_request_and_a_device(own_server: Server) -> None:
    asyncio.run(write(own_server.workspace / "data" / "gatewright.db"))
    own_server.start()
    given = {
        "issuer": own_server.url,
        "client": {"id": seed.LEDGER, "secret": seed.SECRETS[seed.LEDGER]},
        "redirectUri": seed.CALLBACK,
        "resource": f"{own_server.url}/invoke/orders",
    }
    said = converse("par_and_device.mjs", given, own_server.url)
    own_server.stop()
    assert said == {"expiresIn": 60, "bound": [200, 401], "errors": ["authorization_pending"], "device": 200}
