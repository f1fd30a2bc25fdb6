"""Token revocation (RFC 7009)."""

import pytest

from tests.running import seed
from tests.running.site import Site


async def revoke(site: Site, token: str, client_id: str = seed.LEDGER, **more: str) -> tuple[int, dict[str, str]]:
    answer = await site.post("/oauth/revoke", {"token": token, **more}, client_id)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_access_and_refresh_token_of_one_grant_go_together(site: Site, name: str) -> None:
    tokens = await site.tokens()
    refreshed = (await site.refresh(tokens["refresh_token"])).json()
    assert await revoke(site, refreshed[name]) == (200, {})
    for family in (tokens, refreshed):
        assert not await site.is_active(family["access_token"])
        assert not await site.is_active(family["refresh_token"])


async def test_revoking_one_grant_leaves_the_others_alone(site: Site) -> None:
    first, second = await site.tokens(), await site.tokens()
    await revoke(site, first["access_token"])
    assert await site.is_active(second["access_token"])


async def test_a_client_credentials_token_goes_alone(site: Site) -> None:
    first, second = await site.access_token(), await site.access_token()
    assert await revoke(site, first) == (200, {})
    assert not await site.is_active(first)
    assert await site.is_active(second)


async def test_a_revoked_token_is_refused_by_services_at_once(site: Site) -> None:
    token = await site.access_token()
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 200
    await revoke(site, token)
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 401


async def test_a_consumed_refresh_token_still_revokes_its_family(site: Site) -> None:
    tokens = await site.tokens()
    refreshed = (await site.refresh(tokens["refresh_token"])).json()
    await revoke(site, tokens["refresh_token"])
    assert not await site.is_active(refreshed["access_token"])


@pytest.mark.parametrize("token", ["x", "gw_at_x", "gw_rt_x", "ü" * 300])
async def test_an_unknown_token_is_no_error(site: Site, token: str) -> None:
    """RFC 7009 §2.2."""
    assert await revoke(site, token) == (200, {})


async def test_revoking_twice_is_no_error(site: Site) -> None:
    token = await site.access_token()
    assert [await revoke(site, token) for _ in range(2)] == [(200, {})] * 2


async def test_a_public_client_revokes_by_its_client_id(site: Site) -> None:
    await site.change_client(seed.SPA, require_pkce=False)
    await site.sign_in()
    code = await site.code(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK)
    tokens = (await site.redeem(code, seed.SPA, redirect_uri=seed.SPA_CALLBACK)).json()
    assert await revoke(site, tokens["refresh_token"], seed.SPA) == (200, {})
    assert not await site.is_active(tokens["access_token"])


async def test_an_expired_token_can_be_revoked(site: Site) -> None:
    tokens = await site.tokens()
    site.clock.forward(4000)
    assert await revoke(site, tokens["access_token"]) == (200, {})
    assert not await site.is_active(tokens["refresh_token"])


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "made_up"])
async def test_the_hint_is_only_a_hint(site: Site, hint: str) -> None:
    tokens = await site.tokens()
    assert await revoke(site, tokens["refresh_token"], token_type_hint=hint) == (200, {})
    assert not await site.is_active(tokens["refresh_token"])


async def test_the_token_is_asked_for_when_missing(site: Site) -> None:
    answer = await site.post("/oauth/revoke", {})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
