import re
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest

from gatewright.store import clients
from tests.console.conftest import summary
from tests.running import seed
from tests.running.site import returned

PATH = "/get-token"
CALLBACK = "http://localhost:5555/console/get-token/callback"
ASKED = {"client_id": seed.LEDGER, "client_secret": seed.SECRETS[seed.LEDGER], "scope": "orders"}


@pytest.fixture
async def ready(console):
    """The ledger with the console's callback among its redirect URIs."""
    kept = await console.site.parts.database.read(clients.find, seed.LEDGER)
    await console.site.change_client(redirect_uris=(*kept.redirect_uris, CALLBACK))
    return console


def access_token(page):
    return re.search(r'<code id="access-token">(.*?)</code>', page)[1]


def facts(page):
    details = page[page.index('id="token-details"') :]
    return {
        name: re.sub(r"<[^>]+>", "", value).strip()
        for name, value in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", details)
    }


async def begin(console, grant, **changes):
    answer = await console.submit(PATH, **{**ASKED, "grant_type": grant, **changes})
    assert answer.status_code == 303, summary(answer.text)
    return answer.headers["location"]


async def approved(console, location):
    """Through the consent page and back; the location the browser is sent to."""
    page = await console.http.get(location)
    site_http, console.site.http = console.site.http, console.http
    try:
        return (await console.site.submit_consent(page)).headers["location"]
    finally:
        console.site.http = site_http


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
async def test_client_credentials_give_a_token_that_works(console, method):
    answer = await console.submit(
        PATH, **ASKED, grant_type="client_credentials", client_authentication=method, token_name="Mine"
    )
    assert await console.site.is_active(access_token(answer.text))
    found = facts(answer.text)
    assert (found["Token Name"], found["Token Type"], found["scope"]) == ("Mine", "Bearer", "orders")
    assert found["expires_in"] == "3600 (1 hour)"
    assert "refresh_token" not in found


async def test_password_grant_gives_a_token_for_the_user(console):
    typed = {"username": "ada", "password": seed.PASSWORD, "grant_type": "password"}
    answer = await console.submit(PATH, **ASKED, **typed)
    assert (await console.site.introspect(access_token(answer.text)))["username"] == "ada"
    assert "refresh_token" in facts(answer.text)


async def test_authorization_code_goes_through_consent_with_pkce(ready):
    location = await begin(ready, "authorization_code")
    query = parse_qs(urlsplit(location).query)
    assert (query["response_type"], query["code_challenge_method"]) == (["code"], ["S256"])
    back = await approved(ready, location)
    answer = await ready.http.get(back)
    assert (await ready.site.introspect(access_token(answer.text)))["username"] == "admin"


async def test_client_that_must_push_its_requests_gets_a_token_too(ready):
    await ready.site.change_client(require_pushed_authorization_requests=True)
    location = await begin(ready, "authorization_code")
    assert parse_qs(urlsplit(location).query).keys() == {"client_id", "request_uri"}
    answer = await ready.http.get(await approved(ready, location))
    assert await ready.site.is_active(access_token(answer.text))


async def test_push_with_a_wrong_secret_says_so_before_the_browser_leaves(ready):
    await ready.site.change_client(require_pushed_authorization_requests=True)
    answer = await ready.submit(PATH, **{**ASKED, "grant_type": "authorization_code", "client_secret": "wrong"})
    assert answer.status_code == 422
    assert "invalid_client: " in summary(answer.text)


async def test_implicit_token_is_read_from_the_fragment(ready):
    back = await approved(ready, await begin(ready, "implicit", client_secret=""))
    page = (await ready.http.get(back.partition("#")[0])).text
    assert "data-fragment" in page
    csrf = page.split('name="csrf" value="')[-1].split('"')[0]
    fields = {name: values[0] for name, values in parse_qs(urlsplit(back).fragment).items()}
    answer = await ready.http.post(back.partition("#")[0], data={**fields, "csrf": csrf})
    assert await ready.site.is_active(access_token(answer.text))


async def test_denied_request_says_so_and_keeps_what_was_typed(ready):
    location = await begin(ready, "authorization_code", token_name="Typed")
    page = await ready.http.get(location)
    csrf = page.text.split('name="csrf" value="')[1].split('"')[0]
    answer = await ready.http.post(location, data={"csrf": csrf, "decision": "deny"})
    assert returned(answer)["error"] == "access_denied"
    shown = await ready.http.get(answer.headers["location"])
    assert "access_denied" in summary(shown.text)
    assert 'value="Typed"' in shown.text


async def test_answer_with_another_state_is_refused(ready):
    await begin(ready, "authorization_code")
    answer = await ready.http.get(f"{CALLBACK}?code=x&state=another")
    assert "state is not the one that was sent" in summary(answer.text)


async def test_answer_that_nobody_waits_for_is_refused(console):
    assert (await console.http.get(f"{CALLBACK}?code=x&state=y")).status_code == 400


async def test_answer_is_taken_once(ready):
    back = await approved(ready, await begin(ready, "authorization_code"))
    await ready.http.get(back)
    assert (await ready.http.get(back)).status_code == 400


async def test_client_without_the_callback_is_told_before_the_browser_leaves(console):
    answer = await console.submit(PATH, **ASKED, grant_type="authorization_code")
    assert answer.status_code == 422
    assert "does not list the Callback URL http://localhost:5555/console/get-token/callback" in summary(answer.text)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"scope": "nothing"}, "invalid_scope"),
        ({"grant_type": "password", "username": "ada", "password": "wrong"}, "invalid_grant"),
        ({"grant_type": "teleport"}, "unsupported_grant_type"),
        ({"client_id": "nobody"}, "invalid_client"),
    ],
)
async def test_refused_request_says_why_and_shows_no_secret(console, changes, sentence):
    answer = await console.submit(PATH, **{**ASKED, "grant_type": "client_credentials", **changes})
    assert answer.status_code == 422
    assert sentence in summary(answer.text)
    assert seed.SECRETS[seed.LEDGER] not in answer.text


async def test_guessing_secrets_here_is_slowed_down_too(console):
    await console.site.change_settings(throttle_failures=3)
    for _ in range(6):
        answer = await console.submit(PATH, **{**ASKED, "client_secret": "wrong", "grant_type": "client_credentials"})
    assert answer.status_code == 422
    assert "invalid_client" not in summary(answer.text)


async def test_token_is_used_on_a_service_and_on_a_route(console):
    page = (await console.submit(PATH, **ASKED, grant_type="client_credentials")).text
    answer = await console.send(page, request="POST /invoke/orders/get", body='{"number": "7"}')
    assert "is-good" in answer.text
    assert "&#34;number&#34;: &#34;7&#34;" in answer.text
    again = await console.send(answer.text, request="GET /shop/orders/{number}", body='{"number": "a/b"}')
    assert "&#34;number&#34;: &#34;a/b&#34;" in again.text


async def test_used_token_meets_the_guard(console):
    page = (await console.submit(PATH, **ASKED, grant_type="client_credentials")).text
    answer = await console.send(page, request="POST /invoke/customers/find", body="{}")
    assert 'class="badge is-bad">403' in answer.text
    assert "insufficient_scope" in answer.text


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        ("GET /shop/orders/{number}", "{}"),
        ("POST /invoke/orders/get", "["),
        ("GET /shop/orders/{number}", "[1]"),
        ("nonsense", "{}"),
    ],
)
async def test_input_that_does_not_fit_is_told(console, request_, body):
    page = (await console.submit(PATH, **ASKED, grant_type="client_credentials")).text
    answer = await console.send(page, request=request_, body=body)
    assert answer.status_code == 200
    assert re.search(r'class="badge is-bad">40\d', answer.text)


async def test_page_tells_what_the_chosen_client_may_ask_for(console):
    page = await console.text(f"{PATH}?client_id={seed.SPA}")
    assert f'<option value="{seed.SPA}" selected>' in page
    assert "Authorization Code, Implicit" in page
    assert "Not among its redirect URIs." in page
    assert "None. <a" in await console.text(f"{PATH}?client_id={seed.LONELY}")


async def test_service_to_call_is_chosen_beforehand(console):
    page = await console.submit(f"{PATH}?service=orders:place", **ASKED, grant_type="client_credentials")
    assert re.search(r'<option value="POST /shop/orders"[^>]* selected', page.text)


async def test_a_refresh_token_gives_the_next_token(console):
    answer = await console.submit(PATH, **ASKED, grant_type="password", username="ada", password=seed.PASSWORD)
    first = facts(answer.text)["refresh_token"]
    answer = await console.submit(PATH, **ASKED, grant_type="refresh_token", refresh_token=first)
    assert await console.site.is_active(access_token(answer.text))
    assert facts(answer.text)["refresh_token"] != first
    assert not re.search(rf"\b{first}\b", answer.text)


async def test_a_device_code_waits_until_it_is_approved(console):
    page = await console.submit(PATH, **ASKED, grant_type="device_code")
    code = re.search(r"<dt>Code</dt><dd><code>(.*?)</code>", page.text)[1]
    assert seed.SECRETS[seed.LEDGER] not in page.text
    waiting = await console.send(page.text)
    assert "authorization_pending" in waiting.text
    await console.site.sign_in("ada")
    found = await console.site.http.get(f"/oauth/device?user_code={code}")
    assert (await console.site.submit_consent(found)).status_code == 200
    console.site.clock.forward(6)
    got = await console.send(waiting.text)
    assert await console.site.is_active(access_token(got.text))


async def test_without_a_device_code_there_is_nothing_to_ask_for(console):
    page = await console.submit(PATH, **ASKED, grant_type="device_code")
    console.http.cookies.delete("gatewright_get_device_token")
    assert (await console.send(page.text)).status_code == 400


async def test_a_token_is_exchanged_for_one_that_acts_for_its_user(console):
    await console.site.change_client(allowed_grants=("token_exchange", "client_credentials"))
    await console.site.change_client(seed.RIVAL, may_act="")
    subject = await console.site.access_token(seed.RIVAL, scope="orders")
    answer = await console.submit(PATH, **ASKED, grant_type="token_exchange", subject_token=subject)
    assert await console.site.is_active(access_token(answer.text))


async def test_an_assertion_of_nobody_known_is_refused_with_the_reason(console):
    await console.site.change_client(allowed_grants=("jwt_bearer",))
    answer = await console.submit(PATH, **ASKED, grant_type="jwt_bearer", assertion="a.b.c")
    assert answer.status_code == 422
    assert "invalid_grant" in summary(answer.text)
