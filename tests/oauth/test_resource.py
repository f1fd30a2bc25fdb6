"""Resource indicators (RFC 8707): asked for, bound, shown, enforced."""

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest

from gatewright.services.catalogue import Catalogue
from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import basic
from tests.running.site import form_action
from tests.running.site import open_site
from tests.running.site import returned

ORDERS = f"{ORIGIN}/invoke/orders"
CUSTOMERS = f"{ORIGIN}/invoke/customers"
SHOP = f"{ORIGIN}/shop"


async def opens(site: Site, token: str) -> set[str]:
    """Which of some addresses a token opens."""
    addresses = ("/invoke/orders/whoami", "/invoke/orders:whoami", "/invoke/customers/find", "/shop/orders/7")
    answers = {path: await site.call(path, token) for path in addresses}
    for answer in answers.values():
        if answer.status_code != 200:
            assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
    return {path for path, answer in answers.items() if answer.status_code == 200}


async def token_for(site: Site, *resources: str, **parameters: str) -> Any:
    """The answer to a client credentials request with these resources."""
    fields = [("grant_type", "client_credentials"), ("scope", "orders customers"), *parameters.items()]
    body = urlencode([*fields, *(("resource", each) for each in resources)])
    headers = {**basic(seed.LEDGER), "content-type": "application/x-www-form-urlencoded"}
    return await site.http.post("/oauth/token", content=body, headers=headers)


async def test_a_token_without_resource_is_for_the_whole_server(site: Site) -> None:
    token = (await token_for(site)).json()["access_token"]
    assert len(await opens(site, token)) == 4
    assert (await site.introspect(token))["aud"] == ORIGIN


@pytest.mark.parametrize(
    ("resource", "opened"),
    [
        (ORIGIN, 4),
        (ORIGIN + "/", 4),
        (f"{ORIGIN}/invoke", 3),
        (ORDERS, 2),
        (f"{ORDERS}/whoami", 2),
        (CUSTOMERS, 1),
        (SHOP, 1),
        (f"{SHOP}/orders/7", 1),
        (f"{SHOP}/orders/8", 0),
    ],
)
async def test_a_bound_token_opens_what_lies_under_its_resource_and_nothing_else(
    site: Site, resource: str, opened: int
) -> None:
    token = (await token_for(site, resource)).json()["access_token"]
    assert len(await opens(site, token)) == opened
    assert (await site.introspect(token))["aud"] == resource


async def test_resource_may_be_repeated(site: Site) -> None:
    """§2: "Multiple resource parameters MAY be used"."""
    token = (await token_for(site, CUSTOMERS, SHOP)).json()["access_token"]
    assert await opens(site, token) == {"/invoke/customers/find", "/shop/orders/7"}
    assert (await site.introspect(token))["aud"] == [CUSTOMERS, SHOP]


@pytest.mark.parametrize(
    "resource",
    [
        "https://elsewhere.example/api",
        f"{ORIGIN}.evil.example/invoke/orders",
        f"{ORIGIN}@evil.example/",
        f"{ORDERS}#part",
        f"{ORDERS}?x=1",
        f"{ORIGIN}/nothing",
        f"{ORIGIN}/invoke/orders/../customers",
        f"{ORIGIN}/invoke/orders%2fwhoami",
        f"{SHOP}/orders/{{number}}",
        "/invoke/orders",
        "orders",
        f"{ORIGIN}5",
        ORDERS.upper(),
        "http://[::1",
        "ü",
    ],
)
async def test_a_resource_that_is_not_served_here_is_an_invalid_target(site: Site, resource: str) -> None:
    for answer in (await token_for(site, resource), await token_for(site, ORDERS, resource)):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
        assert len(answer.json()["error_description"].split()) > 5


async def test_a_blank_names_no_resource(site: Site) -> None:
    assert (await token_for(site, " ")).json()["error"] == "invalid_target"


async def test_more_resources_than_anybody_needs_are_refused(site: Site) -> None:
    answer = await token_for(site, *(f"{SHOP}/orders/{number}" for number in range(21)))
    assert answer.json()["error"] == "invalid_target"


async def test_a_refusal_at_the_authorization_endpoint_goes_back_to_the_client(site: Site) -> None:
    await site.sign_in()
    answer = await site.ask(resource="https://elsewhere.example/", state="s")
    assert (returned(answer)["error"], returned(answer)["state"]) == ("invalid_target", "s")


async def test_the_consent_page_names_the_resources(site: Site) -> None:
    await site.sign_in()
    page = await site.http.get(f"{authorize_address(resource=ORDERS)}&{urlencode({'resource': SHOP})}")
    assert f"<code>{ORDERS}</code>" in page.text
    assert f"<code>{SHOP}</code>" in page.text
    assert "Only at" in page.text
    assert "Only at" not in (await site.ask()).text


async def test_a_code_binds_access_and_refresh_token(site: Site) -> None:
    tokens = await site.tokens(resource=ORDERS)
    assert len(await opens(site, tokens["access_token"])) == 2
    assert (await site.introspect(tokens["refresh_token"]))["aud"] == ORDERS
    refreshed = (await site.refresh(tokens["refresh_token"])).json()
    assert (await site.introspect(refreshed["access_token"]))["aud"] == ORDERS
    assert (await site.introspect(refreshed["refresh_token"]))["aud"] == ORDERS


async def test_an_access_token_may_be_narrower_than_its_grant_and_the_next_one_as_wide_again(site: Site) -> None:
    """§2.2: "down-scope" at the token request and at refresh."""
    await site.sign_in()
    answer = await site.redeem(await site.code(resource=f"{ORIGIN}/invoke", scope="orders customers"), resource=ORDERS)
    tokens = answer.json()
    assert (await site.introspect(tokens["access_token"]))["aud"] == ORDERS
    narrowed = (await site.refresh(tokens["refresh_token"], resource=CUSTOMERS)).json()
    assert await opens(site, narrowed["access_token"]) == {"/invoke/customers/find"}
    whole = (await site.refresh(narrowed["refresh_token"])).json()
    assert (await site.introspect(whole["access_token"]))["aud"] == f"{ORIGIN}/invoke"


async def test_a_grant_for_everything_may_be_narrowed_to_anything(site: Site) -> None:
    tokens = await site.tokens()
    narrowed = (await site.refresh(tokens["refresh_token"], resource=SHOP)).json()
    assert await opens(site, narrowed["access_token"]) == {"/shop/orders/7"}


async def test_the_password_and_implicit_grants_bind_too(site: Site) -> None:
    answer = await site.token(grant_type="password", username="ada", password=seed.PASSWORD, resource=SHOP)
    assert await opens(site, answer.json()["access_token"]) == {"/shop/orders/7"}
    assert (await site.introspect(answer.json()["refresh_token"]))["aud"] == SHOP
    await site.sign_in()
    token = (await site.redirected(response_type="token", resource=SHOP))["access_token"]
    assert await opens(site, token) == {"/shop/orders/7"}


async def test_a_jwt_names_its_resources_and_is_held_to_them(site: Site) -> None:
    """RFC 9068 §3."""
    await site.change_settings(access_token_format="jwt")
    token = (await token_for(site, ORDERS, SHOP)).json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == [ORDERS, SHOP]
    assert "/invoke/customers/find" not in await opens(site, token)
    assert len(await opens(site, token)) == 3
    alone = (await token_for(site, ORDERS)).json()["access_token"]
    assert jwt.decode(alone, options={"verify_signature": False})["aud"] == ORDERS


async def test_the_path_of_the_public_url_begins_every_resource(
    seeded: Path, catalogue: Catalogue, tmp_path: Path
) -> None:
    site = await open_site(seeded, catalogue, tmp_path, public_url="https://as.example/a")
    assert (await token_for(site, "https://as.example/shop")).json()["error"] == "invalid_target"
    token = (await token_for(site, "https://as.example/a/shop")).json()["access_token"]
    assert await opens(site, token) == {"/shop/orders/7"}
    await site.parts.stop()


async def test_consent_for_one_resource_is_not_remembered_for_all(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(resource=ORDERS)
    assert 'name="remember"' not in page.text
    await site.submit_consent(page, remember="true")
    assert (await site.ask()).status_code == 200


async def test_consent_for_everything_covers_each_resource(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    assert "code" in returned(await site.ask(resource=ORDERS))


async def test_an_authorization_request_by_post_may_repeat_resource(site: Site) -> None:
    await site.sign_in()
    fields = {"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK}
    answer = await site.http.post("/oauth/authorize", data={**fields, "resource": [ORDERS, SHOP]})
    page = await site.http.get(answer.headers["location"])
    assert f"<code>{SHOP}</code>" in page.text
    assert form_action(page.text).count("resource=") == 2
