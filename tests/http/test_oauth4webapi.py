"""oauth4webapi, unmodified: the flows of every day, against two workers."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from jwt.algorithms import ECAlgorithm

from gatewright.store import clients
from gatewright.store import settings
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.sqlite import SqliteDatabase
from tests.running import seed
from tests.running.node import converse
from tests.running.node import is_installed
from tests.running.process import Server
from tests.running.signing import TestKey

pytestmark = pytest.mark.clients
KEY = TestKey("ES256")
SIGNER = Client(
    client_id="signer",
    name="Signer",
    allowed_grants=("client_credentials",),
    client_authentication=("private_key_jwt",),
    jwks=KEY.jwks(),
    access_token_format="jwt",
)


def prepare(transaction: Transaction) -> None:
    changed = msgspec.structs.replace(settings.load(transaction), dynamic_registration="open")
    settings.save(transaction, changed, seed.MADE)
    clients.insert(transaction, SIGNER)
    clients.set_scopes(transaction, SIGNER.client_id, ("orders",), seed.MADE)


async def write(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.write(prepare)
    await database.close()


@pytest.mark.skipif(not is_installed("oauth4webapi"), reason="oauth4webapi is not installed; make test installs it")
def test_the_flows_of_every_day(own_server: Server) -> None:
    asyncio.run(write(own_server.workspace / "data" / "gatewright.db"))
    own_server.start()
    private = json.loads(ECAlgorithm.to_jwk(KEY.private)) | {"kid": KEY.kid}
    given = {
        "issuer": own_server.url,
        "client": {"id": seed.LEDGER, "secret": seed.SECRETS[seed.LEDGER]},
        "spa": {"id": seed.SPA, "redirectUri": seed.SPA_CALLBACK},
        "gateway": {"id": seed.GATEWAY, "secret": seed.SECRETS[seed.GATEWAY]},
        "signer": {"id": SIGNER.client_id, "key": private},
    }
    said = converse("oauth4webapi.mjs", given, own_server.url)
    own_server.stop()
    assert said == {
        "spa": [200, 401],
        "machine": {"basic": "orders", "post": "orders", "privateKeyJwt": "orders"},
        "challenged": ["WWWAuthenticateChallengeError", "basic"],
        "introspected": [True, seed.LEDGER, True, seed.LEDGER],
        "claims": ["signer", "orders"],
        "described": [[own_server.url], ["orders"]],
        "registered": "client_secret_post",
    }
