"""Token exchange (RFC 8693): impersonation, delegation, and how far an exchanged token goes."""

from typing import Any

import httpx
import jwt
import pytest

from gatewright.oauth.token_exchange import ACCESS_TOKEN
from gatewright.oauth.token_exchange import GRANT_TYPE
from gatewright.oauth.token_exchange import JWT
from tests.running import seed
from tests.running.proofs import ProofKey
from tests.running.site import ORIGIN
from tests.running.site import Site


async def allow(site: Site, *client_ids: str) -> None:
    """Let clients exchange tokens."""
    for client_id in client_ids or (seed.RIVAL,):
        await site.change_client(client_id, allowed_grants=("client_credentials", "token_exchange"))


async def exchange(
    site: Site, subject: str, client_id: str = seed.RIVAL, actor: str | None = None, **parameters: str
) -> httpx.Response:
    """Exchange an access token; parameters given as "" are left out."""
    fields = {"grant_type": GRANT_TYPE, "subject_token": subject, "subject_token_type": ACCESS_TOKEN}
    if actor is not None:
        fields |= {"actor_token": actor, "actor_token_type": ACCESS_TOKEN}
    fields |= parameters
    return await site.token(client_id, **{name: text for name, text in fields.items() if text})


async def exchanged(site: Site, subject: str, client_id: str = seed.RIVAL, **more: Any) -> dict[str, Any]:
    answer = await exchange(site, subject, client_id, **more)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def whoami(site: Site, token: str) -> dict[str, Any]:
    """What the service sees of its caller."""
    answer = await site.call("/invoke/orders/whoami", token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_service_gets_a_token_in_the_name_of_its_caller(site: Site) -> None:
    """Impersonation (§1.1)."""
    await allow(site)
    answer = await exchanged(site, (await site.tokens(scope="orders customers"))["access_token"])
    assert answer["issued_token_type"] == ACCESS_TOKEN
    assert answer["token_type"] == "Bearer"
    assert "refresh_token" not in answer
    found = await site.introspect(answer["access_token"])
    assert (found["sub"], found["username"], found["client_id"]) == ("id-of-ada", "ada", seed.RIVAL)
    assert "act" not in found
    seen = await whoami(site, answer["access_token"])
    assert (seen["kind"], seen["username"], seen["client_id"], seen["actor"]) == ("user", "ada", seed.RIVAL, None)


async def test_with_an_actor_token_the_new_one_says_who_acts(site: Site) -> None:
    """Delegation (§1.1, §4.1)."""
    await allow(site)
    actor = await site.access_token(seed.RIVAL)
    answer = await exchanged(site, (await site.tokens())["access_token"], actor=actor)
    found = await site.introspect(answer["access_token"])
    assert (found["sub"], found["act"]) == ("id-of-ada", {"sub": seed.RIVAL})
    assert (await whoami(site, answer["access_token"]))["actor"] == seed.RIVAL


async def test_actors_nest_the_present_one_outside(site: Site) -> None:
    """§4.1: "The outermost act claim represents the current actor"."""
    await allow(site, seed.RIVAL, seed.GATEWAY)
    subject = (await site.tokens())["access_token"]
    first = await exchanged(site, subject, actor=await site.access_token(seed.RIVAL))
    gateway = await site.access_token(seed.GATEWAY)
    second = await exchanged(site, first["access_token"], seed.GATEWAY, actor=gateway)
    found = await site.introspect(second["access_token"])
    assert found["act"] == {"sub": seed.GATEWAY, "act": {"sub": seed.RIVAL}}
    assert (await whoami(site, second["access_token"]))["actor"] == seed.GATEWAY


async def test_impersonation_does_not_wash_away_who_acted_before(site: Site) -> None:
    await allow(site, seed.RIVAL, seed.GATEWAY)
    subject = (await site.tokens())["access_token"]
    first = await exchanged(site, subject, actor=await site.access_token(seed.RIVAL))
    second = await exchanged(site, first["access_token"], seed.GATEWAY)
    assert (await site.introspect(second["access_token"]))["act"] == {"sub": seed.RIVAL}


async def test_a_jwt_says_the_subject_and_the_actors(site: Site) -> None:
    await site.change_settings(access_token_format="jwt")
    await allow(site)
    actor = await site.access_token(seed.RIVAL)
    subject = (await site.tokens())["access_token"]
    answer = await exchanged(
        site, subject, actor=actor, subject_token_type=JWT, actor_token_type=JWT, requested_token_type=JWT
    )
    assert answer["issued_token_type"] == JWT
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    assert (claims["sub"], claims["client_id"], claims["act"]) == ("id-of-ada", seed.RIVAL, {"sub": seed.RIVAL})
    assert (await whoami(site, answer["access_token"]))["actor"] == seed.RIVAL


async def test_a_client_without_a_user_is_a_subject_too_and_keeps_its_groups(site: Site) -> None:
    await allow(site)
    answer = await exchanged(site, await site.access_token(seed.LEDGER))
    found = await site.introspect(answer["access_token"])
    assert (found["sub"], found["client_id"]) == (seed.LEDGER, seed.RIVAL)
    seen = await whoami(site, answer["access_token"])
    assert (seen["kind"], seen["subject"], seen["client_id"]) == ("client", seed.LEDGER, seed.RIVAL)


async def test_the_acl_asks_for_the_subjects_groups(site: Site) -> None:
    await allow(site)
    await site.sign_in("bob")
    of_bob = (await site.redeem(await site.code())).json()["access_token"]
    await site.sign_in("ada")
    of_ada = (await site.redeem(await site.code())).json()["access_token"]
    for subject, status in ((of_ada, 200), (of_bob, 403)):
        token = (await exchanged(site, subject))["access_token"]
        assert (await site.call("/invoke/orders/audit", token)).status_code == status


# Scope, life, audience


async def test_the_scope_is_what_subject_token_and_client_both_have(site: Site) -> None:
    await allow(site)
    await site.associate(seed.RIVAL, "customers", "route-only")
    subject = (await site.tokens(scope="orders customers"))["access_token"]
    assert (await exchanged(site, subject))["scope"] == "customers"
    assert (await exchanged(site, subject, scope="customers"))["scope"] == "customers"


async def test_less_may_be_asked_for(site: Site) -> None:
    await allow(site)
    subject = (await site.tokens(scope="orders customers"))["access_token"]
    token = (await exchanged(site, subject, scope="customers"))["access_token"]
    assert (await site.call("/invoke/customers/find", token)).status_code == 200
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 403


async def test_it_lives_no_longer_than_the_subject_token(site: Site) -> None:
    await allow(site)
    await site.change_client(seed.RIVAL, access_token_lifetime=86400)
    subject = (await site.tokens())["access_token"]
    site.clock.forward(3000)
    answer = await exchanged(site, subject)
    assert answer["expires_in"] == 600
    site.clock.forward(600)
    assert not await site.is_active(answer["access_token"])


async def test_it_lives_as_long_as_its_own_clients_tokens_at_most(site: Site) -> None:
    await allow(site)
    await site.change_client(seed.RIVAL, access_token_lifetime=60)
    assert (await exchanged(site, (await site.tokens())["access_token"]))["expires_in"] == 60


async def test_one_of_a_client_whose_tokens_never_expire_ends_with_the_subject_token(site: Site) -> None:
    await allow(site)
    await site.change_client(seed.RIVAL, access_token_lifetime="never")
    assert (await exchanged(site, (await site.tokens())["access_token"]))["expires_in"] == 3600


@pytest.mark.parametrize("name", ["resource", "audience"])
async def test_it_can_be_for_a_part_of_what_the_subject_token_is_for(site: Site, name: str) -> None:
    await allow(site)
    subject = (await site.tokens())["access_token"]
    token = (await exchanged(site, subject, **{name: f"{ORIGIN}/invoke/orders"}))["access_token"]
    assert (await site.introspect(token))["aud"] == f"{ORIGIN}/invoke/orders"
    assert (await site.call("/shop/orders/7", token)).status_code == 401
    await whoami(site, token)


@pytest.mark.parametrize("audience", ["https://elsewhere.example", "orders", ORIGIN + ".evil.example"])
async def test_an_audience_that_is_not_ours_is_an_invalid_target(site: Site, audience: str) -> None:
    """§2.2.2."""
    await allow(site)
    answer = await exchange(site, (await site.tokens())["access_token"], audience=audience)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


async def test_the_new_token_can_be_bound_to_a_key(site: Site) -> None:
    await allow(site)
    key = ProofKey()
    fields = {
        "grant_type": GRANT_TYPE,
        "subject_token": (await site.tokens())["access_token"],
        "subject_token_type": ACCESS_TOKEN,
    }
    answer = await site.post("/oauth/token", fields, seed.RIVAL, headers={"dpop": key.proof()})
    assert answer.json()["token_type"] == "DPoP"
    assert (await site.introspect(answer.json()["access_token"]))["cnf"] == {"jkt": key.thumbprint}


# may_act (§4.4)


async def test_may_act_lets_the_party_it_names_act_and_nobody_else(site: Site) -> None:
    await allow(site, seed.RIVAL, seed.GATEWAY)
    await site.change_client(may_act=seed.RIVAL)
    subject = (await site.tokens())["access_token"]
    assert (await site.introspect(subject))["may_act"] == {"sub": seed.RIVAL}
    await exchanged(site, subject)
    await exchanged(site, subject, actor=await site.access_token(seed.RIVAL))
    for actor in (None, await site.access_token(seed.GATEWAY)):
        refused = await exchange(site, subject, seed.GATEWAY, actor)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
        assert "may_act" in refused.json()["error_description"]


async def test_a_jwt_says_who_may_act(site: Site) -> None:
    await site.change_settings(access_token_format="jwt")
    await site.change_client(may_act=seed.RIVAL)
    claims = jwt.decode((await site.tokens())["access_token"], options={"verify_signature": False})
    assert claims["may_act"] == {"sub": seed.RIVAL}


# Requests that are not as §2.1 has them


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_token": ""},
        {"subject_token_type": ""},
        {"subject_token_type": "access_token"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"},
        {"subject_token_type": JWT},
        {"actor_token": "gw_at_x"},
        {"actor_token_type": ACCESS_TOKEN},
        {"actor_token": "gw_at_x", "actor_token_type": ACCESS_TOKEN},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:id_token"},
        {"requested_token_type": JWT},
    ],
)
async def test_a_request_of_another_form_is_an_invalid_request(site: Site, changes: dict[str, str]) -> None:
    await allow(site)
    answer = await exchange(site, (await site.tokens())["access_token"], **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert answer.json()["error_description"]


async def test_a_client_that_is_not_allowed_the_grant_is_refused(site: Site) -> None:
    answer = await exchange(site, (await site.tokens())["access_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")


# The end of the subject token is the end of what came from it


async def test_revoking_the_subject_tokens_grant_ends_exchanged_tokens(site: Site) -> None:
    await allow(site, seed.RIVAL, seed.GATEWAY)
    tokens = await site.tokens()
    first = (await exchanged(site, tokens["access_token"]))["access_token"]
    second = (await exchanged(site, first, seed.GATEWAY))["access_token"]
    assert await site.is_active(second)
    await site.post("/oauth/revoke", {"token": tokens["refresh_token"]})
    for token in (first, second):
        assert not await site.is_active(token)
        assert (await site.call("/invoke/orders/whoami", token)).status_code == 401


async def test_revoking_a_clients_own_token_ends_what_it_was_exchanged_for(site: Site) -> None:
    await allow(site)
    subject = await site.access_token(seed.LEDGER)
    token = (await exchanged(site, subject))["access_token"]
    await site.post("/oauth/revoke", {"token": subject})
    assert not await site.is_active(token)


async def test_revoking_an_exchanged_token_leaves_the_subject_token(site: Site) -> None:
    await allow(site)
    subject = (await site.tokens())["access_token"]
    token = (await exchanged(site, subject))["access_token"]
    await site.post("/oauth/revoke", {"token": token}, seed.RIVAL)
    assert not await site.is_active(token)
    assert await site.is_active(subject)


@pytest.mark.parametrize("who", ["client", "subject's client", "user"])
async def test_disabling_anyone_involved_ends_it(site: Site, who: str) -> None:
    await allow(site)
    token = (await exchanged(site, (await site.tokens())["access_token"]))["access_token"]
    assert await site.is_active(token)
    match who:
        case "client":
            await site.change_client(seed.RIVAL, enabled=False)
        case "subject's client":
            await site.change_client(seed.LEDGER, enabled=False)
        case "user":
            await site.change_user(enabled=False)
    assert not await site.is_active(token)


async def test_a_scope_taken_from_the_subjects_client_is_gone_from_it_too(site: Site) -> None:
    await allow(site)
    token = (await exchanged(site, (await site.tokens())["access_token"]))["access_token"]
    await whoami(site, token)
    await site.associate(seed.LEDGER, "customers")
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 403
