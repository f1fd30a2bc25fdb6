"""Metadata both ways (RFC 8414): what is advertised works, and what works is advertised. The rest: `test_metadata`."""

import os
from typing import Any
from urllib.parse import urlsplit

import jwt
import pytest

from gatewright.oauth.client_assertion import ASSERTION_TYPE
from gatewright.web.asgi import PAGES
from gatewright.web.oauth_endpoints import ENDPOINTS
from gatewright.web.registration_endpoint import PATH as REGISTRATION
from tests.oauth.jws import header_of
from tests.oauth.test_metadata import described
from tests.oauth.test_signed_introspection import signed
from tests.running import seed
from tests.running.proofs import ProofKey
from tests.running.signing import TestKey
from tests.running.signing import forged
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.web.test_registration import open_to_all
from tests.web.test_registration import registered

# Which test tries what each member says, both ways.
HELD_IN_TEST_METADATA = {
    "issuer", "scopes_supported", "response_types_supported", "grant_types_supported",
    "code_challenge_methods_supported", "authorization_response_iss_parameter_supported",
    "token_endpoint_auth_methods_supported", "introspection_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_methods_supported",
}  # fmt: skip
HELD_IN_TEST_CLIENT_ID_DOCUMENT = {"client_id_metadata_document_supported"}
HELD_HERE = {
    "authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint", "registration_endpoint",
    "pushed_authorization_request_endpoint", "device_authorization_endpoint", "jwks_uri",
    "response_modes_supported", "require_pushed_authorization_requests", "dpop_signing_alg_values_supported",
    "token_endpoint_auth_signing_alg_values_supported", "introspection_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_signing_alg_values_supported", "introspection_signing_alg_values_supported",
}  # fmt: skip
TOLD_ELSEWHERE = {"/oauth/device"}
"""In the device authorization response, as `verification_uri` (RFC 8628 §3.2)."""
ALGORITHMS = [
    "ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512", "HS256", "HS384", "HS512",
    "none",
]  # fmt: skip


async def test_every_member_is_held_by_a_test(site: Site) -> None:
    await open_to_all(site, client_id_metadata_hosts=("*",))
    assert (await described(site)).keys() == HELD_IN_TEST_METADATA | HELD_HERE | HELD_IN_TEST_CLIENT_ID_DOCUMENT


async def test_every_address_of_the_authorization_server_is_advertised(site: Site) -> None:
    await open_to_all(site)
    found = await described(site)
    advertised = {urlsplit(found[name]).path for name in found if name.endswith(("_endpoint", "jwks_uri"))}
    served = {path for path in (*ENDPOINTS, *PAGES, REGISTRATION) if path.startswith("/oauth/")}
    assert served - TOLD_ELSEWHERE == advertised
    for path in advertised:
        assert (await site.http.get(path)).status_code != 404, path


@pytest.mark.parametrize("policy", ["closed", "token", "open"])
async def test_registration_is_advertised_when_somebody_may_register(site: Site, policy: str) -> None:
    await site.change_settings(dynamic_registration=policy)
    endpoint = (await described(site)).get("registration_endpoint", ORIGIN + REGISTRATION)
    answer = await site.http.post(endpoint, json={"redirect_uris": ["https://app.example/"]})
    assert answer.status_code == {"closed": 403, "token": 401, "open": 201}[policy]
    assert ("registration_endpoint" in await described(site)) is (policy != "closed")


async def test_the_keys_advertised_verify_what_is_signed(site: Site) -> None:
    token = await site.access_token()
    kid = header_of((await signed(site, token)).text)["kid"]
    keys = (await site.http.get((await described(site))["jwks_uri"])).json()["keys"]
    assert kid in [key["kid"] for key in keys]


async def test_the_response_modes_advertised_are_those_that_work(site: Site) -> None:
    await site.sign_in()
    tried = ["query", "fragment", "form_post", "web_message", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt"]
    works = {mode for mode in tried if (await site.ask(response_mode=mode)).status_code == 200}
    assert set((await described(site))["response_modes_supported"]) == works


@pytest.mark.parametrize("required", [False, True])
async def test_pushing_is_required_as_advertised(site: Site, required: bool) -> None:
    await site.change_settings(require_pushed_authorization_requests=required)
    await site.sign_in()
    is_asked = (await site.ask()).status_code == 200
    assert (await described(site))["require_pushed_authorization_requests"] is required
    assert is_asked is not required


@pytest.mark.parametrize("algorithm", ["ES256", "EdDSA", "PS256", "RS256"])
async def test_introspection_is_signed_as_advertised(site: Site, algorithm: str) -> None:
    await site.change_settings(signing_algorithm=algorithm)
    answer = await signed(site, await site.access_token())
    assert (await described(site))["introspection_signing_alg_values_supported"] == [header_of(answer.text)["alg"]]


def assertion(algorithm: str, key: TestKey | None) -> dict[str, str]:
    """The parameters of a client assertion of the rival's."""
    claims = {"iss": seed.RIVAL, "sub": seed.RIVAL, "aud": ORIGIN, "exp": NOW + 60, "jti": os.urandom(8).hex()}
    if key is not None:
        text = key.sign(claims)
    elif algorithm == "none":
        text = forged({"alg": "none"}, claims)
    else:
        text = jwt.encode(claims, seed.SECRETS[seed.RIVAL], algorithm)
    return {"client_assertion": text, "client_assertion_type": ASSERTION_TYPE}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of HS512, which is not advertised
@pytest.mark.parametrize("endpoint", ["token", "introspection", "revocation"])
async def test_the_algorithms_advertised_for_assertions_are_those_that_work(site: Site, endpoint: str) -> None:
    keys = {name: TestKey(name) for name in ALGORITHMS if not name.startswith(("HS", "none"))}
    jwks = {"keys": [key.jwk() for key in keys.values()]}
    await site.change_client(seed.RIVAL, client_authentication=("private_key_jwt", "client_secret_jwt"), jwks=jwks)
    await site.seal_secret(seed.RIVAL)
    found = await described(site)
    works = set()
    for name in ALGORITHMS:
        data = {"grant_type": "client_credentials", "token": "x", **assertion(name, keys.get(name))}
        if (await site.http.post(found[f"{endpoint}_endpoint"], data=data)).status_code == 200:
            works.add(name)
    assert set(found[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]) == works


async def test_the_algorithms_advertised_for_proofs_are_those_that_work(site: Site) -> None:
    """RFC 9449 §5.1; RFC 9728 §2 for services."""
    works = set()
    for name in ("ES256", "ES384", "EdDSA", "PS256", "PS384", "RS256", "RS384"):
        headers = {"dpop": ProofKey(name).proof()}
        answer = await site.post("/oauth/token", {"grant_type": "client_credentials"}, headers=headers)
        if answer.status_code == 200:
            works.add(name)
    assert set((await described(site))["dpop_signing_alg_values_supported"]) == works
    resource = (await site.http.get("/.well-known/oauth-protected-resource")).json()
    assert set(resource["dpop_signing_alg_values_supported"]) == works


async def test_a_client_may_register_for_each_authentication_method_advertised(site: Site) -> None:
    await open_to_all(site)
    keys: dict[str, Any] = {"jwks": TestKey("ES256").jwks()}
    for method in (await described(site))["token_endpoint_auth_methods_supported"]:
        asked = {"redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": method}
        told = await registered(site, asked | (keys if method == "private_key_jwt" else {}))
        assert told["token_endpoint_auth_method"] == method
