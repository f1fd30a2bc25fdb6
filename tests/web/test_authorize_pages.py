"""The consent page, and what protects it."""

import pytest

from gatewright.store import users
from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import form_action
from tests.running.site import returned
from tests.running.site import value
from tests.running.site import values


async def test_the_page_says_who_asks_for_what_and_where_the_answer_goes(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders customers")
    for text in ("Ledger", "(1.0)", "Read and place orders", "Look up customers", "ledger.example", "ada"):
        assert text in page.text
    assert values(page.text, "scope") == ["orders", "customers"]
    assert sorted(values(page.text, "decision")) == ["approve", "deny"]
    assert 'name="remember"' in page.text
    assert "checked" not in page.text.partition('name="remember"')[2].partition(">")[0]


async def test_the_page_tells_what_each_scope_opens(site: Site) -> None:
    await site.sign_in()
    page = (await site.ask(scope="orders customers")).text
    orders, customers = page.split('value="orders"')[1].split('value="customers"')
    for text in ("orders:get", "orders:place", "One order", "Place an order"):
        assert text in orders
    assert "customers:find" not in orders
    assert "customers:find" in customers


async def test_a_scope_that_opens_nothing_says_so_and_one_by_template_names_it(site: Site) -> None:
    await site.associate(seed.LEDGER, "route-only")
    await site.sign_in()
    assert "GET /shop/orders/{number}" in (await site.ask(scope="route-only")).text


@pytest.mark.parametrize(
    ("redirect_uri", "shown", "here"),
    [
        ("http://127.0.0.1:9999/callback", "127.0.0.1:9999", True),
        ("http://[::1]:9/callback", "[::1]:9", True),
        ("com.example.shop:/callback", "com.example.shop:", True),
        (seed.SPA_CALLBACK, "spa.example", False),
        ("http://localhost:5555/console/get-token/callback", "localhost:5555", False),
        ("http://localhost:55551/callback", "localhost:55551", True),
    ],
)
async def test_a_program_on_this_computer_is_warned_of(site: Site, redirect_uri: str, shown: str, here: bool) -> None:
    """RFC 8252 §8.6: any program there could pose as the client."""
    await site.change_client(seed.SPA, redirect_uris=(redirect_uri,))
    await site.sign_in()
    challenge = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    page = await site.ask(client_id=seed.SPA, redirect_uri=redirect_uri, **challenge)
    assert f"<b>{shown}</b>" in page.text
    assert ("a program on this computer" in page.text) is here


async def test_narrowed_consent_is_in_the_token_and_remembered_alone(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders customers")
    answer = await site.submit_consent(page, scope=["customers"], remember="true")
    tokens = (await site.redeem(returned(answer)["code"])).json()
    assert tokens["scope"] == "customers"
    assert (await site.introspect(tokens["access_token"]))["scope"] == "customers"
    assert (await site.call("/invoke/orders/whoami", tokens["access_token"])).status_code == 403
    assert "code" in returned(await site.ask(scope="customers"))
    assert "decision" in (await site.ask(scope="orders customers")).text
    wider = await site.refresh(tokens["refresh_token"], scope="orders customers")
    assert wider.json()["error"] == "invalid_scope"


@pytest.mark.parametrize("widened", ["route-only", "orders", "unheard-of", "customers orders"])
async def test_a_scope_added_in_the_form_is_not_granted(site: Site, widened: str) -> None:
    """Consent tampering."""
    await site.sign_in()
    answer = await site.submit_consent(await site.ask(scope="customers"), scope=["customers", widened], remember="true")
    assert (await site.redeem(returned(answer)["code"])).json()["scope"] == "customers"
    consent = await site.parts.database.read(users.find_consent, "id-of-ada", seed.LEDGER)
    assert consent is not None
    assert consent.scope == ("customers",)


async def test_the_page_works_without_javascript(site: Site) -> None:
    await site.sign_in()
    assert "<script>" not in (await site.ask()).text


PAGES = ["/account/login", "/account/password", "/oauth/authorize", "/account/nothing", authorize_address()]


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_can_be_framed_sniffed_or_stored(site: Site, path: str) -> None:
    """Clickjacking (RFC 9700 §4.16)."""
    await site.sign_in()
    headers = (await site.http.get(path)).headers
    policy = headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "base-uri 'none'" in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]


async def test_the_policy_leaves_form_action_out(site: Site) -> None:
    """Chromium applies it to the redirect that follows the form: the way back to the client."""
    assert "form-action" not in (await site.http.get("/account/login")).headers["content-security-policy"]


async def test_somebody_else_signs_in_and_comes_back_to_the_same_request(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(scope="orders", state="s")
    fields = {"csrf": value(page.text, "csrf"), "next": value(page.text, "next")}
    out = await site.http.post("/account/logout", data=fields)
    login = await site.http.get(out.headers["location"])
    fields = {name: value(login.text, name) for name in ("csrf", "next")}
    back = await site.http.post("/account/login", data={**fields, "username": "bob", "password": seed.PASSWORD})
    asked = await site.http.get(back.headers["location"])
    assert "<b>bob</b>" in asked.text
    assert returned(await site.submit_consent(asked))["state"] == "s"


@pytest.mark.parametrize("csrf", ["", "guessed", "ü"])
async def test_a_consent_from_elsewhere_is_refused(site: Site, csrf: str) -> None:
    await site.sign_in()
    page = await site.ask()
    fields = {"csrf": csrf, "decision": "approve", "scope": "orders"}
    answer = await site.http.post(form_action(page.text), data=fields)
    assert answer.status_code == 403
    assert "location" not in answer.headers


async def test_another_sessions_csrf_token_is_refused(site: Site) -> None:
    await site.sign_in("bob")
    bobs = value((await site.ask()).text, "csrf")
    await site.sign_in("ada")
    page = await site.ask()
    answer = await site.http.post(form_action(page.text), data={"csrf": bobs, "decision": "approve", "scope": "orders"})
    assert answer.status_code == 403


async def test_a_decision_in_the_url_decides_nothing(site: Site) -> None:
    """CSRF by link."""
    await site.sign_in()
    answer = await site.http.get(authorize_address() + "&decision=approve&scope=orders&approved=true")
    assert answer.status_code == 200
    assert "decision" in answer.text


async def test_a_decision_after_the_session_ended_leads_to_signing_in(site: Site) -> None:
    await site.sign_in()
    page = await site.ask()
    site.http.cookies.clear()
    answer = await site.submit_consent(page)
    assert answer.headers["location"].startswith("/account/login?next=%2Foauth%2Fauthorize")


async def test_the_decision_is_for_the_request_in_the_address_whatever_the_form_adds(site: Site) -> None:
    """Parameter pollution of the consent form."""
    await site.sign_in()
    page = await site.ask(scope="orders")
    answer = await site.submit_consent(
        page, client_id=seed.RIVAL, redirect_uri=seed.RIVAL_CALLBACK, response_type="token", state="evil"
    )
    assert answer.headers["location"].startswith(f"{seed.CALLBACK}?code=")
    assert "state" not in returned(answer)


async def test_an_unknown_decision_is_a_denial(site: Site) -> None:
    await site.sign_in()
    assert returned(await site.decide("APPROVE"))["error"] == "access_denied"


async def test_what_the_client_sends_is_escaped_in_the_page(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(state='"><script>alert(1)</script>')
    assert "<script>alert" not in page.text
    answer = await site.submit_consent(page)
    assert returned(answer)["state"] == '"><script>alert(1)</script>'
    assert "<script>" not in (await site.ask(client_id="<script>alert(1)</script>")).text


async def test_a_clients_name_is_escaped_in_the_page(site: Site) -> None:
    await site.change_client(name="<script>alert(1)</script>", description="<img onerror=x>")
    await site.sign_in()
    assert "<script>alert" not in (await site.ask()).text


@pytest.mark.parametrize(
    "query",
    [
        "client_id=ledger&client_id=rival&response_type=code",
        "client_id=ledger&response_type=code&redirect_uri=https://ledger.example/callback&redirect_uri=https://evil.example/",
        "client_id=ledger&response_type=code&state=a&state=b",
        "client_id=ledger&response_type=code&scope=orders&sc%6fpe=customers",
    ],
)
async def test_a_parameter_given_twice_gets_a_page_and_no_redirect(site: Site, query: str) -> None:
    """RFC 6749 §3.1; parameter pollution."""
    await site.sign_in()
    answer = await site.http.get(f"/oauth/authorize?{query}")
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "twice" in answer.text


async def test_raw_utf8_in_the_address_survives_login_and_consent(site: Site) -> None:
    await site.sign_in()
    query = (
        f"response_type=code&client_id={seed.LEDGER}&redirect_uri={seed.CALLBACK}&state=".encode() + "ü&x=ß".encode()
    )
    cookie = f"gatewright_session={site.http.cookies['gatewright_session']}".encode()
    answer = await site.raw("GET", b"/oauth/authorize", query=query, headers=[(b"cookie", cookie)])
    assert "state=%C3%BC" in form_action(answer.body.decode())


async def test_the_answer_is_sent_letter_for_letter(site: Site) -> None:
    odd = "https://ledger.example/c'b/[1]|{x}?a=b;c"
    await site.change_client(redirect_uris=(odd,))
    await site.sign_in()
    answer = await site.decide(redirect_uri=odd)
    assert answer.headers["location"].startswith(f"{odd}&code=")
    refused = await site.ask(redirect_uri=odd, scope="unheard-of")
    assert refused.headers["location"].startswith(f"{odd}&error=invalid_scope")
