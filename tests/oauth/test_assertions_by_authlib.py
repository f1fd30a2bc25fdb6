"""Authlib, unmodified, signs the assertions."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from authlib.integrations.httpx_client import AsyncAssertionClient
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oauth2.rfc7523 import ClientSecretJWT
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from jwt.algorithms import RSAAlgorithm

from gatewright.store import trusted_issuers
from gatewright.store.trusted_issuers import TrustedIssuer
from tests.running import seed
from tests.running.signing import TestKey
from tests.running.site import ORIGIN
from tests.running.site import Site

TOKEN = f"{ORIGIN}/oauth/token"
KEY = TestKey("RS256")


@pytest.fixture(autouse=True)
def plain_http_and_real_time(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """Authlib insists on HTTPS unless told, and looks at the clock on the wall."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    site.clock.now = int(time.time())


@asynccontextmanager
async def client(site: Site, method: Any, secret: Any, **options: Any) -> AsyncIterator[AsyncOAuth2Client]:
    async with AsyncOAuth2Client(
        seed.LEDGER,
        secret,
        token_endpoint_auth_method=method,
        transport=httpx.ASGITransport(site.application),
        **options,
    ) as made:
        yield made


def private_key() -> dict[str, Any]:
    return dict(RSAAlgorithm.to_jwk(KEY.private, as_dict=True))


async def test_private_key_jwt(site: Site) -> None:
    await site.change_client(client_authentication=("private_key_jwt",), jwks={"keys": [KEY.jwk(kid=None)]})
    async with client(site, PrivateKeyJWT(TOKEN), private_key()) as authlib:
        for _ in range(2):
            token = await authlib.fetch_token(TOKEN, grant_type="client_credentials")
            assert await site.is_active(token["access_token"])


async def test_client_secret_jwt(site: Site) -> None:
    await site.change_client(client_authentication=("client_secret_jwt",))
    await site.seal_secret()
    async with client(site, ClientSecretJWT(TOKEN), seed.SECRETS[seed.LEDGER]) as authlib:
        for _ in range(2):
            token = await authlib.fetch_token(TOKEN, grant_type="client_credentials")
            assert await site.is_active(token["access_token"])


async def test_jwt_bearer_grant(site: Site) -> None:
    issuer = TrustedIssuer(issuer="https://issuer.example", jwks={"keys": [KEY.jwk(kid=None)]}, scopes=("orders",))
    await site.parts.database.write(trusted_issuers.insert, issuer, site.clock())
    await site.change_client(seed.SPA, allowed_grants=("jwt_bearer",))
    async with AsyncAssertionClient(
        TOKEN,
        issuer="https://issuer.example",
        subject="ada",
        audience=TOKEN,
        client_id=seed.SPA,
        header={"alg": "RS256"},
        key=private_key(),
        transport=httpx.ASGITransport(site.application),
    ) as authlib:
        answer = await authlib.get(f"{ORIGIN}/invoke/orders/whoami")
        assert answer.json()["username"] == "ada"
