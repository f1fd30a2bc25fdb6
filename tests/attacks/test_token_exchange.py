"""What a client that may exchange tokens (RFC 8693) might try with tokens of others."""

import pytest

from gatewright.oauth.token_exchange import ACCESS_TOKEN
from gatewright.oauth.token_exchange import GRANT_TYPE
from tests.oauth.test_token_exchange import allow
from tests.oauth.test_token_exchange import exchange
from tests.oauth.test_token_exchange import exchanged
from tests.running import seed
from tests.running.proofs import ProofKey
from tests.running.site import ORIGIN
from tests.running.site import Site


async def refused(site: Site, subject: str, error: str, client_id: str = seed.RIVAL, **more: str) -> str:
    """The exchange is refused with that error; its sentence."""
    answer = await exchange(site, subject, client_id, **more)
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text
    assert subject not in answer.text
    return str(answer.json()["error_description"])


async def test_asking_for_a_scope_that_the_subject_token_lacks(site: Site) -> None:
    """Escalation by the client's own associations."""
    await allow(site)
    subject = (await site.tokens(scope="orders"))["access_token"]
    await refused(site, subject, "invalid_scope", scope="orders customers")
    await refused(site, subject, "invalid_scope", scope="customers")


async def test_asking_for_a_scope_that_the_client_is_not_associated_with(site: Site) -> None:
    """Escalation by the subject token's rights."""
    await allow(site)
    await site.associate(seed.RIVAL, "orders")
    subject = (await site.tokens(scope="orders customers"))["access_token"]
    await refused(site, subject, "invalid_scope", scope="customers")
    assert (await exchanged(site, subject))["scope"] == "orders"


async def test_another_clients_token_without_any_association_in_common(site: Site) -> None:
    await allow(site)
    await site.associate(seed.RIVAL, "route-only")
    await refused(site, (await site.tokens())["access_token"], "invalid_scope")


async def test_winning_back_by_a_second_exchange_what_the_first_gave_up(site: Site) -> None:
    await allow(site)
    subject = (await site.tokens(scope="orders customers"))["access_token"]
    narrow = (await exchanged(site, subject, scope="orders", resource=f"{ORIGIN}/invoke/orders"))["access_token"]
    await refused(site, narrow, "invalid_scope", scope="customers")
    await refused(site, narrow, "invalid_target", resource=ORIGIN)
    await refused(site, narrow, "invalid_target", audience=ORIGIN)
    again = (await exchanged(site, narrow))["access_token"]
    assert (await site.introspect(again))["aud"] == f"{ORIGIN}/invoke/orders"


async def test_outliving_the_subject_token_by_exchanging_again_and_again(site: Site) -> None:
    await allow(site)
    token = (await site.tokens())["access_token"]
    for _ in range(3):
        site.clock.forward(1000)
        token = (await exchanged(site, token))["access_token"]
    site.clock.forward(600)
    assert not await site.is_active(token)
    await refused(site, token, "invalid_request")


async def test_an_expired_subject_token(site: Site) -> None:
    await allow(site)
    subject = (await site.tokens())["access_token"]
    site.clock.forward(3600)
    assert "expired" in await refused(site, subject, "invalid_request")


async def test_a_revoked_subject_token(site: Site) -> None:
    await allow(site)
    tokens = await site.tokens()
    await site.post("/oauth/revoke", {"token": tokens["access_token"]})
    await refused(site, tokens["access_token"], "invalid_request")


async def test_a_subject_token_of_a_disabled_user(site: Site) -> None:
    await allow(site)
    subject = (await site.tokens())["access_token"]
    await site.change_user(enabled=False)
    await refused(site, subject, "invalid_request")


async def test_a_subject_token_of_a_disabled_client(site: Site) -> None:
    await allow(site)
    subject = (await site.tokens())["access_token"]
    await site.change_client(seed.LEDGER, enabled=False)
    await refused(site, subject, "invalid_request")


@pytest.mark.parametrize("kind", ["refresh token", "code", "secret", "rubbish", "forged JWT"])
async def test_something_else_than_an_access_token_as_the_subject(site: Site, kind: str) -> None:
    await allow(site)
    await site.sign_in()
    subject = {
        "refresh token": (await site.tokens())["refresh_token"],
        "code": await site.code(),
        "secret": seed.SECRETS[seed.LEDGER],
        "rubbish": "x" * 1000,
        "forged JWT": "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJpZC1vZi1hZGEifQ.",
    }[kind]
    await refused(site, subject, "invalid_request")


# Actors


async def test_acting_by_another_clients_token(site: Site) -> None:
    """A token that a client was called with is no proof that it is who the token is for."""
    await allow(site)
    subject = (await site.tokens())["access_token"]
    await refused(site, subject, "invalid_request", actor=await site.access_token(seed.LEDGER))
    await refused(site, subject, "invalid_request", actor=subject)


async def test_acting_by_a_revoked_or_expired_token(site: Site) -> None:
    await allow(site)
    await site.change_client(seed.RIVAL, access_token_lifetime=60)
    actor, revoked = await site.access_token(seed.RIVAL), await site.access_token(seed.RIVAL)
    await site.post("/oauth/revoke", {"token": revoked}, seed.RIVAL)
    site.clock.forward(60)
    subject = (await site.tokens())["access_token"]
    for token in (actor, revoked):
        await refused(site, subject, "invalid_request", actor=token)


async def test_acting_by_an_exchanged_token_to_pose_as_its_user(site: Site) -> None:
    await allow(site)
    of_ada = (await exchanged(site, (await site.tokens())["access_token"]))["access_token"]
    await site.sign_in("bob")
    of_bob = (await site.redeem(await site.code())).json()["access_token"]
    await refused(site, of_bob, "invalid_request", actor=of_ada)


async def test_an_actor_that_acts_for_itself(site: Site) -> None:
    await allow(site)
    own = await site.access_token(seed.RIVAL)
    await refused(site, own, "invalid_request", actor=await site.access_token(seed.RIVAL))


async def test_actors_in_a_circle(site: Site) -> None:
    await allow(site, seed.RIVAL, seed.GATEWAY)
    by = {client: await site.access_token(client) for client in (seed.RIVAL, seed.GATEWAY)}
    first = (await exchanged(site, (await site.tokens())["access_token"], actor=by[seed.RIVAL]))["access_token"]
    second = (await exchanged(site, first, seed.GATEWAY, actor=by[seed.GATEWAY]))["access_token"]
    assert "chain" in await refused(site, second, "invalid_request", actor=by[seed.RIVAL])


@pytest.mark.parametrize("depth", [1, 3])
async def test_chains_deeper_than_allowed(site: Site, depth: int) -> None:
    await allow(site)
    await site.change_settings(token_exchange_depth=depth)
    token = (await site.tokens())["access_token"]
    for _ in range(depth):
        token = (await exchanged(site, token))["access_token"]
    assert "token_exchange_depth" in await refused(site, token, "invalid_request")


async def test_a_subject_token_that_names_another_actor(site: Site) -> None:
    await allow(site)
    await site.change_client(seed.LEDGER, may_act=seed.GATEWAY)
    assert "may_act" in await refused(site, (await site.tokens())["access_token"], "invalid_request")


# Keys


async def test_freeing_ones_own_bound_token_from_its_key(site: Site) -> None:
    """Stolen with the client's secret but without the key, a bound token must not become a Bearer token."""
    await allow(site, seed.LEDGER)
    key = ProofKey()
    fields = {"grant_type": "client_credentials"}
    answer = await site.post("/oauth/token", fields, seed.LEDGER, headers={"dpop": key.proof()})
    bound = answer.json()["access_token"]
    assert "DPoP" in await refused(site, bound, "invalid_request", seed.LEDGER)
    fields = {"grant_type": GRANT_TYPE, "subject_token": bound, "subject_token_type": ACCESS_TOKEN}
    by_another = await site.post("/oauth/token", fields, seed.LEDGER, headers={"dpop": ProofKey().proof()})
    assert by_another.json()["error"] == "invalid_request"
    by_its_own = await site.post("/oauth/token", fields, seed.LEDGER, headers={"dpop": key.proof()})
    assert by_its_own.json()["token_type"] == "DPoP"


async def test_a_public_client_asking(site: Site) -> None:
    answer = await exchange(site, (await site.tokens())["access_token"], seed.SPA)
    assert answer.json()["error"] == "unauthorized_client"


async def test_tokens_in_the_address(site: Site) -> None:
    """They would stand in logs."""
    await allow(site)
    subject = (await site.tokens())["access_token"]
    for name in ("subject_token", "actor_token"):
        answer = await site.post(f"/oauth/token?{name}={subject}", {"grant_type": GRANT_TYPE}, seed.RIVAL)
        assert answer.json()["error"] == "invalid_request"
        assert name in answer.json()["error_description"]
