"""Pushed authorization requests (RFC 9126)."""

from typing import Any

import httpx
import pytest

from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import ORIGIN
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import returned

LIFETIME = 60


async def push(site: Site, client: str | None = seed.LEDGER, /, **parameters: str) -> httpx.Response:
    """Push an authorization request; the ledger's for a code unless told."""
    given = {"response_type": "code", "redirect_uri": seed.CALLBACK, **parameters}
    return await site.post("/oauth/par", {name: text for name, text in given.items() if text}, client)


async def pushed(site: Site, client: str = seed.LEDGER, /, **parameters: str) -> str:
    """The request_uri of a pushed request."""
    answer = await push(site, client, **parameters)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["request_uri"])


def address(request_uri: str, client: str = seed.LEDGER, /, **parameters: str) -> str:
    """Where the client sends the browser then."""
    given = {"client_id": client, "response_type": "", "redirect_uri": "", **parameters}
    return authorize_address(request_uri=request_uri, **given)


def refused(answer: Any, error: str = "invalid_request_uri") -> bool:
    """Whether a page refuses, without sending the browser anywhere."""
    return answer.status_code == 400 and error in answer.text and "location" not in answer.headers


async def test_a_request_is_pushed_and_answered(site: Site) -> None:
    answer = await push(site, state="s", scope="customers")
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found.keys() == {"request_uri", "expires_in"}
    assert found["request_uri"].startswith("urn:ietf:params:oauth:request_uri:")
    assert found["expires_in"] == LIFETIME
    await site.sign_in()
    redirected = returned(await site.submit_consent(await site.http.get(address(found["request_uri"]))))
    assert (redirected["state"], redirected["iss"]) == ("s", ORIGIN)
    assert (await site.redeem(redirected["code"])).json()["scope"] == "customers"


async def test_everything_pushed_counts_and_nothing_in_the_address_does(site: Site) -> None:
    """RFC 9101 §5: the parameters in the address are no part of the request."""
    request_uri = await pushed(
        site, code_challenge=CHALLENGE, code_challenge_method="S256", response_mode="form_post", state="pushed"
    )
    await site.sign_in()
    page = await site.http.get(address(request_uri, state="evil", scope="customers", response_mode="query"))
    answer = await site.submit_consent(page)
    assert 'value="pushed"' in answer.text
    assert "evil" not in answer.text
    code = answer.text.partition('name="code" value="')[2].partition('"')[0]
    assert (await site.redeem(code)).json()["error"] == "invalid_grant"
    assert (await site.redeem(code, code_verifier=VERIFIER)).json()["scope"] == "orders"


async def test_a_public_client_pushes_with_its_client_id_alone(site: Site) -> None:
    request_uri = await pushed(
        site, seed.SPA, redirect_uri=seed.SPA_CALLBACK, code_challenge=CHALLENGE, code_challenge_method="S256"
    )
    await site.sign_in()
    page = await site.http.get(address(request_uri, seed.SPA))
    assert "code" in returned(await site.submit_consent(page))


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"redirect_uri": "https://evil.example/"}, "invalid_request"),
        ({"scope": "unheard-of"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
        ({"response_mode": "jwt"}, "invalid_request"),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, "invalid_request"),
        ({"client_id": seed.RIVAL}, "invalid_request"),
    ],
)
async def test_what_the_authorization_endpoint_would_refuse_is_refused_at_once(
    site: Site, parameters: dict[str, str], error: str
) -> None:
    """§2.3."""
    answer = await push(site, **parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert len(answer.json()["error_description"].split()) > 3


async def test_the_client_authenticates_as_at_the_token_endpoint(site: Site) -> None:
    """§2.1."""
    assert (await push(site, None)).status_code == 401
    assert (await push(site, None, client_id=seed.LEDGER)).status_code == 401
    assert (await push(site, None, client_id=seed.LEDGER, client_secret="wrong")).status_code == 401
    assert (await push(site, seed.RETIRED)).status_code == 401
    answer = await push(site, None, client_id=seed.LEDGER, client_secret=seed.SECRETS[seed.LEDGER])
    assert answer.status_code == 201


async def test_no_secret_of_the_client_is_kept(site: Site) -> None:
    await push(site, None, client_id=seed.LEDGER, client_secret=seed.SECRETS[seed.LEDGER])
    kept = await site.parts.database.read(
        lambda transaction: transaction.rows("SELECT parameters FROM pushed_requests")
    )
    assert len(kept) == 1
    assert "secret" not in kept[0][0]


async def test_a_request_nobody_brings_in_time_expires(site: Site) -> None:
    request_uri = await pushed(site)
    await site.sign_in()
    site.clock.forward(LIFETIME)
    assert refused(await site.http.get(address(request_uri)))


async def test_the_lifetime_is_a_setting(site: Site) -> None:
    await site.change_settings(pushed_request_lifetime=300)
    answer = await push(site)
    assert answer.json()["expires_in"] == 300
    await site.sign_in()
    site.clock.forward(299)
    assert (await site.http.get(address(answer.json()["request_uri"]))).status_code == 200


async def test_once_the_browser_is_here_its_user_has_time_to_sign_in(site: Site) -> None:
    request_uri = await pushed(site)
    assert "/account/login" in (await site.http.get(address(request_uri))).headers["location"]
    site.clock.forward(10 * LIFETIME)
    await site.sign_in()
    page = await site.http.get(address(request_uri))
    assert "code" in returned(await site.submit_consent(page))


async def test_the_page_may_be_loaded_again(site: Site) -> None:
    request_uri = await pushed(site)
    await site.sign_in()
    for _ in range(3):
        page = await site.http.get(address(request_uri))
    assert "code" in returned(await site.submit_consent(page))


async def test_a_client_that_must_push_cannot_ask_otherwise(site: Site) -> None:
    """§5, §6."""
    await site.change_client(require_pushed_authorization_requests=True)
    await site.sign_in()
    answer = returned(await site.ask(state="s"))
    assert (answer["error"], answer["state"]) == ("invalid_request", "s")
    assert "/oauth/par" in answer["error_description"]
    assert (await site.http.get(address(await pushed(site)))).status_code == 200
    assert (await site.ask(client_id=seed.RIVAL, redirect_uri=seed.RIVAL_CALLBACK)).status_code == 200


async def test_the_server_may_require_it_of_all(site: Site) -> None:
    await site.change_settings(require_pushed_authorization_requests=True)
    await site.sign_in()
    answer = await site.ask(client_id=seed.RIVAL, redirect_uri=seed.RIVAL_CALLBACK)
    assert returned(answer)["error"] == "invalid_request"
    assert (await site.http.get(address(await pushed(site)))).status_code == 200


@pytest.mark.parametrize("required", [False, True])
async def test_the_metadata_says_where_and_whether(site: Site, required: bool) -> None:
    await site.change_settings(require_pushed_authorization_requests=required)
    found = (await site.http.get("/.well-known/oauth-authorization-server")).json()
    assert found["pushed_authorization_request_endpoint"] == f"{ORIGIN}/oauth/par"
    assert found["require_pushed_authorization_requests"] is required


async def test_a_refused_request_goes_back_to_the_client_when_it_became_wrong_meanwhile(site: Site) -> None:
    request_uri = await pushed(site, state="s", scope="orders")
    await site.associate(seed.LEDGER, "customers")
    await site.sign_in()
    answer = returned(await site.http.get(address(request_uri)))
    assert (answer["error"], answer["state"]) == ("invalid_scope", "s")


async def test_only_post_is_answered(site: Site) -> None:
    answer = await site.http.get("/oauth/par")
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
