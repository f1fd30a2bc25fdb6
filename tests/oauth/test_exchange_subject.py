"""Token exchange (RFC 8693) for a user whom a trusted issuer vouches for by a JWT."""

from typing import Any

import pytest

from gatewright.oauth.token_exchange import JWT
from gatewright.store import trusted_issuers
from gatewright.store.trusted_issuers import TrustedIssuer
from tests.oauth.test_jwt_bearer import ISSUER
from tests.oauth.test_jwt_bearer import KEY
from tests.oauth.test_jwt_bearer import claims
from tests.oauth.test_token_exchange import allow
from tests.oauth.test_token_exchange import exchange
from tests.oauth.test_token_exchange import exchanged
from tests.running import seed
from tests.running.signing import TestKey
from tests.running.site import NOW
from tests.running.site import Site


async def trust(site: Site) -> None:
    issuer = TrustedIssuer(issuer=ISSUER, jwks=KEY.jwks(), scopes=("orders",))
    await site.parts.database.write(trusted_issuers.insert, issuer, NOW)
    await allow(site, seed.RIVAL, seed.GATEWAY)


def said(**changes: Any) -> str:
    """A JWT of the trusted issuer."""
    return str(KEY.sign(claims(**changes)))


async def refused(site: Site, subject: str, error: str = "invalid_request", **more: Any) -> str:
    answer = await exchange(site, subject, subject_token_type=JWT, **more)
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text
    return str(answer.json()["error_description"])


async def test_it_is_a_token_of_that_user_and_ends_with_the_jwt(site: Site) -> None:
    await trust(site)
    answer = await exchanged(site, said(exp=NOW + 50), subject_token_type=JWT)
    assert (answer["expires_in"], answer["scope"]) == (50, "orders")
    found = await site.introspect(answer["access_token"])
    assert (found["username"], found["client_id"]) == ("ada", seed.RIVAL)
    assert (await site.call("/invoke/orders/whoami", answer["access_token"])).json()["username"] == "ada"


async def test_the_issuers_scopes_bound_it(site: Site) -> None:
    await trust(site)
    await refused(site, said(), "invalid_scope", scope="customers")


async def test_actors_that_the_issuer_names_stay_in_the_chain(site: Site) -> None:
    """§4.1."""
    await trust(site)
    actor = await site.access_token(seed.RIVAL)
    answer = await exchanged(
        site, said(act={"sub": "front", "act": {"sub": "edge"}}), actor=actor, subject_token_type=JWT
    )
    act = {"sub": seed.RIVAL, "act": {"sub": "front", "act": {"sub": "edge"}}}
    assert (await site.introspect(answer["access_token"]))["act"] == act


async def test_an_actor_chain_deeper_than_allowed_is_refused(site: Site) -> None:
    await trust(site)
    act: dict[str, Any] = {"sub": "s0"}
    for number in range(1, 4):
        act = {"sub": f"s{number}", "act": act}
    assert "exchanges" in await refused(site, said(act=act))
    assert "token_exchange_depth" in await refused(site, said(act={"sub": "s4", "act": act}))


async def test_endlessly_nested_actors_are_refused(site: Site) -> None:
    await trust(site)
    act: dict[str, Any] = {"sub": "x"}
    for _ in range(200):
        act = {"sub": "x", "act": act}
    await refused(site, said(act=act))


async def test_may_act_of_the_jwt_is_held(site: Site) -> None:
    """§4.4."""
    await trust(site)
    await exchanged(site, said(may_act={"sub": seed.RIVAL}), subject_token_type=JWT)
    assert "may_act" in await refused(site, said(may_act={"sub": seed.GATEWAY}))


@pytest.mark.parametrize("name", ["act", "may_act"])
@pytest.mark.parametrize("value", ["rival", {}, {"sub": ""}, {"sub": 5}, [], {"sub": "x" * 256}])
async def test_a_party_that_is_not_named_is_refused(site: Site, name: str, value: Any) -> None:
    await trust(site)
    assert "RFC 8693" in await refused(site, said(**{name: value}))


async def test_it_counts_once(site: Site) -> None:
    await trust(site)
    jwt = said()
    await exchanged(site, jwt, subject_token_type=JWT)
    assert "used before" in await refused(site, jwt)


async def test_a_refused_exchange_does_not_use_it_up(site: Site) -> None:
    await trust(site)
    jwt = said()
    await refused(site, jwt, "invalid_scope", scope="customers")
    await exchanged(site, jwt, subject_token_type=JWT)


@pytest.mark.parametrize(
    "changes",
    [{"iss": "https://evil.example"}, {"aud": "https://elsewhere.example"}, {"exp": NOW - 1}, {"sub": "gone"}],
)
async def test_a_jwt_that_does_not_count_here_is_refused(site: Site, changes: dict[str, Any]) -> None:
    await trust(site)
    await refused(site, said(**changes))


async def test_a_jwt_of_another_key_is_refused(site: Site) -> None:
    await trust(site)
    await refused(site, str(TestKey("ES256", "another").sign(claims(), kid=KEY.kid)))


async def test_disabling_the_user_ends_the_token(site: Site) -> None:
    await trust(site)
    token = (await exchanged(site, said(), subject_token_type=JWT))["access_token"]
    assert await site.is_active(token)
    await site.change_user(enabled=False)
    assert not await site.is_active(token)
