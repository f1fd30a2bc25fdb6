"""requests-oauthlib, unmodified: every grant oauthlib has, refresh, and its errors."""

from typing import Any

import pytest
from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2 import InvalidGrantError
from oauthlib.oauth2 import InvalidScopeError
from oauthlib.oauth2 import LegacyApplicationClient
from oauthlib.oauth2 import MobileApplicationClient
from oauthlib.oauth2 import WebApplicationClient
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.running import seed
from tests.running.browser import Browser
from tests.running.process import Server

pytestmark = pytest.mark.clients
SECRET = seed.SECRETS[seed.LEDGER]


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib insists on HTTPS unless told."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


def approved(session: OAuth2Session, server: Server) -> str:
    """The address the browser is sent to after the user has approved what the session asks."""
    address, state = session.authorization_url(f"{server.url}/oauth/authorize")
    with Browser(server.url) as browser:
        location = browser.visit(address)
    assert f"state={state}" in location
    return location


def calls_as(session: OAuth2Session, server: Server) -> dict[str, Any]:
    answer = session.get(f"{server.url}/invoke/orders/whoami")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(
    "options", [{"auth": HTTPBasicAuth(seed.LEDGER, SECRET)}, {"include_client_id": True, "client_secret": SECRET}]
)
def test_client_credentials(server: Server, options: dict[str, Any]) -> None:
    session = OAuth2Session(client=BackendApplicationClient(client_id=seed.LEDGER, scope=["orders"]))
    token = session.fetch_token(f"{server.url}/oauth/token", **options)
    assert token["scope"] == ["orders"]
    assert calls_as(session, server)["client_id"] == seed.LEDGER


@pytest.mark.parametrize("pkce", ["S256", None])
def test_authorization_code(server: Server, pkce: str | None) -> None:
    session = OAuth2Session(
        client=WebApplicationClient(client_id=seed.LEDGER),
        redirect_uri=seed.CALLBACK,
        scope=["orders", "customers"],
        pkce=pkce,
    )
    location = approved(session, server)
    session.fetch_token(f"{server.url}/oauth/token", authorization_response=location, client_secret=SECRET)
    assert calls_as(session, server)["scopes"] == ["orders", "customers"]


def test_authorization_code_of_a_public_client(server: Server) -> None:
    session = OAuth2Session(seed.SPA, redirect_uri=seed.SPA_CALLBACK, scope=["orders"], pkce="S256")
    location = approved(session, server)
    session.fetch_token(f"{server.url}/oauth/token", authorization_response=location, include_client_id=True)
    assert calls_as(session, server)["client_id"] == seed.SPA


def test_implicit(server: Server) -> None:
    session = OAuth2Session(
        client=MobileApplicationClient(client_id=seed.SPA), redirect_uri=seed.SPA_CALLBACK, scope=["orders"]
    )
    session.token_from_fragment(approved(session, server))
    assert calls_as(session, server)["username"] == "ada"


def test_password(server: Server) -> None:
    session = OAuth2Session(client=LegacyApplicationClient(client_id=seed.LEDGER))
    session.fetch_token(f"{server.url}/oauth/token", username="ada", password=seed.PASSWORD, client_secret=SECRET)
    assert calls_as(session, server)["username"] == "ada"


def test_refresh_and_the_automatic_refresh_of_an_expired_token(server: Server) -> None:
    address, kept = f"{server.url}/oauth/token", []
    session = OAuth2Session(
        client=LegacyApplicationClient(client_id=seed.LEDGER),
        auto_refresh_url=address,
        auto_refresh_kwargs={"client_id": seed.LEDGER, "client_secret": SECRET},
        token_updater=kept.append,
    )
    first = session.fetch_token(address, username="ada", password=seed.PASSWORD, client_secret=SECRET)
    second = session.refresh_token(address, client_id=seed.LEDGER, client_secret=SECRET)
    assert second["refresh_token"] != first["refresh_token"]
    session.token = {**second, "expires_at": 1, "expires_in": -1}
    assert calls_as(session, server)["username"] == "ada"
    assert kept[0]["access_token"] != second["access_token"]


def test_a_revoked_token_is_refused(server: Server) -> None:
    session = OAuth2Session(client=LegacyApplicationClient(client_id=seed.LEDGER))
    token = session.fetch_token(
        f"{server.url}/oauth/token", username="ada", password=seed.PASSWORD, client_secret=SECRET
    )
    body = session._client.prepare_token_revocation_request(f"{server.url}/oauth/revoke", token["access_token"])
    answer = session.post(
        body[0], headers=body[1], data=body[2], auth=HTTPBasicAuth(seed.LEDGER, SECRET), withhold_token=True
    )
    assert answer.status_code == 200
    assert session.get(f"{server.url}/invoke/orders/whoami").status_code == 401


def test_refusals_become_oauthlibs_own_errors(server: Server) -> None:
    session = OAuth2Session(client=LegacyApplicationClient(client_id=seed.LEDGER))
    with pytest.raises(InvalidGrantError):
        session.fetch_token(f"{server.url}/oauth/token", username="ada", password="wrong", client_secret=SECRET)
    backend = OAuth2Session(client=BackendApplicationClient(client_id=seed.LEDGER, scope=["unheard-of"]))
    with pytest.raises(InvalidScopeError):
        backend.fetch_token(f"{server.url}/oauth/token", client_secret=SECRET, include_client_id=True)
