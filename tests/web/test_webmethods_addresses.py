"""The authorization server at the addresses webMethods clients already have, in both spellings."""

import pytest

from tests.running import seed
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import basic
from tests.running.site import returned
from tests.running.site import value


@pytest.fixture(params=["/", ":"])
def separator(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_the_authorization_code_grant(site: Site, separator: str) -> None:
    await site.sign_in()
    page = await site.http.get(authorize_address(f"/invoke/pub.oauth{separator}authorize", state="s"))
    answer = await site.submit_consent(page)
    assert returned(answer)["state"] == "s"
    parameters = {
        "grant_type": "authorization_code",
        "code": returned(answer)["code"],
        "redirect_uri": seed.CALLBACK,
        "token_label": "for the night run",
    }
    tokens = (await site.post(f"/invoke/pub.oauth{separator}getToken", parameters)).json()
    assert tokens["token_label"] == "for the night run"
    assert tokens["token_type"] == "Bearer"
    assert (await site.call("/invoke/orders/whoami", tokens["access_token"])).status_code == 200


async def test_get_token_without_a_label_answers_none(site: Site, separator: str) -> None:
    answer = await site.post(f"/invoke/pub.oauth{separator}getToken", {"grant_type": "client_credentials"})
    assert "token_label" not in answer.json()


async def test_the_old_get_access_token(site: Site, separator: str) -> None:
    parameters = {
        "grant_type": "password",
        "username": "ada",
        "password": seed.PASSWORD,
        "client_id": seed.LEDGER,
        "client_secret": seed.SECRETS[seed.LEDGER],
    }
    answer = await site.post(f"/invoke/pub.oauth{separator}getAccessToken", parameters, None)
    assert answer.status_code == 200


async def test_the_old_refresh_access_token_needs_no_grant_type(site: Site, separator: str) -> None:
    first = await site.tokens()
    address = f"/invoke/pub.oauth{separator}refreshAccessToken"
    second = await site.post(address, {"refresh_token": first["refresh_token"]})
    assert second.status_code == 200
    third = await site.post(
        address, {"grant_type": "refresh_token", "refresh_token": second.json()["refresh_token"], "scope": "orders"}
    )
    assert third.json()["scope"] == "orders"


async def test_refresh_access_token_does_no_other_grant(site: Site, separator: str) -> None:
    address = f"/invoke/pub.oauth{separator}refreshAccessToken"
    answer = await site.post(address, {"grant_type": "client_credentials"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_introspection_calls_the_user_owner_id(site: Site, separator: str) -> None:
    address = f"/invoke/pub.oauth{separator}introspectToken"
    users, clients = (await site.tokens())["access_token"], await site.access_token()
    assert (await site.post(address, {"token": users}, seed.GATEWAY)).json()["owner_id"] == "ada"
    assert (await site.post(address, {"token": clients}, seed.GATEWAY)).json()["owner_id"] == seed.LEDGER
    assert (await site.post(address, {"token": "x"}, seed.GATEWAY)).json() == {"active": False}


async def test_revocation(site: Site, separator: str) -> None:
    token = await site.access_token()
    answer = await site.post(f"/invoke/pub.oauth{separator}revokeToken", {"token": token})
    assert (answer.status_code, answer.json()) == (200, {})
    assert not await site.is_active(token)


async def test_a_get_with_everything_in_the_url(site: Site, separator: str) -> None:
    """They are plain services there, whose inputs may come in the query."""
    address = f"/invoke/pub.oauth{separator}getToken?grant_type=client_credentials&scope=orders"
    assert (await site.http.get(address, headers=basic(seed.LEDGER))).status_code == 200


async def test_a_get_is_refused_when_the_setting_is_never(site: Site, separator: str) -> None:
    await site.change_settings(token_parameters_in_url="never")
    address = f"/invoke/pub.oauth{separator}getToken?grant_type=client_credentials"
    answer = await site.http.get(address, headers=basic(seed.LEDGER))
    assert answer.status_code == 405
    assert answer.json()["error_description"]


async def approval(site: Site, separator: str, **changes: str) -> dict[str, str]:
    """The form that clients post there, with the CSRF token of the page they were shown."""
    page = await site.ask()
    fields = {
        "client_id": seed.LEDGER,
        "redirect_uri": seed.CALLBACK,
        "scope": "orders",
        "state": "s",
        "response_type": "code",
        "approved": "true",
        "csrf": value(page.text, "csrf"),
        **changes,
    }
    answer = await site.http.post(f"/invoke/wm.server.oauth{separator}approve", data=fields)
    if answer.status_code != 303:
        return {"status": str(answer.status_code)}
    return returned(answer)


async def test_approved_true_gives_a_code(site: Site, separator: str) -> None:
    await site.sign_in()
    found = await approval(site, separator)
    assert found["state"] == "s"
    assert (await site.redeem(found["code"])).json()["scope"] == "orders"


async def test_the_approval_gives_what_it_names_and_no_more(site: Site, separator: str) -> None:
    await site.sign_in()
    narrow = await approval(site, separator, scope="customers")
    assert (await site.redeem(narrow["code"])).json()["scope"] == "customers"
    assert (await approval(site, separator, scope="orders route-only"))["error"] == "invalid_scope"


async def test_the_approval_asks_who_is_there_as_prompt_says(site: Site, separator: str) -> None:
    await site.sign_in()
    assert "code" in await approval(site, separator, prompt="login")
    site.clock.forward(661)
    assert (await approval(site, separator, prompt="login"))["status"] == "400"


@pytest.mark.parametrize("approved", ["false", "", "TRUE", "1", "yes"])
async def test_anything_but_approved_true_is_a_denial(site: Site, separator: str, approved: str) -> None:
    await site.sign_in()
    assert (await approval(site, separator, approved=approved))["error"] == "access_denied"


@pytest.mark.parametrize("csrf", ["", "guessed"])
async def test_an_approval_without_the_sessions_csrf_token_is_refused(site: Site, separator: str, csrf: str) -> None:
    await site.sign_in()
    assert await approval(site, separator, csrf=csrf) == {"status": "403"}


async def test_an_approval_without_a_session_is_refused(site: Site, separator: str) -> None:
    fields = {"client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK, "response_type": "code", "approved": "true"}
    answer = await site.http.post(f"/invoke/wm.server.oauth{separator}approve", data=fields)
    assert answer.status_code == 400
    assert "Sign in" in answer.text


async def test_an_approval_to_another_redirect_uri_gets_a_page(site: Site, separator: str) -> None:
    await site.sign_in()
    assert await approval(site, separator, redirect_uri="https://evil.example/") == {"status": "400"}


async def test_an_approval_by_get_is_refused(site: Site, separator: str) -> None:
    await site.sign_in()
    answer = await site.http.get(f"/invoke/wm.server.oauth{separator}approve?approved=true")
    assert answer.status_code == 405
    assert "location" not in answer.headers


async def test_a_signed_in_browser_is_no_client_authentication(site: Site, separator: str) -> None:
    """webMethods has "Accept existing session"; we never do."""
    await site.sign_in()
    answer = await site.post(f"/invoke/pub.oauth{separator}getToken", {"grant_type": "client_credentials"}, None)
    assert answer.status_code == 401
