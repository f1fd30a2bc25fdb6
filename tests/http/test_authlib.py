"""Authlib, unmodified, over requests and over httpx: every grant it has, refresh, revocation, introspection."""

from typing import Any

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session

from tests.running import seed
from tests.running.browser import Browser
from tests.running.process import Server

pytestmark = pytest.mark.clients
KINDS = [OAuth2Session, OAuth2Client]


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authlib insists on HTTPS unless told."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(params=KINDS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> Any:
    return request.param


def session(kind: Any, server: Server, client_id: str = seed.LEDGER, **options: Any) -> Any:
    """A client of Authlib's for one of ours."""
    return kind(
        client_id,
        seed.SECRETS.get(client_id),
        token_endpoint=f"{server.url}/oauth/token",
        revocation_endpoint=f"{server.url}/oauth/revoke",
        redirect_uri=seed.CALLBACK if client_id == seed.LEDGER else seed.SPA_CALLBACK,
        **options,
    )


def approved(client: Any, server: Server, **options: str) -> str:
    """The address the browser is sent to after the user has approved what the client asks."""
    address, state = client.create_authorization_url(f"{server.url}/oauth/authorize", **options)
    with Browser(server.url) as browser:
        location = browser.visit(address)
    assert f"state={state}" in location
    return location


def calls_as(client: Any, server: Server) -> dict[str, Any]:
    answer = client.get(f"{server.url}/invoke/orders/whoami")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_client_credentials(server: Server, kind: Any, method: str) -> None:
    client = session(kind, server, token_endpoint_auth_method=method, scope="orders")
    token = client.fetch_token(grant_type="client_credentials")
    assert (token["token_type"], token["scope"]) == ("Bearer", "orders")
    assert calls_as(client, server)["client_id"] == seed.LEDGER


def test_a_chosen_secret_with_every_awkward_character(server: Server, kind: Any) -> None:
    """Authlib sends HTTP Basic without form-encoding it first."""
    client = session(kind, server, seed.CHOSEN, scope="route-only")
    assert client.fetch_token(grant_type="client_credentials")["scope"] == "route-only"


def test_authorization_code_with_pkce(server: Server, kind: Any) -> None:
    client = session(kind, server, code_challenge_method="S256", scope="orders")
    verifier = generate_token(48)
    location = approved(client, server, code_verifier=verifier)
    token = client.fetch_token(authorization_response=location, code_verifier=verifier)
    assert token["refresh_token"]
    assert calls_as(client, server)["username"] == "ada"


def test_authorization_code_of_a_public_client(server: Server, kind: Any) -> None:
    client = session(kind, server, seed.SPA, code_challenge_method="S256", token_endpoint_auth_method="none")
    verifier = generate_token(48)
    location = approved(client, server, code_verifier=verifier)
    client.fetch_token(authorization_response=location, code_verifier=verifier)
    assert calls_as(client, server)["client_id"] == seed.SPA


def test_a_wrong_verifier_is_an_error_that_authlib_understands(server: Server, kind: Any) -> None:
    client = session(kind, server, code_challenge_method="S256")
    location = approved(client, server, code_verifier=generate_token(48))
    with pytest.raises(OAuthError, match="invalid_grant"):
        client.fetch_token(authorization_response=location, code_verifier=generate_token(48))


def test_implicit(server: Server, kind: Any) -> None:
    client = session(kind, server, seed.SPA, response_type="token", token_endpoint_auth_method="none")
    client.fetch_token(authorization_response=approved(client, server, response_type="token"))
    assert calls_as(client, server)["username"] == "ada"


def test_password(server: Server, kind: Any) -> None:
    client = session(kind, server)
    client.fetch_token(username="ada", password=seed.PASSWORD)
    assert calls_as(client, server)["username"] == "ada"


def test_refresh_and_the_automatic_refresh_of_an_expired_token(server: Server, kind: Any) -> None:
    client = session(kind, server)
    first = dict(client.fetch_token(username="ada", password=seed.PASSWORD))
    second = dict(client.refresh_token(f"{server.url}/oauth/token"))
    assert second["access_token"] != first["access_token"]
    client.token = {**second, "expires_at": 1}
    assert calls_as(client, server)["username"] == "ada"
    assert client.token["access_token"] != second["access_token"]


def test_revocation_and_introspection(server: Server, kind: Any) -> None:
    client = session(kind, server)
    token = dict(client.fetch_token(username="ada", password=seed.PASSWORD))
    introspect = f"{server.url}/oauth/introspect"
    found = client.introspect_token(introspect, token=token["access_token"]).json()
    assert (found["active"], found["username"]) == (True, "ada")
    revoked = client.revoke_token(f"{server.url}/oauth/revoke", token=token["refresh_token"])
    assert revoked.status_code == 200
    assert client.introspect_token(introspect, token=token["access_token"]).json() == {"active": False}


async def test_the_asynchronous_client(server: Server) -> None:
    async with session(AsyncOAuth2Client, server, scope="orders") as client:
        await client.fetch_token(grant_type="client_credentials")
        answer = await client.get(f"{server.url}/shop/orders/7")
        assert answer.json() == {"number": "7"}
