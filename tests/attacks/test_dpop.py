"""What somebody with a stolen bound token, a captured proof or a proof of their own making might try (RFC 9449 §11)."""

import asyncio
import base64
import json
from typing import Any

import httpx
import jwt
import pytest
from jwt.algorithms import ECAlgorithm

from gatewright.oauth.dpop_nonce import DpopNonces
from gatewright.store import cleanup
from tests.running import seed
from tests.running.proofs import ProofKey
from tests.running.proofs import base64url
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site

WHO = "/invoke/orders/whoami"


async def ask(site: Site, proof: str, client_id: str = seed.LEDGER, **parameters: str) -> httpx.Response:
    """A token request with a proof; client credentials unless told."""
    fields = {"grant_type": "client_credentials", **parameters}
    return await site.post("/oauth/token", fields, client_id, headers={"dpop": proof})


async def bound(site: Site, key: ProofKey) -> str:
    """An access token bound to a key."""
    answer = await ask(site, key.proof())
    assert answer.json()["token_type"] == "DPoP"
    return str(answer.json()["access_token"])


async def call(site: Site, token: str, proof: str | None, path: str = WHO, method: str = "GET") -> httpx.Response:
    """A call of a service by the scheme DPoP."""
    headers = {"authorization": f"DPoP {token}"} | ({"dpop": proof} if proof is not None else {})
    return await site.http.request(method, path, headers=headers)


def error_of(answer: httpx.Response) -> str:
    """The error of a 401 to a DPoP request; its challenge says the same and names the algorithms."""
    assert answer.status_code == 401, answer.text
    challenge = answer.headers["www-authenticate"]
    assert challenge.startswith("DPoP ")
    assert 'algs="ES256 ' in challenge
    assert f'error="{answer.json()["error"]}"' in challenge
    return str(answer.json()["error"])


async def refused(site: Site, proof: str) -> None:
    """The token endpoint takes no such proof."""
    answer = await ask(site, proof)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_dpop_proof"), answer.text


# A stolen token


async def test_the_owner_of_the_key_gets_through(site: Site) -> None:
    key = ProofKey()
    token = await bound(site, key)
    answer = await call(site, token, key.proof(WHO, method="GET", access_token=token))
    assert answer.status_code == 200, answer.text


async def test_a_stolen_bound_token_as_bearer_opens_nothing(site: Site) -> None:
    """§7.2: a downgrade to Bearer."""
    token = await bound(site, ProofKey())
    assert error_of(await site.call(WHO, token)) == "invalid_token"


async def test_a_stolen_bound_token_in_a_form_opens_nothing(site: Site) -> None:
    answer = await site.http.post(WHO, data={"access_token": await bound(site, ProofKey())})
    assert error_of(answer) == "invalid_token"


async def test_a_stolen_bound_token_with_a_proof_of_the_thiefs_key_opens_nothing(site: Site) -> None:
    token, thief = await bound(site, ProofKey()), ProofKey()
    answer = await call(site, token, thief.proof(WHO, method="GET", access_token=token))
    assert error_of(answer) == "invalid_token"


async def test_a_stolen_bound_token_without_a_proof_opens_nothing(site: Site) -> None:
    token = await bound(site, ProofKey())
    assert error_of(await call(site, token, None)) == "invalid_dpop_proof"


async def test_an_unbound_token_sent_as_dpop_opens_nothing(site: Site) -> None:
    """Else anyone could dress up a Bearer token with a key of their own."""
    token = await site.access_token()
    answer = await call(site, token, ProofKey().proof(WHO, method="GET", access_token=token))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"


async def test_a_revoked_bound_token_is_refused_whatever_its_proof(site: Site) -> None:
    key = ProofKey()
    token = await bound(site, key)
    await site.post("/oauth/revoke", {"token": token})
    assert error_of(await call(site, token, key.proof(WHO, method="GET", access_token=token))) == "invalid_token"


async def test_a_bound_jwt_is_held_to_its_key_too(site: Site) -> None:
    await site.change_settings(access_token_format="jwt")
    key = ProofKey()
    token = await bound(site, key)
    assert error_of(await site.call(WHO, token)) == "invalid_token"
    assert (await call(site, token, key.proof(WHO, method="GET", access_token=token))).status_code == 200


async def test_a_stolen_refresh_token_of_a_public_client_is_of_no_use_without_the_key(site: Site) -> None:
    await site.change_client(seed.SPA, require_pkce=False)
    await site.sign_in()
    code = await site.code(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK)
    key = ProofKey()
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.SPA_CALLBACK}
    tokens = (await ask(site, key.proof(), seed.SPA, **fields)).json()
    again = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for answer in (await site.token(seed.SPA, **again), await ask(site, ProofKey().proof(), seed.SPA, **again)):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await ask(site, key.proof(), seed.SPA, **again)).status_code == 200


async def test_a_code_bound_to_a_key_is_of_no_use_without_it(site: Site) -> None:
    """§11.9: an intercepted code."""
    key = ProofKey()
    await site.sign_in()
    code = await site.code(dpop_jkt=key.thumbprint)
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}
    for answer in (await site.redeem(code), await ask(site, ProofKey().proof(), **fields)):
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert (await ask(site, key.proof(), **fields)).status_code == 200


# A captured proof


async def test_a_proof_replayed_at_the_token_endpoint_is_refused(site: Site) -> None:
    proof = ProofKey().proof()
    assert (await ask(site, proof)).status_code == 200
    await refused(site, proof)


async def test_a_proof_replayed_at_a_service_is_refused(site: Site) -> None:
    key = ProofKey()
    token = await bound(site, key)
    proof = key.proof(WHO, method="GET", access_token=token)
    assert (await call(site, token, proof)).status_code == 200
    assert error_of(await call(site, token, proof)) == "invalid_dpop_proof"


async def test_of_a_hundred_racing_requests_with_one_proof_one_wins(site: Site) -> None:
    key = ProofKey()
    token = await bound(site, key)
    proof = key.proof(WHO, method="GET", access_token=token)
    answers = await asyncio.gather(*(call(site, token, proof) for _ in range(100)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 99


async def test_a_replay_is_remembered_for_as_long_as_the_proof_is_accepted(site: Site) -> None:
    proof = ProofKey().proof(iat=NOW + 60)
    assert (await ask(site, proof)).status_code == 200

    for _ in range(12):
        site.clock.forward(10)
        await site.parts.database.write(cleanup.expired_rows, site.clock())
        await refused(site, proof)


async def test_the_same_jti_under_another_key_is_another_proof(site: Site) -> None:
    """Else one client could spend another's proofs."""
    assert (await ask(site, ProofKey().proof(jti="mine"))).status_code == 200
    assert (await ask(site, ProofKey().proof(jti="mine"))).status_code == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"htm": "GET"},
        {"htm": "post"},
        {"htu": f"{ORIGIN}/oauth/introspect"},
        {"htu": "http://evil.example/oauth/token"},
        {"htu": "https://localhost:5555/oauth/token"},
        {"htu": "http://localhost/oauth/token"},
        {"htu": "http://user@localhost:5555/oauth/token"},
        {"htu": f"{ORIGIN}/oauth/../oauth/token"},
        {"htu": f"{ORIGIN}/oauth%2Ftoken"},
        {"htu": f"{ORIGIN}/oauth/token/"},
        {"htu": f"{ORIGIN}//oauth/token"},
        {"htu": "/oauth/token"},
        {"htu": "http://[::1"},
        {"htu": "http://localhost:port/oauth/token"},
        {"htu": ""},
    ],
)
async def test_a_proof_for_another_request_is_refused(site: Site, changes: dict[str, str]) -> None:
    await refused(site, ProofKey().proof(**changes))


async def test_htu_is_held_to_the_configured_address_not_to_the_host_header(site: Site) -> None:
    await site.change_settings(require_https="never")
    proof = ProofKey().proof(htu="http://evil.example/oauth/token")
    fields = {"grant_type": "client_credentials"}
    answer = await site.post("/oauth/token", fields, headers={"dpop": proof, "host": "evil.example"})
    assert answer.json()["error"] == "invalid_dpop_proof"


async def test_a_proof_of_the_token_request_opens_no_service(site: Site) -> None:
    key = ProofKey()
    token = await bound(site, key)
    assert error_of(await call(site, token, key.proof(access_token=token))) == "invalid_dpop_proof"


@pytest.mark.parametrize("ath", [None, "", "x", "ü"])
async def test_a_proof_that_names_no_token_is_refused_at_a_service(site: Site, ath: str | None) -> None:
    key = ProofKey()
    token = await bound(site, key)
    assert error_of(await call(site, token, key.proof(WHO, method="GET", ath=ath))) == "invalid_dpop_proof"


async def test_a_proof_for_another_token_of_the_same_key_is_refused(site: Site) -> None:
    """§4.3: ath."""
    key = ProofKey()
    first, second = await bound(site, key), await bound(site, key)
    proof = key.proof(WHO, method="GET", access_token=first)
    assert error_of(await call(site, second, proof)) == "invalid_dpop_proof"


async def test_a_proof_for_one_service_opens_no_other(site: Site) -> None:
    key = ProofKey()
    token = await bound(site, key)
    proof = key.proof("/invoke/orders/get", method="GET", access_token=token)
    assert error_of(await call(site, token, proof, "/shop/orders/7")) == "invalid_dpop_proof"
    assert (await call(site, token, proof, "/invoke/orders/get?number=7")).status_code == 200


@pytest.mark.parametrize("iat", [NOW - 3600, NOW + 3600, 0, -1, 10**400, 1.5, "now", None, True])
async def test_a_proof_made_long_before_or_after_is_refused(site: Site, iat: Any) -> None:
    await refused(site, ProofKey().proof(iat=iat))


# Nonces


async def test_an_outdated_or_invented_nonce_is_refused_at_a_service(site: Site) -> None:
    await site.change_settings(dpop_nonce="required")
    key = ProofKey()
    nonce = (await ask(site, key.proof())).headers["dpop-nonce"]
    token = (await ask(site, key.proof(nonce=nonce))).json()["access_token"]
    strange = DpopNonces(b"another master key, of 32 bytes.", lambda: NOW).current()
    for wrong in (None, "", "x", "ü", strange):
        answer = await call(site, token, key.proof(WHO, method="GET", access_token=token, nonce=wrong))
        assert error_of(answer) == "use_dpop_nonce"
        assert answer.headers["dpop-nonce"] == nonce
    proof = key.proof(WHO, method="GET", access_token=token, nonce=nonce)
    answer = await call(site, token, proof)
    assert (answer.status_code, answer.headers["dpop-nonce"]) == (200, nonce)


async def test_reusing_a_nonce_does_not_let_a_proof_be_used_twice(site: Site) -> None:
    await site.change_settings(dpop_nonce="required")
    key = ProofKey()
    nonce = (await ask(site, key.proof())).headers["dpop-nonce"]
    proof = key.proof(nonce=nonce)
    assert (await ask(site, proof)).status_code == 200
    await refused(site, proof)


# Proofs of one's own making


async def test_a_proof_whose_jwk_is_private_is_refused(site: Site) -> None:
    """§4.3: the key is known to everyone on the way then."""
    key = ProofKey()
    private = ECAlgorithm.to_jwk(key.private, as_dict=True)
    assert "d" in private
    await refused(site, key.proof(header={"jwk": private}))


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "oth", "k"])
async def test_any_private_member_in_jwk_is_refused(site: Site, member: str) -> None:
    key = ProofKey()
    await refused(site, key.proof(header={"jwk": key.jwk | {member: "AA"}}))


async def test_alg_none_is_refused(site: Site) -> None:
    key = ProofKey()
    _, payload, _ = key.proof().split(".")
    for name in ("none", "None", "NONE", ""):
        header = base64url(json.dumps({"typ": "dpop+jwt", "alg": name, "jwk": key.jwk}).encode())
        await refused(site, f"{header}.{payload}.")


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_symmetric_algorithm_is_refused(site: Site, algorithm: str) -> None:
    """Key confusion: the public key's own bytes as the secret."""
    secret = b"a secret of thirty-two bytes and a good deal more than that, for all of them"
    claims = jwt.decode(ProofKey().proof(), options={"verify_signature": False})
    for jwk in ({"kty": "oct", "k": base64url(secret)}, {"kty": "oct"}, ProofKey().jwk):
        await refused(site, jwt.encode(claims, secret, algorithm, headers={"typ": "dpop+jwt", "jwk": jwk}))


async def test_a_proof_signed_by_another_key_than_it_shows_is_refused(site: Site) -> None:
    await refused(site, ProofKey().proof(header={"jwk": ProofKey().jwk}))


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "RS256"])
async def test_a_key_of_another_kind_than_alg_is_refused(site: Site, algorithm: str) -> None:
    key = ProofKey(algorithm)
    _, payload, signature = key.proof().split(".")
    for other in {"ES256", "ES384", "EdDSA", "RS256", "ES256K", "Ed448"} - {algorithm}:
        header = base64url(json.dumps({"typ": "dpop+jwt", "alg": other, "jwk": key.jwk}).encode())
        await refused(site, f"{header}.{payload}.{signature}")


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": None},
        {"kty": "EC", "crv": ["P-256"], "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "!", "y": "ü"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 100000, "y": "AA"},
        [],
        "key",
        None,
    ],
)
async def test_a_jwk_that_is_no_key_is_refused(site: Site, jwk: Any) -> None:
    await refused(site, ProofKey().proof(header={"jwk": jwk}))


async def test_a_point_that_is_not_on_the_curve_is_refused(site: Site) -> None:
    """An invalid-curve attack."""
    key = ProofKey()
    await refused(site, key.proof(header={"jwk": key.jwk | {"y": key.jwk["x"]}}))


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "at+jwt"},
        {"typ": ""},
        {"typ": None},
        {"crit": ["exp"]},
        {"crit": []},
        {"crit": None},
        {"b64": False, "crit": ["b64"]},
    ],
)
async def test_a_header_of_another_kind_of_jwt_is_refused(site: Site, header: dict[str, Any]) -> None:
    await refused(site, ProofKey().proof(header=header))


@pytest.mark.parametrize("claim", ["jti", "htm", "htu"])
@pytest.mark.parametrize("value", [None, "", 5, ["x"]])
async def test_a_proof_without_a_claim_that_it_needs_is_refused(site: Site, claim: str, value: Any) -> None:
    await refused(site, ProofKey().proof(**{claim: value}))


async def test_a_jti_of_any_length_is_not_kept(site: Site) -> None:
    await refused(site, ProofKey().proof(jti="x" * 257))


@pytest.mark.parametrize(
    "proof",
    [
        "",
        "x",
        "a.b",
        "a.b.c",
        "....",
        "e30.e30.",
        "e30.e30.AA",
        "[]",
        "ü.ü.ü",
        "A" * 9000,
        "\x00",
        base64.b64encode(b"{}").decode(),
    ],
)
async def test_what_is_no_jwt_is_refused(site: Site, proof: str) -> None:
    body = b"grant_type=client_credentials&client_id=ledger&client_secret=" + seed.SECRETS[seed.LEDGER].encode()
    headers = [(b"dpop", proof.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
    answer = await site.raw("POST", b"/oauth/token", headers=headers, body=body)
    assert (answer.status, json.loads(answer.body)["error"]) == (400, "invalid_dpop_proof")


async def test_two_proofs_are_refused(site: Site) -> None:
    """§4.3: "not more than one DPoP HTTP request header field"."""
    key = ProofKey()
    body = b"grant_type=client_credentials&client_id=ledger&client_secret=" + seed.SECRETS[seed.LEDGER].encode()
    headers = [(b"dpop", key.proof().encode()), (b"dpop", key.proof().encode())]
    headers.append((b"content-type", b"application/x-www-form-urlencoded"))
    answer = await site.raw("POST", b"/oauth/token", headers=headers, body=body)
    assert json.loads(answer.body)["error"] == "invalid_dpop_proof"


async def test_an_unauthenticated_request_spends_no_proof(site: Site) -> None:
    """Nobody without credentials makes us write."""
    proof = ProofKey().proof()
    fields = {"grant_type": "client_credentials", "client_id": seed.LEDGER, "client_secret": "wrong"}
    answer = await site.http.post("/oauth/token", data=fields, headers={"dpop": proof})
    assert answer.status_code == 401
    assert (await ask(site, proof)).status_code == 200
