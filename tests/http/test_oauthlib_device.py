"""oauthlib's DeviceClient, unmodified: the device grant (RFC 8628)."""

import time

import pytest
import requests
from oauthlib.oauth2 import DeviceClient
from oauthlib.oauth2 import OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

from tests.running import seed
from tests.running.browser import Browser
from tests.running.process import Server

pytestmark = pytest.mark.clients
SECRET = seed.SECRETS[seed.LEDGER]


def test_a_device_polls_until_somebody_approves(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    client = DeviceClient(seed.LEDGER, scope=["orders"], client_secret=SECRET)
    asked = requests.post(
        f"{server.url}/oauth/device_authorization",
        data={"client_id": seed.LEDGER, "client_secret": SECRET, "scope": "orders"},
        timeout=10,
    ).json()
    session = OAuth2Session(client=client)
    given = {"auth": HTTPBasicAuth(seed.LEDGER, SECRET), "device_code": asked["device_code"]}
    with pytest.raises(OAuth2Error) as pending:
        session.fetch_token(f"{server.url}/oauth/token", **given)
    assert pending.value.error == "authorization_pending"
    with Browser(server.url) as browser:
        browser.connect(f"{asked['verification_uri']}?user_code={asked['user_code'].lower()}")
    time.sleep(asked["interval"])
    token = session.fetch_token(f"{server.url}/oauth/token", **given)
    assert token["scope"] == ["orders"]
    assert session.get(f"{server.url}/invoke/orders/whoami").json()["username"] == "ada"
