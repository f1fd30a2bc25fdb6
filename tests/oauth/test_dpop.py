"""Demonstrating Proof of Possession at the authorization server (RFC 9449)."""

import httpx
import jwt
import pytest

from tests.oauth import test_device_code as device_flow
from tests.running import seed
from tests.running.proofs import ProofKey
from tests.running.site import Site
from tests.running.site import basic
from tests.running.site import returned

SPA = {"client_id": seed.SPA, "redirect_uri": seed.SPA_CALLBACK}


async def token(site: Site, proof: str, client_id: str = seed.LEDGER, **parameters: str) -> httpx.Response:
    """A token request with a proof; client credentials unless told."""
    fields = {"grant_type": "client_credentials", **parameters}
    return await site.post("/oauth/token", fields, client_id, headers={"dpop": proof})


async def code_of_spa(site: Site, **parameters: str) -> str:
    """A code of ada for the public client, without PKCE."""
    await site.change_client(seed.SPA, require_pkce=False)
    await site.sign_in()
    return await site.code(**SPA, **parameters)


async def redeem_spa(site: Site, code: str, proof: str | None) -> httpx.Response:
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.SPA_CALLBACK}
    headers = {} if proof is None else {"dpop": proof}
    return await site.post("/oauth/token", fields, seed.SPA, headers=headers)


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "PS256", "RS256"])
async def test_a_proof_binds_the_token_to_its_key(site: Site, algorithm: str) -> None:
    key = ProofKey(algorithm)
    answer = await token(site, key.proof())
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"] == "DPoP"
    found = await site.introspect(answer.json()["access_token"])
    assert (found["token_type"], found["cnf"]) == ("DPoP", {"jkt": key.thumbprint})


async def test_without_a_proof_the_token_is_bound_to_nothing(site: Site) -> None:
    answer = (await site.token(grant_type="client_credentials")).json()
    assert answer["token_type"] == "Bearer"
    assert "cnf" not in await site.introspect(answer["access_token"])


async def test_the_algorithms_advertised_are_those_that_work(site: Site) -> None:
    advertised = (await site.http.get("/.well-known/oauth-authorization-server")).json()
    works = set()
    for algorithm in ("ES256", "ES384", "EdDSA", "PS256", "RS256"):
        if (await token(site, ProofKey(algorithm).proof())).status_code == 200:
            works.add(algorithm)
    assert works == set(advertised["dpop_signing_alg_values_supported"])


async def test_a_jwt_access_token_names_the_key(site: Site) -> None:
    """§6.1."""
    await site.change_settings(access_token_format="jwt")
    key = ProofKey()
    text = (await token(site, key.proof())).json()["access_token"]
    claims = jwt.decode(text, options={"verify_signature": False})
    assert claims["cnf"] == {"jkt": key.thumbprint}


@pytest.mark.parametrize(
    "htu",
    [
        "http://localhost:5555/oauth/token?x=1#y",
        "HTTP://LOCALHOST:5555/oauth/token",
        "http://localhost:5555/%6fauth/token",
    ],
)
async def test_htu_is_compared_without_query_and_fragment_and_normalised(site: Site, htu: str) -> None:
    assert (await token(site, ProofKey().proof(htu=htu))).status_code == 200


@pytest.mark.parametrize(("off", "status"), [(-60, 200), (60, 200), (-61, 400), (61, 400)])
async def test_iat_may_differ_by_the_proofs_lifetime(site: Site, off: int, status: int) -> None:
    assert (await token(site, ProofKey().proof(iat=site.clock() + off))).status_code == status


async def test_the_window_of_iat_is_a_setting(site: Site) -> None:
    await site.change_settings(dpop_proof_lifetime=5)
    assert (await token(site, ProofKey().proof(iat=site.clock() - 6))).json()["error"] == "invalid_dpop_proof"


async def test_a_client_that_must_bind_its_tokens_is_refused_without_a_proof(site: Site) -> None:
    """§5.2."""
    await site.change_client(dpop_bound_access_tokens=True)
    answer = await site.token(grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert (await token(site, ProofKey().proof())).status_code == 200


async def test_a_client_that_must_bind_its_tokens_gets_none_from_the_implicit_grant(site: Site) -> None:
    await site.change_client(dpop_bound_access_tokens=True)
    await site.sign_in()
    assert returned(await site.ask(response_type="token"))["error"] == "unauthorized_client"


# Nonces (§8)


async def test_where_nonces_are_required_the_answer_gives_one_and_the_next_proof_counts(site: Site) -> None:
    await site.change_settings(dpop_nonce="required")
    key = ProofKey()
    refused = await token(site, key.proof())
    assert (refused.status_code, refused.json()["error"]) == (400, "use_dpop_nonce")
    answer = await token(site, key.proof(nonce=refused.headers["dpop-nonce"]))
    assert answer.status_code == 200, answer.text
    again = await token(site, key.proof(nonce=answer.headers["dpop-nonce"]))
    assert again.status_code == 200


async def test_a_nonce_ends_after_its_time_and_the_refusal_brings_a_new_one(site: Site) -> None:
    await site.change_settings(dpop_nonce="required")
    key = ProofKey()
    nonce = (await token(site, key.proof())).headers["dpop-nonce"]
    site.clock.forward(240)
    refused = await token(site, key.proof(nonce=nonce, iat=site.clock()))
    assert refused.json()["error"] == "use_dpop_nonce"
    assert refused.headers["dpop-nonce"] != nonce


async def test_no_nonce_is_given_where_none_is_required(site: Site) -> None:
    assert "dpop-nonce" not in (await token(site, ProofKey().proof())).headers


async def test_a_request_for_a_nonce_spends_no_code(site: Site) -> None:
    await site.change_settings(dpop_nonce="required")
    code, key = await code_of_spa(site), ProofKey()
    nonce = (await redeem_spa(site, code, key.proof())).headers["dpop-nonce"]
    assert (await redeem_spa(site, code, key.proof(nonce=nonce))).status_code == 200


async def test_browsers_may_read_the_nonce(site: Site) -> None:
    await site.change_settings(dpop_nonce="required")
    fields = {"grant_type": "client_credentials"}
    headers = {"dpop": ProofKey().proof(), "origin": "https://spa.example", **basic(seed.LEDGER)}
    answer = await site.http.post("/oauth/token", data=fields, headers=headers)
    assert "DPoP-Nonce" in answer.headers["access-control-expose-headers"]


# Codes (§10)


async def test_a_code_is_redeemed_with_the_key_that_dpop_jkt_named(site: Site) -> None:
    key = ProofKey()
    code = await code_of_spa(site, dpop_jkt=key.thumbprint)
    answer = await redeem_spa(site, code, key.proof())
    assert answer.json()["token_type"] == "DPoP"


@pytest.mark.parametrize("jkt", ["x", "a" * 44, "ü" * 43, "=" * 43])
async def test_a_dpop_jkt_that_is_no_thumbprint_is_refused(site: Site, jkt: str) -> None:
    await site.sign_in()
    assert returned(await site.ask(dpop_jkt=jkt))["error"] == "invalid_request"


# Refresh tokens (§5)


async def test_a_public_clients_refresh_token_is_bound_and_a_refresh_gives_bound_tokens(site: Site) -> None:
    key = ProofKey()
    first = (await redeem_spa(site, await code_of_spa(site), key.proof())).json()
    described = await site.introspect(first["refresh_token"])
    assert described["cnf"] == {"jkt": key.thumbprint}
    fields = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await token(site, key.proof(), seed.SPA, **fields)).json()
    assert second["token_type"] == "DPoP"
    assert (await site.introspect(second["refresh_token"]))["cnf"] == {"jkt": key.thumbprint}


async def test_a_confidential_clients_refresh_token_goes_on_with_another_key(site: Site) -> None:
    """§5: its refresh tokens "are not bound"; the client's authentication holds them."""
    await site.sign_in()
    fields = {"grant_type": "authorization_code", "code": await site.code(), "redirect_uri": seed.CALLBACK}
    first = (await token(site, ProofKey().proof(), **fields)).json()
    other = ProofKey()
    again = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await token(site, other.proof(), **again)).json()
    assert (await site.introspect(second["access_token"]))["cnf"] == {"jkt": other.thumbprint}


# Pushed requests (§10.1)


async def test_a_proof_with_a_pushed_request_binds_the_code(site: Site) -> None:
    await site.sign_in()
    key = ProofKey()
    asked = {"response_type": "code", "redirect_uri": seed.CALLBACK}
    pushed = await site.post("/oauth/par", asked, headers={"dpop": key.proof("/oauth/par")})
    assert pushed.status_code == 201, pushed.text
    code = await site.code(request_uri=pushed.json()["request_uri"], response_type="", redirect_uri="")
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}
    assert (await site.token(**fields)).json()["error"] == "invalid_grant"
    assert (await token(site, key.proof(), **fields)).json()["token_type"] == "DPoP"


async def test_a_pushed_request_whose_dpop_jkt_is_another_key_is_refused(site: Site) -> None:
    asked = {"response_type": "code", "redirect_uri": seed.CALLBACK, "dpop_jkt": ProofKey().thumbprint}
    answer = await site.post("/oauth/par", asked, headers={"dpop": ProofKey().proof("/oauth/par")})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof")


async def test_a_devices_tokens_are_bound_too(site: Site) -> None:
    await site.change_client(seed.SPA, allowed_grants=("device_code",), redirect_uris=(), dpop_bound_access_tokens=True)
    device = await device_flow.start(site, seed.SPA)
    await site.sign_in()
    await device_flow.decide(site, device["user_code"])
    fields = {"grant_type": device_flow.GRANT, "device_code": device["device_code"]}
    assert (await site.token(seed.SPA, **fields)).json()["error"] == "invalid_request"
    key = ProofKey()
    answer = (await token(site, key.proof(), seed.SPA, **fields)).json()
    for name in ("access_token", "refresh_token"):
        assert (await site.introspect(answer[name]))["cnf"] == {"jkt": key.thumbprint}
