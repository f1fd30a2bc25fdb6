"""The authorization code grant's token request (RFC 6749 §4.1.3)."""

import pytest

from tests.running import seed
from tests.running.site import Site


async def test_a_code_gives_tokens_for_the_user_who_approved(site: Site) -> None:
    tokens = await site.tokens(scope="orders")
    assert (tokens["token_type"], tokens["expires_in"], tokens["scope"]) == ("Bearer", 3600, "orders")
    caller = (await site.call("/invoke/orders/whoami", tokens["access_token"])).json()
    assert (caller["kind"], caller["username"], caller["client_id"]) == ("user", "ada", seed.LEDGER)


async def test_a_code_works_once(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    assert (await site.redeem(code)).status_code == 200
    again = await site.redeem(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


async def test_a_replayed_code_revokes_the_tokens_that_came_from_it(site: Site) -> None:
    """RFC 6749 §4.1.2."""
    await site.sign_in()
    code = await site.code()
    tokens = (await site.redeem(code)).json()
    refreshed = (await site.refresh(tokens["refresh_token"])).json()
    await site.redeem(code)
    for name in ("access_token", "refresh_token"):
        assert not await site.is_active(tokens[name])
        assert not await site.is_active(refreshed[name])


async def test_a_replayed_code_leaves_the_users_other_grants_alone(site: Site) -> None:
    other = await site.tokens()
    code = await site.code()
    await site.redeem(code)
    await site.redeem(code)
    assert await site.is_active(other["access_token"])
    assert await site.is_active(other["refresh_token"])


async def test_a_code_expires_after_its_lifetime(site: Site) -> None:
    await site.sign_in()
    await site.change_settings(authorization_code_lifetime=60)
    in_time, too_late = await site.code(), await site.code()
    site.clock.forward(59)
    assert (await site.redeem(in_time)).status_code == 200
    site.clock.forward(1)
    assert (await site.redeem(too_late)).json()["error"] == "invalid_grant"


async def test_an_unknown_code_is_an_invalid_grant(site: Site) -> None:
    answer = await site.redeem("gw_ac_made_up")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize("redirect_uri", ["", "https://ledger.example/callback/", seed.TENANT_CALLBACK])
async def test_the_redirect_uri_must_be_the_one_of_the_authorization_request(site: Site, redirect_uri: str) -> None:
    """RFC 6749 §4.1.3."""
    await site.sign_in()
    code = await site.code()
    answer = await site.redeem(code, redirect_uri=redirect_uri)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert "redirect_uri" in answer.json()["error_description"]


async def test_a_wrong_redirect_uri_does_not_spend_the_code(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    await site.redeem(code, redirect_uri="https://evil.example/")
    assert (await site.redeem(code)).status_code == 200


async def test_a_redirect_uri_left_out_of_both_requests_is_fine(site: Site) -> None:
    await site.change_client(redirect_uris=(seed.CALLBACK,))
    await site.sign_in()
    code = await site.code(redirect_uri="")
    assert (await site.redeem(code, redirect_uri="")).status_code == 200


async def test_a_redirect_uri_in_the_token_request_alone_is_refused(site: Site) -> None:
    await site.change_client(redirect_uris=(seed.CALLBACK,))
    await site.sign_in()
    code = await site.code(redirect_uri="")
    assert (await site.redeem(code)).json()["error"] == "invalid_grant"


async def test_the_scope_is_what_the_user_approved_not_what_was_asked(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders customers")
    answer = await site.submit_consent(page, scope=["customers"])
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    assert (await site.redeem(code)).json()["scope"] == "customers"


async def test_a_code_of_a_user_disabled_meanwhile_is_refused(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    await site.change_user(enabled=False)
    assert (await site.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_code_of_a_client_disabled_meanwhile_is_refused(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    await site.change_client(enabled=False)
    answer = await site.redeem(code)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_grant_taken_away_from_the_client_meanwhile_is_unauthorized(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    await site.change_client(allowed_grants=("client_credentials",))
    assert (await site.redeem(code)).json()["error"] == "unauthorized_client"


async def test_a_client_whose_refresh_count_is_0_gets_no_refresh_token(site: Site) -> None:
    await site.change_client(refresh_limit=0)
    assert "refresh_token" not in await site.tokens()


async def test_a_public_client_names_itself_by_client_id_alone(site: Site) -> None:
    await site.change_client(seed.SPA, require_pkce=False)
    await site.sign_in()
    code = await site.code(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK)
    answer = await site.redeem(code, seed.SPA, redirect_uri=seed.SPA_CALLBACK)
    assert answer.status_code == 200
    assert "refresh_token" in answer.json()
