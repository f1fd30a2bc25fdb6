"""Token introspection (RFC 7662)."""

import pytest

from tests.running import seed
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

INACTIVE = {"active": False}


async def test_a_users_access_token_is_described(site: Site) -> None:
    tokens = await site.tokens(scope="orders customers")
    assert await site.introspect(tokens["access_token"]) == {
        "active": True,
        "scope": "orders customers",
        "client_id": seed.LEDGER,
        "username": "ada",
        "token_type": "Bearer",
        "exp": NOW + 3600,
        "iat": NOW,
        "sub": "id-of-ada",
        "iss": ORIGIN,
        "aud": ORIGIN,
    }


async def test_a_clients_own_token_has_the_client_as_subject_and_no_username(site: Site) -> None:
    found = await site.introspect(await site.access_token())
    assert found["sub"] == seed.LEDGER
    assert "username" not in found


async def test_a_token_that_never_expires_has_no_exp(site: Site) -> None:
    await site.change_settings(access_token_lifetime="never")
    token = await site.access_token()
    site.clock.forward(10**9)
    found = await site.introspect(token)
    assert found["active"]
    assert "exp" not in found


async def test_a_refresh_token_is_described_without_a_token_type(site: Site) -> None:
    found = await site.introspect((await site.tokens())["refresh_token"])
    assert (found["active"], found["username"]) == (True, "ada")
    assert "token_type" not in found


async def test_a_client_sees_its_own_tokens_only(site: Site) -> None:
    tokens = await site.tokens()
    for name in ("access_token", "refresh_token"):
        assert (await site.introspect(tokens[name], seed.LEDGER))["active"]
        assert await site.introspect(tokens[name], seed.RIVAL) == INACTIVE


async def test_a_resource_server_sees_everybodys(site: Site) -> None:
    assert (await site.introspect((await site.tokens())["access_token"], seed.GATEWAY))["active"]


async def test_a_public_client_may_not_introspect(site: Site) -> None:
    """RFC 7662 §2.1: the endpoint must require some form of authorization."""
    answer = await site.post("/oauth/introspect", {"token": "x"}, seed.SPA)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_nobody_introspects_without_credentials(site: Site) -> None:
    answer = await site.post("/oauth/introspect", {"token": await site.access_token()}, None)
    assert answer.status_code == 401


@pytest.mark.parametrize("token", ["x", "gw_at_x", "gw_rt_x", "gw_at_" + "0" * 50, "ü", "x" * 5000])
async def test_anything_else_is_inactive_and_nothing_more_is_said(site: Site, token: str) -> None:
    """RFC 7662 §2.2."""
    assert await site.introspect(token) == INACTIVE


async def test_the_token_is_asked_for_when_missing(site: Site) -> None:
    answer = await site.post("/oauth/introspect", {})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_an_expired_token_is_inactive_to_the_second(site: Site) -> None:
    token = await site.access_token()
    site.clock.forward(3599)
    assert await site.is_active(token)
    site.clock.forward(1)
    assert await site.introspect(token) == INACTIVE


async def test_tokens_of_a_disabled_client_are_inactive_while_it_is_disabled(site: Site) -> None:
    tokens = await site.tokens()
    await site.change_client(enabled=False)
    assert await site.introspect(tokens["access_token"]) == INACTIVE
    assert await site.introspect(tokens["refresh_token"]) == INACTIVE
    await site.change_client(enabled=True)
    assert await site.is_active(tokens["access_token"])


async def test_tokens_of_a_disabled_user_are_inactive(site: Site) -> None:
    tokens = await site.tokens()
    await site.change_user(enabled=False)
    assert await site.introspect(tokens["access_token"]) == INACTIVE
    assert await site.introspect(tokens["refresh_token"]) == INACTIVE


async def test_a_scope_no_longer_associated_is_left_out_at_once(site: Site) -> None:
    token = (await site.tokens(scope="orders customers"))["access_token"]
    await site.associate(seed.LEDGER, "customers")
    assert (await site.introspect(token))["scope"] == "customers"


async def test_a_wrong_token_type_hint_changes_nothing(site: Site) -> None:
    """RFC 7662 §2.1: the hint is only a hint."""
    tokens = await site.tokens()
    parameters = {"token": tokens["refresh_token"], "token_type_hint": "access_token"}
    answer = await site.post("/oauth/introspect", parameters, seed.GATEWAY)
    assert answer.json()["active"]
