"""The authorization endpoint's answers (RFC 6749 §4.1.2, §4.2.2, RFC 9207)."""

import pytest

from tests.running import seed
from tests.running.site import NOW
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import form_action
from tests.running.site import returned
from tests.running.site import value


async def test_approval_sends_code_state_and_issuer_to_the_redirect_uri(site: Site) -> None:
    await site.sign_in()
    answer = await site.decide(state="af0ifjsldkj &=%23/ü")
    assert answer.headers["location"].startswith(f"{seed.CALLBACK}?code=gw_ac_")
    assert returned(answer).keys() == {"code", "state", "iss"}
    assert returned(answer)["state"] == "af0ifjsldkj &=%23/ü"
    assert returned(answer)["iss"] == ORIGIN


async def test_an_answer_without_state_when_none_was_sent(site: Site) -> None:
    await site.sign_in()
    assert (await site.redirected()).keys() == {"code", "iss"}


async def test_the_query_of_a_registered_redirect_uri_is_kept(site: Site) -> None:
    """RFC 6749 §3.1.2."""
    await site.sign_in()
    answer = await site.decide(redirect_uri=seed.TENANT_CALLBACK)
    assert answer.headers["location"].startswith(f"{seed.TENANT_CALLBACK}&code=")


async def test_denial_is_told_to_the_client(site: Site) -> None:
    await site.sign_in()
    answer = returned(await site.decide("deny", state="s"))
    assert (answer["error"], answer["state"], answer["iss"]) == ("access_denied", "s", ORIGIN)
    assert answer["error_description"]


async def test_the_implicit_grant_answers_in_the_fragment_without_a_refresh_token(site: Site) -> None:
    """RFC 6749 §4.2.2."""
    await site.sign_in()
    answer = await site.decide(response_type="token", state="s")
    location, _, fragment = answer.headers["location"].partition("#")
    assert location == seed.CALLBACK
    assert fragment
    found = returned(answer)
    assert found.keys() == {"access_token", "token_type", "expires_in", "scope", "state", "iss"}
    assert (found["token_type"], found["expires_in"], found["scope"]) == ("Bearer", "3600", "orders")
    assert (await site.introspect(found["access_token"]))["username"] == "ada"


async def test_an_implicit_token_that_never_expires_has_no_expires_in(site: Site) -> None:
    await site.change_client(access_token_lifetime="never")
    await site.sign_in()
    assert "expires_in" not in returned(await site.decide(response_type="token"))


async def test_the_implicit_grant_tells_refusals_in_the_fragment(site: Site) -> None:
    """RFC 6749 §4.2.2.1."""
    await site.sign_in()
    answer = await site.decide("deny", response_type="token")
    assert "#error=access_denied" in answer.headers["location"]
    assert "?" not in answer.headers["location"].partition("#")[0]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"response_type": ""}, "invalid_request"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"scope": "unheard-of"}, "invalid_scope"),
        ({"scope": " "}, "invalid_scope"),
        ({"scope": "orders route-only"}, "invalid_scope"),
    ],
)
async def test_a_refusal_goes_back_to_the_client_with_its_state(
    site: Site, parameters: dict[str, str], error: str
) -> None:
    """RFC 6749 §4.1.2.1."""
    answer = await site.ask(**parameters, state="kept")
    assert answer.headers["location"].startswith(f"{seed.CALLBACK}?")
    found = returned(answer)
    assert (found["error"], found["state"], found["iss"]) == (error, "kept", ORIGIN)
    assert len(found["error_description"].split()) > 3


@pytest.mark.parametrize("grant", ["authorization_code", "implicit"])
async def test_a_grant_the_client_lacks_is_unauthorized(site: Site, grant: str) -> None:
    await site.change_client(allowed_grants=("client_credentials",))
    response_type = "code" if grant == "authorization_code" else "token"
    answer = await site.ask(response_type=response_type)
    assert returned(answer)["error"] == "unauthorized_client"
    assert grant in returned(answer)["error_description"]


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [
        ({"client_id": ""}, "client_id is missing"),
        ({"client_id": "nobody"}, "No client has this client_id"),
        ({"client_id": seed.RETIRED}, "disabled"),
        ({"redirect_uri": "https://evil.example/"}, "redirect"),
        ({"redirect_uri": ""}, "redirect"),
    ],
)
async def test_an_untrusted_client_or_redirect_uri_gets_a_page_and_no_redirect(
    site: Site, parameters: dict[str, str], sentence: str
) -> None:
    """RFC 6749 §4.1.2.1: "MUST NOT automatically redirect the user-agent to the invalid redirection URI"."""
    answer = await site.ask(**parameters)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert sentence in answer.text
    assert "evil.example" not in answer.headers.get("refresh", "")


async def test_someone_not_signed_in_is_sent_to_sign_in_and_back(site: Site) -> None:
    answer = await site.ask(state="s")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/account/login?next=%2Foauth%2Fauthorize%3F")


async def test_prompt_consent_asks_even_when_consent_is_remembered(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    assert (await site.ask()).status_code == 303
    assert (await site.ask(prompt="consent")).status_code == 200


async def test_consent_is_asked_each_time_unless_remembered(site: Site) -> None:
    await site.sign_in()
    await site.decide()
    assert (await site.ask()).status_code == 200


async def test_remembered_consent_answers_at_once_for_the_same_scopes_or_fewer(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(scope="orders customers"), remember="true")
    assert "code" in returned(await site.ask(scope="orders"))
    assert "code" in returned(await site.ask(scope="customers orders"))


async def test_a_scope_beyond_the_remembered_ones_is_asked(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(scope="orders"), remember="true")
    assert (await site.ask(scope="orders customers")).status_code == 200


async def test_remembering_more_keeps_what_was_remembered(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(scope="orders"), remember="true")
    await site.submit_consent(await site.ask(scope="customers"), remember="true")
    assert "code" in returned(await site.ask(scope="orders customers"))


async def test_narrowing_a_remembered_consent_forgets_what_was_left_out(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(scope="orders customers"), remember="true")
    page = await site.ask(scope="orders customers", prompt="consent")
    await site.submit_consent(page, scope=["orders"], remember="true")
    assert (await site.ask(scope="customers")).status_code == 200


async def test_one_users_remembered_consent_is_not_anothers(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    await site.sign_in("bob")
    assert (await site.ask()).status_code == 200


async def test_remembered_consent_is_not_enough_for_a_public_client_on_the_users_machine(site: Site) -> None:
    """RFC 8252 §8.6: any program there could pose as it."""
    await site.change_client(seed.SPA, require_pkce=False)
    await site.sign_in()
    native = {"client_id": seed.SPA, "redirect_uri": "http://127.0.0.1:4711/callback"}
    await site.submit_consent(await site.ask(**native), remember="true")
    assert (await site.ask(**native)).status_code == 200
    web = {"client_id": seed.SPA, "redirect_uri": seed.SPA_CALLBACK}
    assert "code" in returned(await site.ask(**web))


@pytest.mark.parametrize("scope", [[], ["unheard-of"], ["customers"]])
async def test_approving_nothing_that_was_asked_asks_again_and_gives_nothing(site: Site, scope: list[str]) -> None:
    await site.sign_in()
    answer = await site.submit_consent(await site.ask(scope="orders"), scope=scope)
    assert answer.status_code == 422
    assert "Nothing is ticked" in answer.text
    assert "location" not in answer.headers
    assert "checked" not in answer.text.partition('name="scope"')[2].partition(">")[0]
    fields = {"csrf": value(answer.text, "csrf"), "decision": "approve", "scope": "orders"}
    assert "code" in returned(await site.http.post(form_action(answer.text), data=fields))


async def test_prompt_none_gives_a_code_where_nobody_must_be_asked(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    assert "code" in returned(await site.ask(prompt="none"))


async def test_prompt_none_tells_the_client_that_somebody_would_have_to_be_asked(site: Site) -> None:
    """OpenID Connect Core §3.1.2.6 registers the codes."""
    nobody = returned(await site.ask(prompt="none", state="s"))
    assert (nobody["error"], nobody["state"], nobody["iss"]) == ("login_required", "s", "http://localhost:5555")
    await site.sign_in("newcomer")
    assert returned(await site.ask(prompt="none"))["error"] == "login_required"
    await site.sign_in()
    assert returned(await site.ask(prompt="none"))["error"] == "consent_required"
    await site.submit_consent(await site.ask(), remember="true")
    assert returned(await site.ask(prompt="none", scope="orders customers"))["error"] == "consent_required"


@pytest.mark.parametrize("prompt", ["none login", "consent none", "none none"])
async def test_prompt_none_stands_alone(site: Site, prompt: str) -> None:
    await site.sign_in()
    assert returned(await site.ask(prompt=prompt))["error"] == "invalid_request"


async def test_prompt_login_asks_who_is_there_and_leads_back(site: Site) -> None:
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    site.clock.forward(61)
    asked = await site.ask(prompt="login")
    assert asked.headers["location"].startswith("/account/proof?next=%2Foauth%2Fauthorize")
    address = asked.headers["location"]
    page = await site.http.get(address)
    assert (page.status_code, "Is it you, ada?" in page.text) == (200, True)
    fields = {"csrf": value(page.text, "csrf"), "proof_password": seed.PASSWORD}
    refused = await site.http.post(address, data={**fields, "proof_password": "wrong"})
    assert refused.status_code == 403
    proven = await site.http.post(address, data=fields)
    assert "code" in returned(await site.http.get(proven.headers["location"]))


async def test_prompt_login_holds_for_the_decision_too(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(prompt="login")
    site.clock.forward(661)
    assert (await site.submit_consent(page)).headers["location"].startswith("/account/proof")


async def test_prompt_login_leads_a_stranger_to_the_login_page_and_asks_once(site: Site) -> None:
    assert (await site.ask(prompt="login")).headers["location"].startswith("/account/login")
    await site.sign_in()
    assert "decision" in (await site.ask(prompt="login")).text


async def test_ticking_a_scope_that_was_not_asked_gives_nothing_more(site: Site) -> None:
    await site.sign_in()
    answer = await site.submit_consent(await site.ask(scope="orders"), scope=["orders", "customers"])
    tokens = (await site.redeem(returned(answer)["code"])).json()
    assert tokens["scope"] == "orders"


async def test_a_scope_taken_away_while_the_consent_page_was_open_is_refused(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders customers")
    await site.associate(seed.LEDGER, "orders")
    assert returned(await site.submit_consent(page))["error"] == "invalid_scope"


async def test_a_user_with_a_one_time_password_chooses_another_before_approving(site: Site) -> None:
    await site.sign_in("newcomer")
    asked = await site.ask()
    assert asked.headers["location"].startswith("/account/password?next=%2Foauth%2Fauthorize")
    await site.sign_in("ada")
    page = await site.ask()
    await site.change_user("ada", must_change_password=True)
    assert (await site.submit_consent(page)).headers["location"].startswith("/account/password?")


async def test_a_request_by_post_is_answered_as_the_get_it_stands_for(site: Site) -> None:
    """RFC 6749 §3.1: "MAY support the use of the "POST" method as well"."""
    await site.sign_in()
    fields = {"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK, "state": "ü &"}
    sent_on = await site.http.post("/oauth/authorize", data=fields)
    assert sent_on.status_code == 303
    page = await site.http.get(sent_on.headers["location"])
    assert returned(await site.submit_consent(page))["state"] == "ü &"


async def test_a_post_too_long_to_send_on_is_refused(site: Site) -> None:
    answer = await site.http.post("/oauth/authorize", data={"state": "x" * 9000})
    assert answer.status_code == 400
    assert "longer than" in answer.text


async def test_the_default_scopes_are_asked_when_none_is_named(site: Site) -> None:
    assert (await site.tokens())["scope"] == "orders"


async def test_authentication_time_is_the_sessions(site: Site) -> None:
    await site.sign_in()
    site.clock.forward(100)
    code = await site.code()
    tokens = (await site.redeem(code)).json()
    assert (await site.introspect(tokens["access_token"]))["iat"] == NOW + 100
