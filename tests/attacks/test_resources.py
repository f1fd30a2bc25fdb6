"""Getting out of the resource that a token was asked for (RFC 8707 §3)."""

import pytest

from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site

ORDERS = f"{ORIGIN}/invoke/orders"


@pytest.mark.parametrize("wider", [ORIGIN, f"{ORIGIN}/invoke", f"{ORIGIN}/invoke/customers", f"{ORIGIN}/shop"])
async def test_resource_escalation_at_the_token_request_is_refused_and_the_code_stays(site: Site, wider: str) -> None:
    await site.sign_in()
    code = await site.code(resource=ORDERS)
    answer = await site.redeem(code, resource=wider)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    assert (await site.redeem(code)).status_code == 200


@pytest.mark.parametrize("wider", [ORIGIN, f"{ORIGIN}/", f"{ORIGIN}/invoke", f"{ORIGIN}/shop"])
async def test_resource_escalation_at_refresh_is_refused(site: Site, wider: str) -> None:
    tokens = await site.tokens(resource=ORDERS)
    answer = await site.refresh(tokens["refresh_token"], resource=wider)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")
    assert (await site.refresh(tokens["refresh_token"])).status_code == 200


async def test_resource_escalation_past_a_narrowed_access_token_is_bound_to_the_grant(site: Site) -> None:
    tokens = await site.tokens(resource=ORDERS)
    narrowed = (await site.refresh(tokens["refresh_token"], resource=f"{ORDERS}/whoami")).json()
    assert (await site.refresh(narrowed["refresh_token"], resource=ORIGIN)).json()["error"] == "invalid_target"


@pytest.mark.parametrize(
    "path",
    [
        b"/shop/orders/7",
        b"/invoke/customers/find",
        b"/invoke/orders/../customers/find",
        b"/invoke/orders/%2e%2e/customers/find",
        b"/invoke/customers%3afind",
        b"//invoke/customers/find",
        b"/invoke/orders;/../customers/find",
        b"/invoke/Orders/whoami",
        b"/INVOKE/orders/whoami",
        b"/invoke/orders%2f..%2fcustomers/find",
    ],
)
async def test_no_spelling_of_a_path_leads_out_of_the_tokens_resource(site: Site, path: bytes) -> None:
    token = await site.access_token(scope="orders customers", resource=ORDERS)
    answer = await site.raw("GET", path, headers=[(b"authorization", f"Bearer {token}".encode())])
    assert answer.status in (401, 404)


async def test_a_resource_in_the_url_of_a_token_request_is_refused_and_not_left_out(site: Site) -> None:
    """Left out, the token would be for the whole server."""
    answer = await site.post(f"/oauth/token?resource={ORDERS}", {"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_no_other_parameter_may_be_repeated(site: Site) -> None:
    answer = await site.http.post(
        "/oauth/token",
        data={"grant_type": "client_credentials", "client_id": seed.LEDGER, "scope": ["orders", "customers"]},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
