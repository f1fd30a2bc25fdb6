"""oauthlib's service application (RFC 7523 §2.1) over requests-oauthlib, unmodified: a trusted issuer vouches for a user."""

import asyncio
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from oauthlib.oauth2 import ServiceApplicationClient
from requests_oauthlib import OAuth2Session

from gatewright.store import clients
from gatewright.store import trusted_issuers
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.sqlite import SqliteDatabase
from gatewright.store.trusted_issuers import TrustedIssuer
from tests.running import seed
from tests.running.process import Server
from tests.running.signing import TestKey

pytestmark = pytest.mark.clients
KEY = TestKey("RS256")
ISSUER = TrustedIssuer(issuer="https://issuer.example", jwks=KEY.jwks(), scopes=("orders",))
PORTAL = Client(client_id="portal", name="Portal", allowed_grants=("jwt_bearer",), default_scopes=("orders",))
SECRET = seed.SECRETS[seed.LEDGER]


def trust(transaction: Transaction) -> None:
    trusted_issuers.insert(transaction, ISSUER, seed.MADE)
    clients.insert(transaction, PORTAL)
    clients.set_scopes(transaction, PORTAL.client_id, ("orders",), seed.MADE)
    clients.add_secret(transaction, seed.kept(PORTAL.client_id, SECRET), seed.MADE, seed.MADE)


async def write(path: Path) -> None:
    database = SqliteDatabase(path)
    await database.write(trust)
    await database.close()


@pytest.fixture
def trusting(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The running server, which follows a change beside it."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    asyncio.run(write(server.workspace / "data" / "gatewright.db"))
    return server


def test_an_assertion_gets_a_token_that_calls_as_the_user(trusting: Server) -> None:
    private = KEY.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    application = ServiceApplicationClient(
        PORTAL.client_id,
        private_key=private.decode(),
        subject="ada",
        issuer=ISSUER.issuer,
        audience=f"{trusting.url}/oauth/token",
    )
    session = OAuth2Session(client=application)
    session.fetch_token(
        f"{trusting.url}/oauth/token",
        include_client_id=True,
        client_secret=SECRET,
        extra_claims={"jti": "once"},
    )
    assert session.get(f"{trusting.url}/invoke/orders/whoami").json()["username"] == "ada"
