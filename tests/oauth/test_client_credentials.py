"""The client credentials grant (RFC 6749 §4.4)."""

from tests.running import seed
from tests.running.site import Site


async def test_a_confidential_client_gets_a_bearer_token_for_itself(site: Site) -> None:
    answer = await site.token(grant_type="client_credentials", scope="orders")
    assert answer.status_code == 200
    assert answer.json().keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.json() | {"access_token": ""} == {
        "access_token": "",
        "token_type": "Bearer",
        "expires_in": 3600,
        "scope": "orders",
    }


async def test_token_responses_are_not_stored_by_caches(site: Site) -> None:
    answer = await site.token(grant_type="client_credentials")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["pragma"] == "no-cache"


async def test_no_refresh_token_is_given_however_high_the_refresh_count(site: Site) -> None:
    await site.change_client(refresh_limit=5)
    answer = await site.token(grant_type="client_credentials")
    assert "refresh_token" not in answer.json()


async def test_the_call_runs_as_the_client_itself(site: Site) -> None:
    caller = (await site.call("/invoke/orders/whoami", await site.access_token())).json()
    assert caller["kind"] == "client"
    assert caller["subject"] == caller["client_id"] == seed.LEDGER
    assert caller["username"] is None


async def test_a_client_without_the_grant_is_unauthorized_for_it(site: Site) -> None:
    await site.change_client(allowed_grants=("authorization_code",))
    answer = await site.token(grant_type="client_credentials")
    assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert "Allowed Grants" in answer.json()["error_description"]
