"""What one client might try with another's codes and tokens (RFC 9700)."""

import asyncio

import pytest

from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import returned
from tests.running.site import told

S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}


async def test_a_stolen_code_cannot_be_redeemed_by_another_client(site: Site) -> None:
    """Code substitution (RFC 6749 §10.5)."""
    await site.sign_in()
    code = await site.code()
    for redirect_uri in (seed.CALLBACK, seed.RIVAL_CALLBACK, ""):
        answer = await site.redeem(code, seed.RIVAL, redirect_uri=redirect_uri)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await site.redeem(code)).status_code == 200


async def test_another_clients_try_at_a_redeemed_code_does_not_end_its_tokens(site: Site) -> None:
    """Else anyone who saw an old code in a log could revoke with it."""
    await site.sign_in()
    code = await site.code()
    tokens = (await site.redeem(code)).json()
    await site.redeem(code, seed.RIVAL)
    assert await site.is_active(tokens["access_token"])


async def test_a_public_client_cannot_pose_as_a_confidential_one(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}
    for identity in ({"client_id": seed.LEDGER}, {"client_id": seed.SPA}):
        answer = await site.post("/oauth/token", {**fields, **identity}, None)
        assert answer.json()["error"] in ("invalid_client", "invalid_grant")


async def test_a_code_injected_into_another_session_fails_its_verifier(site: Site) -> None:
    """Code injection (RFC 9700 §4.5): the victim's code with the attacker's verifier."""
    await site.sign_in()
    code = await site.code(**S256)
    answer = await site.redeem(code, code_verifier="attackers-own-verifier-that-is-long-enough-000000")
    assert answer.json()["error"] == "invalid_grant"


async def test_stripping_pkce_from_the_authorization_request_of_a_public_client_fails(site: Site) -> None:
    """PKCE downgrade (RFC 9700 §4.8)."""
    await site.sign_in()
    asked = await site.ask(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK)
    assert returned(asked)["error"] == "invalid_request"


@pytest.mark.parametrize("with_challenge", [True, False])
async def test_a_verifier_that_does_not_belong_is_noticed_either_way(site: Site, with_challenge: bool) -> None:
    await site.sign_in()
    code = await site.code(**(S256 if with_challenge else {}))
    verifier = "" if with_challenge else VERIFIER
    assert (await site.redeem(code, code_verifier=verifier)).json()["error"] == "invalid_grant"


async def test_another_clients_refresh_token_is_refused_and_its_family_lives_on(site: Site) -> None:
    tokens = await site.tokens()
    answer = await site.refresh(tokens["refresh_token"], seed.RIVAL)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await site.refresh(tokens["refresh_token"])).status_code == 200


async def test_another_clients_consumed_refresh_token_does_not_end_its_family(site: Site) -> None:
    tokens = await site.tokens()
    fresh = (await site.refresh(tokens["refresh_token"])).json()
    site.clock.forward(60)
    await site.refresh(tokens["refresh_token"], seed.RIVAL)
    assert await site.is_active(fresh["access_token"])


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_another_clients_tokens_cannot_be_revoked(site: Site, name: str) -> None:
    """RFC 7009 §2.1."""
    tokens = await site.tokens()
    answer = await site.post("/oauth/revoke", {"token": tokens[name]}, seed.RIVAL)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert await site.is_active(tokens["access_token"])
    assert await site.is_active(tokens["refresh_token"])


async def test_a_refusal_never_says_whose_code_or_token_it_is(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    known = await site.redeem(code, seed.RIVAL)
    unknown = await site.redeem("gw_ac_" + "0" * 50, seed.RIVAL)
    assert told(known) == told(unknown)


async def test_scopes_cannot_grow_at_refresh_by_association_alone(site: Site) -> None:
    """Scope escalation: the client may now ask for it, but this user never granted it."""
    tokens = await site.tokens(scope="orders")
    await site.associate(seed.LEDGER, "orders", "customers", "route-only")
    answer = await site.refresh(tokens["refresh_token"], scope="orders route-only")
    assert answer.json()["error"] == "invalid_scope"


async def test_a_client_cannot_grant_itself_more_than_the_user_ticked(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders customers")
    code = returned(await site.submit_consent(page, scope=["orders"]))["code"]
    answer = await site.redeem(code, scope="orders customers")
    assert answer.json()["scope"] == "orders"


async def test_the_issuer_in_the_answer_tells_servers_apart(site: Site) -> None:
    """Mix-up (RFC 9207): also in refusals."""
    await site.sign_in()
    for answer in (await site.decide(), await site.decide("deny"), await site.ask(scope="unheard-of")):
        assert returned(answer)["iss"] == site.parts.server.issuer


async def test_of_many_redemptions_at_once_exactly_one_wins(site: Site) -> None:
    await site.sign_in()
    code = await site.code()
    answers = await asyncio.gather(*(site.redeem(code) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49


async def test_of_many_refreshes_at_once_all_get_the_same_answer(site: Site) -> None:
    token = (await site.tokens())["refresh_token"]
    answers = await asyncio.gather(*(site.refresh(token) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 1


async def test_of_many_refreshes_at_once_without_grace_one_wins_and_the_family_ends(site: Site) -> None:
    await site.change_settings(refresh_token_grace=0)
    token = (await site.tokens())["refresh_token"]
    answers = await asyncio.gather(*(site.refresh(token) for _ in range(50)))
    winners = [answer.json() for answer in answers if answer.status_code == 200]
    assert len(winners) == 1
    assert not await site.is_active(winners[0]["access_token"])


async def test_guesses_sent_all_at_once_do_not_slip_past_the_throttle(site: Site) -> None:
    await site.change_settings(throttle_failures=3)
    guess = {"grant_type": "password", "username": "ada", "password": "wrong"}
    answers = await asyncio.gather(*(site.token(**guess) for _ in range(30)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(400) <= 5
    assert set(statuses) == {400, 429}
