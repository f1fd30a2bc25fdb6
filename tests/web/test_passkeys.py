"""Passkeys over HTTP: adding them, signing in with them alone or after the password, and how somebody cheats."""

import json
import re
from html import unescape

import httpx
import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gatewright.identity.webauthn_json import read_credential
from gatewright.store import changes
from gatewright.store import passkeys
from gatewright.web.sessions import PENDING_COOKIE
from gatewright.web.sessions import SESSION_COOKIE
from tests.running import seed
from tests.running.authenticator import Authenticator
from tests.running.site import Site
from tests.running.site import value
from tests.web.test_second_factor import SECOND
from tests.web.test_second_factor import codes_of
from tests.web.test_second_factor import password
from tests.web.test_second_factor import second

NEW = "/account/factors/passkeys/new"
LOGIN = "/account/login"


def options_of(page: httpx.Response) -> str:
    """What the page's button asks the browser for."""
    found = re.search(r'data-options="([^"]*)"', page.text)
    assert found, page.text
    return unescape(found[1])


async def begin(site: Site, name: str = "Laptop", given: str = seed.PASSWORD) -> httpx.Response:
    page = await site.http.get(NEW)
    return await site.http.post(NEW, data={"csrf": value(page.text, "csrf"), "name": name, "password": given})


async def send(site: Site, page: httpx.Response, credential: str) -> httpx.Response:
    fields = {"csrf": value(page.text, "csrf"), "name": value(page.text, "name"), "credential": credential}
    return await site.http.post(NEW, data=fields)


async def add(site: Site, name: str = "Laptop") -> tuple[Authenticator, httpx.Response]:
    """A passkey for whoever is signed in, and the page that follows."""
    device = Authenticator()
    page = await begin(site, name)
    return device, await send(site, page, device.create(options_of(page)))


async def sign_in(http: httpx.AsyncClient, device: Authenticator, **client_data: object) -> httpx.Response:
    """With a passkey alone, from the login page."""
    page = await http.get(LOGIN, params={"next": "/account/sessions"})
    return await http.post("/account/passkey", data=answer(page, device.get(options_of(page), **client_data)))


def answer(page: httpx.Response, credential: str) -> dict[str, str]:
    fields = {name: value(page.text, name) for name in ("csrf", "next")}
    return {**fields, "credential": credential}


@pytest.fixture
async def device(site: Site) -> Authenticator:
    """Ada's device with a passkey; nobody is signed in."""
    await site.sign_in()
    made, _ = await add(site)
    site.http = site.client()
    return made


async def test_the_first_passkey_brings_recovery_codes_and_the_second_does_not(site: Site) -> None:
    await site.sign_in()
    assert len(codes_of((await add(site, "Laptop"))[1])) == 10
    assert (await add(site, "Blue key"))[1].status_code == 303
    page = (await site.http.get("/account/factors")).text
    assert "Laptop" in page
    assert "Blue key" in page
    kept = await site.parts.database.read(passkeys.of_user, "id-of-ada")
    assert {each.transports for each in kept} == {("internal",)}


async def test_adding_asks_for_a_discoverable_passkey_of_this_server_and_no_attestation(site: Site) -> None:
    await site.sign_in()
    await add(site)
    asked = json.loads(options_of(await begin(site)))
    assert asked["rp"]["id"] == "localhost"
    assert asked["authenticatorSelection"]["residentKey"] == "required"
    assert asked["attestation"] == "none"
    assert len(asked["excludeCredentials"]) == 1


async def test_a_passkey_signs_in_without_a_name(site: Site, device: Authenticator) -> None:
    done = await sign_in(site.http, device)
    assert (done.status_code, done.headers["location"]) == (303, "/account/sessions")
    page = (await site.http.get("/account/sessions")).text
    assert "with passkey" in page
    assert "ada" in page


async def test_with_a_passkey_the_password_alone_opens_nothing(site: Site, device: Authenticator) -> None:
    asked = await password(site.http)
    assert asked.headers["location"].startswith(SECOND)
    assert (await site.http.get("/account/sessions")).status_code == 303
    page = await site.http.get(SECOND, params={"next": "/account/sessions"})
    options = options_of(page)
    assert len(json.loads(options)["allowCredentials"]) == 1
    done = await site.http.post(SECOND, data=answer(page, device.get(options, verified=False)))
    assert done.headers["location"] == "/account/sessions"
    assert "with password and passkey" in (await site.http.get("/account/sessions")).text


async def test_without_the_device_a_recovery_code_does(site: Site) -> None:
    await site.sign_in()
    codes = codes_of((await add(site))[1])
    http = site.client()
    await password(http)
    assert (await second(http, codes[0])).status_code == 303


async def test_the_password_grant_is_refused_to_a_user_with_a_passkey(site: Site, device: Authenticator) -> None:
    refused = await site.token(grant_type="password", username="ada", password=seed.PASSWORD)
    assert refused.json()["error"] == "invalid_grant"


async def test_a_passkey_alone_must_verify_the_person(site: Site, device: Authenticator) -> None:
    page = await site.http.get(LOGIN)
    refused = await site.http.post("/account/passkey", data=answer(page, device.get(options_of(page), verified=False)))
    assert refused.status_code == 401
    assert SESSION_COOKIE not in site.http.cookies


async def test_an_answer_works_once(site: Site, device: Authenticator) -> None:
    """Replay of a challenge."""
    page = await site.http.get(LOGIN)
    fields = answer(page, device.get(options_of(page)))
    cookies = dict(site.http.cookies)
    assert (await site.http.post("/account/passkey", data=fields)).status_code == 303
    thief = site.client()
    for name, text in cookies.items():
        thief.cookies.set(name, text, domain="localhost.local")
    assert (await thief.post("/account/passkey", data=fields)).status_code == 401
    device.count += 5
    fields["credential"] = device.get(options_of(page))
    assert (await thief.post("/account/passkey", data=fields)).status_code == 401
    assert SESSION_COOKIE not in thief.cookies


async def test_an_answer_is_for_the_browser_that_was_asked(site: Site, device: Authenticator) -> None:
    """A challenge carried to another browser: the victim signs for the attacker."""
    theirs = await site.client().get(LOGIN)
    page = await site.http.get(LOGIN)
    refused = await site.http.post("/account/passkey", data=answer(page, device.get(options_of(theirs))))
    assert refused.status_code == 401
    assert SESSION_COOKIE not in site.http.cookies


async def test_an_answer_counts_for_ten_minutes(site: Site, device: Authenticator) -> None:
    page = await site.http.get(LOGIN)
    credential = device.get(options_of(page))
    site.clock.forward(600)
    assert (await site.http.post("/account/passkey", data=answer(page, credential))).status_code == 401


async def test_a_challenge_for_another_purpose_is_refused(site: Site, device: Authenticator) -> None:
    await password(site.http)
    page = await site.http.get(SECOND)
    refused = await site.http.post("/account/passkey", data=answer(page, device.get(options_of(page))))
    assert refused.status_code == 401
    login = await site.http.get(LOGIN)
    assert (await site.http.post(SECOND, data=answer(page, device.get(options_of(login))))).status_code == 401
    assert SESSION_COOKIE not in site.http.cookies


@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://localhost:5555"},
        {"origin": "http://localhost:5556"},
        {"origin": "http://localhost:5555.evil.example"},
        {"origin": "https://evil.example"},
        {"type": "webauthn.create"},
        {"challenge": "AAAA"},
        {"challenge": ""},
    ],
)
async def test_what_the_browser_says_must_be_true(site: Site, device: Authenticator, lie: dict[str, str]) -> None:
    """Phishing: another origin, another ceremony, another challenge."""
    assert (await sign_in(site.http, device, **lie)).status_code == 401
    assert SESSION_COOKIE not in site.http.cookies


async def test_a_passkey_of_another_relying_party_is_refused(site: Site, device: Authenticator) -> None:
    device.rp_id = "evil.example"
    assert (await sign_in(site.http, device)).status_code == 401


async def test_a_signature_of_another_key_is_refused(site: Site, device: Authenticator) -> None:
    other = Authenticator()
    other.id, other.user_handle = device.id, device.user_handle
    assert (await sign_in(site.http, other)).status_code == 401


async def test_a_passkey_that_claims_another_user_is_refused(site: Site, device: Authenticator) -> None:
    device.user_handle = b"id-of-bob"
    assert (await sign_in(site.http, device)).status_code == 401


async def test_somebody_elses_passkey_is_no_second_factor(site: Site, device: Authenticator) -> None:
    await site.sign_in("bob")
    bobs, _ = await add(site)
    http = site.client()
    await password(http)
    page = await http.get(SECOND)
    assert (await http.post(SECOND, data=answer(page, bobs.get(options_of(page))))).status_code == 401
    assert SESSION_COOKIE not in http.cookies


async def test_a_counter_that_goes_back_is_refused_and_noted(site: Site, device: Authenticator) -> None:
    """A copied authenticator."""
    device.count = 9
    assert (await sign_in(site.client(), device)).status_code == 303
    device.count = 4
    refused = await sign_in(site.http, device)
    assert refused.status_code == 401
    assert "counter went back" in refused.text
    rows = await site.parts.database.read(changes.audit_page)
    assert rows[0].action == "passkey.counter_went_back"
    device.count = 10
    assert (await sign_in(site.http, device)).status_code == 303


async def test_a_disabled_users_passkey_is_refused(site: Site, device: Authenticator) -> None:
    await site.change_user(enabled=False)
    assert (await sign_in(site.http, device)).status_code == 401


@pytest.mark.parametrize("csrf", ["", "guessed"])
async def test_a_passkey_form_from_elsewhere_is_refused(site: Site, device: Authenticator, csrf: str) -> None:
    """Login CSRF."""
    page = await site.http.get(LOGIN)
    fields = answer(page, device.get(options_of(page))) | {"csrf": csrf}
    assert (await site.http.post("/account/passkey", data=fields)).status_code == 403
    assert SESSION_COOKIE not in site.http.cookies


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/"])
async def test_a_passkey_never_leads_off_this_server(site: Site, device: Authenticator, target: str) -> None:
    """Open redirect."""
    page = await site.http.get(LOGIN)
    fields = answer(page, device.get(options_of(page))) | {"next": target}
    assert (await site.http.post("/account/passkey", data=fields)).headers["location"] == "/account"


async def test_adding_asks_for_the_password_and_a_name(site: Site) -> None:
    await site.sign_in()
    for name, given_password in (("Laptop", "wrong"), ("", seed.PASSWORD), ("x" * 61, seed.PASSWORD)):
        page = await begin(site, name, given_password)
        assert page.status_code == 422
        assert "data-options" not in page.text


async def test_without_the_password_before_nothing_is_added(site: Site) -> None:
    """A challenge for registering is given after the password alone."""
    await site.sign_in()
    login = await site.http.get(LOGIN)
    made_up = json.loads(options_of(login)) | {"user": {"id": "aWQtb2YtYWRh"}}
    page = await site.http.get(NEW)
    refused = await send_raw(site, page, Authenticator().create(json.dumps(made_up)))
    assert refused.status_code == 422
    assert await site.parts.database.read(passkeys.of_user, "id-of-ada") == []


async def send_raw(site: Site, page: httpx.Response, credential: str) -> httpx.Response:
    return await site.http.post(
        NEW, data={"csrf": value(page.text, "csrf"), "name": "Laptop", "credential": credential}
    )


async def test_a_registration_works_once_and_in_its_session(site: Site) -> None:
    await site.sign_in()
    page = await begin(site)
    assert (await send(site, page, Authenticator().create(options_of(page)))).status_code == 200
    assert (await send(site, page, Authenticator().create(options_of(page)))).status_code == 422
    await site.sign_in("bob")
    bobs = await begin(site)
    stolen = await begin(site)
    await site.sign_in()
    mine = await begin(site)
    assert (await send(site, mine, Authenticator().create(options_of(stolen)))).status_code == 422
    assert bobs.status_code == 200


@pytest.mark.parametrize("lie", [{"origin": "https://evil.example"}, {"type": "webauthn.get"}])
async def test_a_registration_must_be_of_this_origin(site: Site, lie: dict[str, str]) -> None:
    await site.sign_in()
    page = await begin(site)
    refused = await send(site, page, Authenticator().create(options_of(page), **lie))
    assert refused.status_code == 422
    assert await site.parts.database.read(passkeys.of_user, "id-of-ada") == []


async def test_a_device_registers_once(site: Site, device: Authenticator) -> None:
    await site.sign_in("bob")
    page = await begin(site)
    refused = await send(site, page, device.create(options_of(page)))
    assert "registered already" in refused.text
    assert (await site.parts.database.read(passkeys.find, device.id)).user_id == "id-of-ada"  # type: ignore[union-attr]


async def named(site: Site) -> str:
    """The id of the first passkey in the list."""
    found = re.search(r"passkeys/remove\?id=([\w-]+)", (await site.http.get("/account/factors")).text)
    assert found
    return found[1]


async def test_a_passkey_is_renamed(site: Site, device: Authenticator) -> None:
    await site.sign_in()
    path = f"/account/factors/passkeys/rename?id={await named(site)}"
    page = await site.http.get(path)
    assert (await site.http.post(path, data={"csrf": value(page.text, "csrf"), "name": " "})).status_code == 422
    await site.http.post(path, data={"csrf": value(page.text, "csrf"), "name": "<b>Phone</b>"})
    assert "&lt;b&gt;Phone&lt;/b&gt;" in (await site.http.get("/account/factors")).text


async def test_a_removed_passkey_signs_nobody_in(site: Site, device: Authenticator) -> None:
    await site.sign_in()
    path = f"/account/factors/passkeys/remove?id={await named(site)}"
    page = await site.http.get(path)
    assert "Your password alone will be enough" in page.text
    assert (await site.http.post(path, data={"csrf": value(page.text, "csrf")})).status_code == 303
    assert (await sign_in(site.client(), device)).status_code == 401
    assert (await password(site.client())).headers["location"] == "/account/sessions"


async def test_removing_takes_proof_which_the_passkey_itself_can_give(site: Site, device: Authenticator) -> None:
    """Somebody who finds a browser open."""
    await site.sign_in()
    path = f"/account/factors/passkeys/remove?id={await named(site)}"
    site.clock.forward(601)
    page = await site.http.get(path)
    asked = await site.http.post(path, data={"csrf": value(page.text, "csrf")})
    assert "Is it you" in asked.text
    fields = {"csrf": value(page.text, "csrf"), "proof_password": ""}
    for wrong in ("", "{}", device.get(options_of(await site.client().get(LOGIN)))):
        assert (await site.http.post(path, data={**fields, "proof_passkey": wrong})).status_code == 403
    done = await site.http.post(path, data={**fields, "proof_passkey": device.get(options_of(asked))})
    assert done.status_code == 303
    assert await site.parts.database.read(passkeys.of_user, "id-of-ada") == []


async def test_nobody_touches_somebody_elses_passkey(site: Site, device: Authenticator) -> None:
    await site.sign_in()
    passkey_id = await named(site)
    await site.sign_in("bob")
    form = {"csrf": value((await site.http.get("/account/sessions")).text, "csrf"), "name": "mine"}
    for verb in ("rename", "remove"):
        path = f"/account/factors/passkeys/{verb}?id={passkey_id}"
        assert (await site.http.get(path)).status_code == 404
        assert (await site.http.post(path, data=form)).status_code == 404
    assert len(await site.parts.database.read(passkeys.of_user, "id-of-ada")) == 1


JUNK = [
    "",
    "{}",
    "[]",
    "null",
    "x",
    '{"id": 1}',
    "[" * 9000,
    '{"id":"AA","rawId":"AA","type":"public-key","response":{}}',
]


@pytest.mark.parametrize("credential", JUNK)
async def test_what_is_no_credential_gets_the_page_again(site: Site, device: Authenticator, credential: str) -> None:
    page = await site.http.get(LOGIN)
    assert (await site.http.post("/account/passkey", data=answer(page, credential))).status_code == 401
    await site.sign_in()
    if credential:
        assert (await send_raw(site, await site.http.get(NEW), credential)).status_code == 422


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature", "userHandle"])
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(junk=st.one_of(st.binary(max_size=200), st.none(), st.integers()))
async def test_junk_in_any_part_of_an_answer_is_refused(
    site: Site, device: Authenticator, field: str, junk: object
) -> None:
    page = await site.http.get(LOGIN)
    credential = json.loads(device.get(options_of(page)))
    credential["response"][field] = junk.hex() if isinstance(junk, bytes) else junk
    refused = await site.http.post("/account/passkey", data=answer(page, json.dumps(credential)))
    assert refused.status_code == 401 or (field == "userHandle" and junk is None and refused.status_code == 303)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    found = read_credential(text)
    assert found is None or found.id


async def test_the_login_page_keeps_no_waiting_sign_in(site: Site, device: Authenticator) -> None:
    await sign_in(site.http, device)
    assert PENDING_COOKIE not in site.http.cookies
