"""Authorization server metadata (RFC 8414): everything advertised works, and everything that works is advertised."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest

from gatewright.oauth.client_assertion import ASSERTION_TYPE
from gatewright.oauth.metadata import well_known_path
from gatewright.services.catalogue import Catalogue
from tests.running import seed
from tests.running.signing import TestKey
from tests.running.site import CHALLENGE
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import basic
from tests.running.site import open_site
from tests.running.site import returned

WELL_KNOWN = "/.well-known/oauth-authorization-server"


def assertion(sign: Callable[[dict[str, Any]], str]) -> dict[str, Any]:
    """The fields of a client assertion of the rival's, which is made anew for each request."""

    def made() -> str:
        claims = {"iss": seed.RIVAL, "sub": seed.RIVAL, "aud": ORIGIN, "exp": NOW + 60, "jti": os.urandom(8).hex()}
        return sign(claims)

    return {"client_assertion": made, "client_assertion_type": ASSERTION_TYPE}


def by_rivals_secret(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, seed.SECRETS[seed.RIVAL], "HS256")


async def described(site: Site) -> dict:
    answer = await site.http.get(WELL_KNOWN)
    assert answer.status_code == 200
    return answer.json()


async def test_the_issuer_is_configured_and_not_the_host_header(site: Site) -> None:
    answer = await site.http.get(WELL_KNOWN, headers={"host": "evil.example"})
    assert answer.json()["issuer"] == ORIGIN
    assert "evil.example" not in answer.text


async def test_every_endpoint_advertised_answers(site: Site) -> None:
    found = await described(site)
    endpoints = {name: address for name, address in found.items() if name.endswith("_endpoint")}
    assert endpoints.keys() == {
        f"{name}_endpoint"
        for name in (
            "authorization",
            "token",
            "introspection",
            "revocation",
            "pushed_authorization_request",
            "device_authorization",
        )
    }
    for address in endpoints.values():
        assert address.startswith(ORIGIN)
        answer = await site.http.post(address.removeprefix(ORIGIN), data={"x": "y"})
        assert answer.status_code in (303, 400, 401), address


async def test_every_grant_type_advertised_is_known_and_every_known_one_is_advertised(site: Site) -> None:
    advertised = set((await described(site))["grant_types_supported"])
    tried = advertised | {
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "device_code",
    }
    answers = {grant: (await site.token(grant_type=grant)).json().get("error") for grant in tried - {"implicit"}}
    assert {grant for grant, error in answers.items() if error != "unsupported_grant_type"} == advertised - {"implicit"}


async def test_every_response_type_advertised_is_served_and_no_other(site: Site) -> None:
    await site.sign_in()
    advertised = set((await described(site))["response_types_supported"])
    for response_type in advertised | {"id_token", "code token", "none"}:
        answer = await site.ask(response_type=response_type)
        served = answer.status_code == 200
        assert served is (response_type in advertised)


async def test_every_client_authentication_advertised_works_and_no_other(site: Site) -> None:
    found = await described(site)
    secret = seed.SECRETS[seed.LEDGER]
    key = TestKey("ES256")
    await site.change_client(
        seed.RIVAL, client_authentication=("private_key_jwt", "client_secret_jwt"), jwks=key.jwks()
    )
    await site.seal_secret(seed.RIVAL)
    by_method = {
        "client_secret_basic": ({}, basic(seed.LEDGER)),
        "client_secret_post": ({"client_id": seed.LEDGER, "client_secret": secret}, {}),
        "none": ({"client_id": seed.SPA}, {}),
        "private_key_jwt": (assertion(key.sign), {}),
        "client_secret_jwt": (assertion(by_rivals_secret), {}),
    }
    for endpoint in ("token", "introspection", "revocation"):
        works = set()
        for method, (fields, headers) in by_method.items():
            address = found[f"{endpoint}_endpoint"].removeprefix(ORIGIN)
            made = {name: value() if callable(value) else value for name, value in fields.items()}
            data = {"grant_type": "client_credentials", "token": "x", **made}
            answer = await site.http.post(address, data=data, headers=headers)
            if answer.status_code != 401:
                works.add(method)
        assert works == set(found[f"{endpoint}_endpoint_auth_methods_supported"]), endpoint


@pytest.mark.parametrize("plain", [False, True])
async def test_the_challenge_methods_advertised_are_those_that_work(site: Site, plain: bool) -> None:
    await site.change_settings(allow_plain_pkce=plain)
    await site.sign_in()
    works = set()
    for method, challenge in (("S256", CHALLENGE), ("plain", VERIFIER)):
        answer = await site.ask(code_challenge=challenge, code_challenge_method=method)
        if answer.status_code == 200:
            works.add(method)
    assert set((await described(site))["code_challenge_methods_supported"]) == works


async def test_the_scopes_advertised_are_the_ones_there_are(site: Site) -> None:
    assert (await described(site))["scopes_supported"] == ["customers", "orders", "route-only"]


async def test_iss_is_advertised_and_sent(site: Site) -> None:
    """RFC 9207 §3."""
    await site.sign_in()
    assert (await described(site))["authorization_response_iss_parameter_supported"] is True
    assert returned(await site.decide("deny"))["iss"] == ORIGIN


@pytest.mark.parametrize(
    ("issuer", "path"),
    [
        ("https://as.example", WELL_KNOWN),
        ("https://as.example/tenant/a", f"{WELL_KNOWN}/tenant/a"),
    ],
)
def test_the_well_known_part_goes_between_host_and_path(issuer: str, path: str) -> None:
    """RFC 8414 §3.1."""
    assert well_known_path(issuer) == path


@pytest.mark.parametrize("path", [f"{WELL_KNOWN}/a", f"/a{WELL_KNOWN}", WELL_KNOWN])
async def test_an_issuer_with_a_path_is_described_where_clients_look(
    seeded: Path, catalogue: Catalogue, tmp_path: Path, path: str
) -> None:
    """RFC 8414 §3.1, §5; and where a proxy that takes the issuer's path away leads to."""
    site = await open_site(seeded, catalogue, tmp_path, public_url="https://as.example/a")
    answer = await site.http.get(path)
    assert answer.json()["issuer"] == "https://as.example/a"
    assert answer.json()["token_endpoint"] == "https://as.example/a/oauth/token"
    await site.parts.stop()


async def test_only_get_and_head_are_answered(site: Site) -> None:
    assert (await site.http.head(WELL_KNOWN)).content == b""
    answer = await site.http.post(WELL_KNOWN)
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    assert answer.json()["error_description"]
