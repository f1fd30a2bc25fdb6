"""Signed introspection answers (RFC 9701)."""

import json

import jwt
import pytest

from tests.oauth.jws import claims_of
from tests.oauth.jws import header_of
from tests.oauth.jws import jwks
from tests.oauth.jws import verified
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

TYPE = "application/token-introspection+jwt"


async def signed(site: Site, token: str, client_id: str = seed.GATEWAY, accept: str = TYPE):
    return await site.post("/oauth/introspect", {"token": token}, client_id, headers={"accept": accept})


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "PS256", "RS256"])
async def test_the_answer_is_signed_for_the_caller(site: Site, algorithm: str) -> None:
    await site.change_settings(signing_algorithm=algorithm)
    token = await site.access_token()
    answer = await signed(site, token)
    assert (answer.status_code, answer.headers["content-type"]) == (200, TYPE)
    assert answer.headers["cache-control"] == "no-store"
    assert header_of(answer.text)["typ"] == "token-introspection+jwt"
    assert header_of(answer.text)["alg"] == algorithm
    claims = await verified(site, answer.text, audience=seed.GATEWAY)
    assert claims == {
        "iss": ORIGIN,
        "aud": seed.GATEWAY,
        "iat": NOW,
        "token_introspection": await site.introspect(token),
    }


async def test_another_resource_server_cannot_pass_the_answer_off_as_its_own(site: Site) -> None:
    answer = await signed(site, await site.access_token())
    with pytest.raises(jwt.InvalidAudienceError):
        await verified(site, answer.text, audience=seed.RIVAL)


async def test_an_inactive_token_is_told_as_such_and_nothing_more(site: Site) -> None:
    answer = await signed(site, "gw_at_unknown")
    assert claims_of(answer.text)["token_introspection"] == {"active": False}


async def test_a_client_sees_no_more_signed_than_unsigned(site: Site) -> None:
    answer = await signed(site, await site.access_token(), seed.RIVAL)
    assert claims_of(answer.text)["token_introspection"] == {"active": False}


async def test_refusals_are_json_as_ever(site: Site) -> None:
    answer = await site.post("/oauth/introspect", {}, seed.GATEWAY, headers={"accept": TYPE})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    answer = await site.post("/oauth/introspect", {"token": "x"}, seed.SPA, headers={"accept": TYPE})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("accept", "is_signed"),
    [
        (TYPE, True),
        (f"{TYPE};q=0.5", True),
        (f"application/json, {TYPE.upper()}", True),
        (f" {TYPE} ; q=1.0", True),
        (f"{TYPE};q=0", False),
        (f"{TYPE};q=0.000", False),
        ("application/json", False),
        ("*/*", False),
        ("application/*", False),
        ("application/jwt", False),
        ("", False),
    ],
)
async def test_the_answer_is_signed_only_when_asked_for(site: Site, accept: str, is_signed: bool) -> None:
    answer = await signed(site, await site.access_token(), accept=accept)
    assert answer.headers["content-type"] == (TYPE if is_signed else "application/json")


async def test_the_algorithms_advertised_are_those_that_sign(site: Site) -> None:
    for algorithm in ("ES256", "RS256"):
        await site.change_settings(signing_algorithm=algorithm)
        described = (await site.http.get("/.well-known/oauth-authorization-server")).json()
        answer = await signed(site, await site.access_token())
        assert described["introspection_signing_alg_values_supported"] == [header_of(answer.text)["alg"]]


async def test_webmethods_address_answers_json(site: Site) -> None:
    answer = await site.post(
        "/invoke/pub.oauth/introspectToken", {"token": "x"}, seed.GATEWAY, headers={"accept": TYPE}
    )
    assert answer.headers["content-type"] == "application/json"


async def test_the_signing_key_of_the_answer_is_published_first(site: Site) -> None:
    published = [key["kid"] for key in (await jwks(site))["keys"]]
    answer = await signed(site, await site.access_token())
    assert [header_of(answer.text)["kid"]] == published
    assert json.dumps(published) != "[]"
