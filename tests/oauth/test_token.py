"""The token endpoint as a whole (RFC 6749 §3.2, §5)."""

import pytest

from tests.running import seed
from tests.running.site import Site


async def test_an_unknown_grant_type_is_unsupported_and_the_known_ones_are_named(site: Site) -> None:
    answer = await site.token(grant_type="urn:example:grant-type:unheard-of")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert "client_credentials" in answer.json()["error_description"]


async def test_implicit_is_no_grant_type_of_the_token_endpoint(site: Site) -> None:
    answer = await site.token(grant_type="implicit")
    assert answer.json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [
        ({}, "grant_type"),
        ({"grant_type": ""}, "grant_type"),
        ({"grant_type": "authorization_code"}, "code"),
        ({"grant_type": "refresh_token"}, "refresh_token"),
    ],
)
async def test_a_missing_parameter_is_named(site: Site, parameters: dict[str, str], missing: str) -> None:
    answer = await site.token(**parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
    assert f" {missing} " in answer.json()["error_description"]


async def test_unknown_parameters_are_ignored(site: Site) -> None:
    """RFC 6749 §3.2."""
    answer = await site.token(grant_type="client_credentials", flavour="x", colour="y")
    assert answer.status_code == 200


async def test_the_lifetime_is_the_clients_own_before_the_global_one(site: Site) -> None:
    await site.change_settings(access_token_lifetime=120)
    assert (await site.token(grant_type="client_credentials")).json()["expires_in"] == 120
    await site.change_client(access_token_lifetime=30)
    assert (await site.token(grant_type="client_credentials")).json()["expires_in"] == 30
    await site.change_client(access_token_lifetime="never")
    assert "expires_in" not in (await site.token(grant_type="client_credentials")).json()


async def test_error_responses_are_not_cached(site: Site) -> None:
    answer = await site.token(grant_type="x")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"


async def test_the_client_is_authenticated_before_anything_else_is_said(site: Site) -> None:
    answer = await site.post("/oauth/token", {"grant_type": "nonsense", "client_id": seed.LEDGER}, None)
    assert answer.json()["error"] == "invalid_client"
