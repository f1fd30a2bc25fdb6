"""Response modes (OAuth 2.0 Multiple Response Type Encoding Practices, OAuth 2.0 Form Post Response Mode)."""

import pytest

from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import form_action
from tests.running.site import returned
from tests.running.site import value


def kind(answer) -> str:
    """How the answer came."""
    if answer.status_code == 200:
        return "form_post"
    return "fragment" if "#" in answer.headers["location"] else "query"


@pytest.mark.parametrize(
    ("response_type", "asked", "expected"),
    [
        ("code", "", "query"),
        ("code", "query", "query"),
        ("code", "fragment", "fragment"),
        ("code", "form_post", "form_post"),
        ("token", "", "fragment"),
        ("token", "fragment", "fragment"),
        ("token", "form_post", "form_post"),
    ],
)
async def test_every_answer_comes_in_the_mode_asked_for(
    site: Site, response_type: str, asked: str, expected: str
) -> None:
    await site.sign_in()
    parameters = {"response_type": response_type, "response_mode": asked}
    assert kind(await site.decide(**parameters)) == expected
    assert kind(await site.decide("deny", **parameters)) == expected
    assert kind(await site.ask(scope="unheard-of", **parameters)) == expected


async def test_a_token_is_never_put_into_a_query(site: Site) -> None:
    """Multiple Response Types §3."""
    await site.sign_in()
    answer = await site.ask(response_type="token", response_mode="query")
    assert kind(answer) == "fragment"
    assert returned(answer)["error"] == "invalid_request"


@pytest.mark.parametrize("mode", ["jwt", "FORM_POST", "query fragment"])
async def test_an_unknown_mode_is_refused_in_the_response_types_own(site: Site, mode: str) -> None:
    await site.sign_in()
    answer = await site.ask(response_mode=mode, state="s")
    assert kind(answer) == "query"
    assert (returned(answer)["error"], returned(answer)["state"]) == ("invalid_request", "s")


async def test_a_form_carries_code_state_and_issuer_to_the_redirect_uri(site: Site) -> None:
    await site.sign_in()
    answer = await site.decide(response_mode="form_post", state="af0 ifj=&")
    assert form_action(answer.text) == seed.CALLBACK
    assert (value(answer.text, "state"), value(answer.text, "iss")) == ("af0 ifj=&", ORIGIN)
    assert (await site.redeem(value(answer.text, "code"))).status_code == 200


async def test_a_form_carries_a_refusal_too(site: Site) -> None:
    await site.sign_in()
    answer = await site.ask(response_mode="form_post", state="s", scope="unheard-of")
    assert (value(answer.text, "error"), value(answer.text, "state")) == ("invalid_scope", "s")
    assert value(answer.text, "error_description")


async def test_a_form_for_an_application_without_http_is_refused_to_it(site: Site) -> None:
    await site.sign_in()
    answer = await site.ask(client_id=seed.SPA, redirect_uri="com.example.shop:/callback", response_mode="form_post")
    assert answer.headers["location"].startswith("com.example.shop:/callback?error=invalid_request")


async def test_the_modes_advertised_are_those_that_work(site: Site) -> None:
    await site.sign_in()
    found = (await site.http.get("/.well-known/oauth-authorization-server")).json()["response_modes_supported"]
    works = {
        mode
        for mode in (*found, "jwt", "web_message")
        if kind(await site.ask(response_mode=mode, scope="unheard-of")) == mode
    }
    assert works == set(found)
