"""Attacks on clients' registration of themselves (RFC 7591 §5, RFC 7592 §5)."""

import pytest

from gatewright.store import clients
from tests.running import seed
from tests.running.site import Site
from tests.web.test_registration import PUBLIC
from tests.web.test_registration import WEB
from tests.web.test_registration import as_sent
from tests.web.test_registration import initial_token
from tests.web.test_registration import manage
from tests.web.test_registration import open_to_all
from tests.web.test_registration import register
from tests.web.test_registration import registered


async def test_closed_registers_nobody_and_is_not_advertised(site: Site) -> None:
    """It is the default."""
    for token in (None, await initial_token(site)):
        assert (await register(site, WEB, token)).status_code == 403
    document = (await site.http.get("/.well-known/oauth-authorization-server")).json()
    assert "registration_endpoint" not in document


async def test_closed_stops_changes_but_lets_a_client_leave(site: Site) -> None:
    await open_to_all(site)
    told = await registered(site)
    await site.change_settings(dynamic_registration="closed")
    assert (await manage(site, "PUT", told, json=as_sent(told))).status_code == 403
    assert (await manage(site, "DELETE", told)).status_code == 204


async def test_a_client_cannot_register_for_more_scopes_than_the_setting_allows(site: Site) -> None:
    await open_to_all(site, dynamic_registration_scopes=("orders", "deleted-since"))
    told = await registered(site, WEB | {"scope": "orders customers deleted-since route-only"})
    assert told["scope"] == "orders"
    refused = await register(site, WEB | {"scope": "customers"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_client_metadata")
    await site.sign_in()
    answer = await site.ask(client_id=told["client_id"], redirect_uri=WEB["redirect_uris"][0], scope="customers")
    assert "error=" in answer.headers["location"]


async def test_a_client_cannot_widen_its_scopes_later(site: Site) -> None:
    await open_to_all(site, dynamic_registration_scopes=("orders", "customers"))
    told = await registered(site, WEB | {"scope": "orders"})
    for scope in ("orders customers", "customers orders route-only"):
        answer = await manage(site, "PUT", told, json=as_sent(told, scope=scope))
        assert (answer.status_code, answer.json()["scope"]) == (200, "orders")
    await site.associate(told["client_id"])  # an administrator takes it away
    answer = await manage(site, "PUT", told, json=as_sent(told, scope="orders"))
    assert answer.json()["scope"] == ""


async def test_a_client_cannot_give_itself_rights_by_names_of_our_own(site: Site) -> None:
    await open_to_all(site)
    asked = {
        "introspect": "all", "groups": ["Administrators"], "allowed_grants": ["password"], "may_act": "x",
        "access_token_lifetime": "never", "require_pkce": False, "client_id": seed.LEDGER, "client_secret": "chosen",
        "default_scopes": ["customers"], "enabled": True,
    }  # fmt: skip
    told = await registered(site, WEB | asked)
    assert told["client_id"] != seed.LEDGER
    assert told["client_secret"] != "chosen"
    kept = await site.parts.database.read(clients.registered, told["client_id"])
    assert kept is not None
    assert (kept.client.introspect, kept.client.may_act, kept.client.require_pkce) == ("own", "", True)
    assert (kept.client.allowed_grants, kept.client.access_token_lifetime) == (("authorization_code",), "global")
    assert kept.groups == frozenset()


@pytest.mark.parametrize(
    "uri",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:x",
        "about:blank", "http://app.example/callback", "http://localhost.evil.example/", "http://127.0.0.1@evil.example/",
        "https://app.example/#x", "https://user@app.example/", "https://*.example/", "//app.example/", "app", "", "https:",
        "https://app.example/\r\nx", "https://[::1", "https://app.example\\@evil.example/", "https://äpp.example/",
    ],
)  # fmt: skip
async def test_redirect_uris_that_run_code_or_leave_the_client_are_refused(site: Site, uri: str) -> None:
    await open_to_all(site)
    told = await registered(site, PUBLIC)
    registering = await register(site, PUBLIC | {"redirect_uris": [uri]})
    changing = await manage(site, "PUT", told, json=as_sent(told, redirect_uris=[uri]))
    for answer in (registering, changing):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("value", [None, [], "https://app.example/", [7], {"a": 1}])
async def test_missing_and_malformed_redirect_uris_are_refused(site: Site, value: object) -> None:
    await open_to_all(site)
    answer = await register(site, PUBLIC | {"redirect_uris": value})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_redirect_uri")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_somebody_elses_registration_token_opens_nothing(site: Site, method: str) -> None:
    await open_to_all(site)
    mine, theirs = await registered(site), await registered(site)
    administrators = {**mine, "registration_client_uri": f"/oauth/register/{seed.LEDGER}"}
    tokens = (theirs["registration_access_token"], await initial_token(site), await site.access_token(), "x", "ü", "")
    for token in tokens:
        answer = await manage(site, method, mine, json=as_sent(mine, client_name="Hijacked"), token=token)
        assert answer.status_code == 401, token
    assert (await manage(site, method, administrators, json=as_sent(mine))).status_code == 401
    assert (await manage(site, "GET", mine)).json()["client_name"] == "App"


async def test_a_disabled_client_cannot_manage_itself(site: Site) -> None:
    await open_to_all(site)
    told = await registered(site)
    await site.change_client(told["client_id"], enabled=False)
    for method in ("GET", "PUT", "DELETE"):
        assert (await manage(site, method, told, json=as_sent(told))).status_code == 401


async def test_one_address_cannot_register_without_end(site: Site) -> None:
    await open_to_all(site, throttle_failures=3)
    answers = [await register(site, WEB) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert int(answers[-1].headers["retry-after"]) > 0
    async with site.client(address="192.0.2.7", origin="https://localhost:5555") as elsewhere:
        assert (await elsewhere.post("/oauth/register", json=WEB)).status_code != 429
    site.clock.forward(300)
    assert (await register(site, WEB)).status_code == 201


async def test_plain_http_from_elsewhere_is_refused(site: Site) -> None:
    await open_to_all(site)
    async with site.client(address="192.0.2.7") as elsewhere:
        assert (await elsewhere.post("/oauth/register", json=WEB)).status_code == 400
