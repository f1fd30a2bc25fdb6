"""From a refused caller's reference to the check that refused and the page that mends it."""

import re
from collections.abc import Awaitable
from collections.abc import Callable
from html import unescape
from typing import get_args

import httpx
import pytest

from gatewright.admin.explanations import QUESTIONS
from gatewright.kernel.secrets import AUTHORIZATION_CODE
from gatewright.kernel.secrets import DEVICE_CODE
from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import make_secret
from gatewright.oauth.rules import Rule
from gatewright.oauth.rules import rules_of
from gatewright.oauth.token import GRANTS
from gatewright.services.rules import CALL
from tests.console.conftest import Console
from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import basic

DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
LEDGER_FORM = "/console/oauth/clients/edit?client_id=ledger"
SETTINGS = "/console/oauth/settings#field-"
THUMBPRINT = "A" * 43

Refuse = Callable[[Site], Awaitable[httpx.Response]]


async def _everything_allowed(site: Site) -> None:
    grants = ("authorization_code", "client_credentials", "password", "device_code", "jwt_bearer", "token_exchange")
    await site.change_client(allowed_grants=grants, refresh_limit="unlimited")


async def _code_with(site: Site, **parameters: str) -> str:
    await site.sign_in("ada")
    return await site.code(**parameters)


async def _plain(site: Site) -> httpx.Response:
    await site.change_settings(require_https="always")
    return await site.token(grant_type="client_credentials")


async def _throttled(site: Site) -> httpx.Response:
    await site.change_settings(throttle_failures=1)
    wrong = {"headers": basic(seed.LEDGER, "wrong")}
    await site.http.post("/oauth/token", data={"grant_type": "client_credentials"}, **wrong)
    return await site.http.post("/oauth/token", data={"grant_type": "client_credentials"}, **wrong)


async def _dpop(site: Site) -> httpx.Response:
    await site.change_client(dpop_bound_access_tokens=True)
    return await site.token(grant_type="client_credentials")


async def _expired_code(site: Site) -> httpx.Response:
    code = await _code_with(site)
    site.clock.forward(601)
    return await site.redeem(code)


async def _used_code(site: Site) -> httpx.Response:
    code = await _code_with(site)
    await site.redeem(code)
    return await site.redeem(code)


async def _code_of_a_disabled_user(site: Site) -> httpx.Response:
    code = await _code_with(site)
    await site.change_user(enabled=False)
    return await site.redeem(code)


async def _expired_refresh(site: Site) -> httpx.Response:
    await site.change_settings(refresh_token_lifetime=60)
    refresh = (await site.tokens())["refresh_token"]
    site.clock.forward(61)
    return await site.refresh(refresh)


async def _refresh_left(site: Site) -> httpx.Response:
    await site.change_client(refresh_limit=1, refresh_rotation=False)
    refresh = (await site.tokens())["refresh_token"]
    await site.refresh(refresh)
    return await site.refresh(refresh)


async def _device(site: Site) -> str:
    answer = await site.post("/oauth/device_authorization", {"scope": "orders"})
    return str(answer.json()["device_code"])


async def _undecided(site: Site) -> httpx.Response:
    return await site.token(grant_type=DEVICE, device_code=await _device(site))


async def _expired_device(site: Site) -> httpx.Response:
    code = await _device(site)
    site.clock.forward(3601)
    return await site.token(grant_type=DEVICE, device_code=code)


def _token(**parameters: str) -> Refuse:
    return lambda site: site.token(**parameters)


async def _wrong_redirect(site: Site) -> httpx.Response:
    return await site.redeem(await _code_with(site), redirect_uri=seed.TENANT_CALLBACK)


async def _wrong_verifier(site: Site) -> httpx.Response:
    code = await _code_with(site, code_challenge=CHALLENGE, code_challenge_method="S256")
    return await site.redeem(code, code_verifier=VERIFIER[::-1])


async def _bound_code(site: Site) -> httpx.Response:
    return await site.redeem(await _code_with(site, dpop_jkt=THUMBPRINT))


TOKEN: dict[str, tuple[Refuse, str]] = {
    "https": (_plain, SETTINGS + "require_https"),
    "method": (lambda site: site.http.get("/oauth/token"), "/console/rehearsal"),
    "parameters": (
        lambda site: site.http.post("/oauth/token?grant_type=password", headers=basic(seed.LEDGER)),
        SETTINGS + "token_parameters_in_url",
    ),
    "credentials": (lambda site: site.token(None, grant_type="client_credentials"), "/console/rehearsal"),
    "client_known": (
        lambda site: site.http.post("/oauth/token", data={}, headers=basic("nobody", "x")),
        "/console/oauth/clients",
    ),
    "client_method": (
        lambda site: site.http.post("/oauth/token", data={"client_id": seed.LEDGER}),
        LEDGER_FORM + "#field-client_authentication",
    ),
    "throttle": (_throttled, SETTINGS + "throttle_failures"),
    "client_proof": (
        lambda site: site.http.post("/oauth/token", data={}, headers=basic(seed.LEDGER, "wrong")),
        "/console/oauth/clients/secret?client_id=ledger",
    ),
    "client_enabled": (
        lambda site: site.token(seed.RETIRED, grant_type="client_credentials"),
        "/console/oauth/clients/enable?client_id=retired",
    ),
    "grant_type": (_token(grant_type="nonsense"), "/console/rehearsal"),
    "grant_allowed": (
        lambda site: site.token(seed.GATEWAY, grant_type="password", username="ada", password="x"),
        "/console/oauth/clients/edit?client_id=gateway#field-allowed_grants",
    ),
    "dpop": (_dpop, LEDGER_FORM + "#field-dpop_bound_access_tokens"),
    "code_known": (
        _token(grant_type="authorization_code", code=make_secret(AUTHORIZATION_CODE)),
        LEDGER_FORM,
    ),
    "code_redirect_uri": (_wrong_redirect, LEDGER_FORM + "#field-redirect_uris"),
    "pkce": (_wrong_verifier, LEDGER_FORM + "#field-require_pkce"),
    "code_unexpired": (_expired_code, SETTINGS + "authorization_code_lifetime"),
    "bound_key": (_bound_code, "/console/rehearsal"),
    "user_enabled": (_code_of_a_disabled_user, "/console/users"),
    "resource": (
        _token(grant_type="client_credentials", scope="orders", resource="https://elsewhere.example/"),
        "/console/rehearsal",
    ),
    "code_unused": (_used_code, "/console/oauth/tokens?client=ledger"),
    "refresh_known": (
        _token(grant_type="refresh_token", refresh_token=make_secret(REFRESH_TOKEN)),
        "/console/oauth/tokens?client=ledger",
    ),
    "refresh_unexpired": (_expired_refresh, LEDGER_FORM + "#field-refresh_limit"),
    "refresh_left": (_refresh_left, LEDGER_FORM + "#field-refresh_limit"),
    "scope": (
        _token(grant_type="client_credentials", scope="route-only"),
        "/console/oauth/associations?client=ledger",
    ),
    "password": (
        _token(grant_type="password", username="ada", password="wrong"),
        "/console/users/edit?user=ada",
    ),
    "device_known": (_token(grant_type=DEVICE, device_code=make_secret(DEVICE_CODE)), "/console/rehearsal"),
    "device_unexpired": (_expired_device, SETTINGS + "device_code_lifetime"),
    "device_decided": (_undecided, "/console/rehearsal"),
    "assertion": (_token(grant_type=BEARER, assertion="e30.e30.x"), "/console/oauth/issuers"),
    "exchange": (
        _token(grant_type=EXCHANGE, subject_token="x", subject_token_type="nonsense"),
        LEDGER_FORM + "#field-may_act",
    ),
}
"""For each rule of the token endpoint: a request that it refuses, and where the console leads from there."""


async def _expired_token(site: Site) -> httpx.Response:
    token = await site.access_token()
    site.clock.forward(3600)
    return await site.call("/invoke/orders/whoami", token)


async def _token_of_a_disabled_client(site: Site) -> httpx.Response:
    token = await site.access_token()
    await site.change_client(enabled=False)
    return await site.call("/invoke/orders/whoami", token)


async def _token_of_a_disabled_user(site: Site) -> httpx.Response:
    token = (await site.tokens())["access_token"]
    await site.change_user(enabled=False)
    return await site.call("/invoke/orders/whoami", token)


async def _for_elsewhere(site: Site) -> httpx.Response:
    token = await site.access_token(resource="http://localhost:5555/invoke/customers")
    return await site.call("/invoke/orders/whoami", token)


async def _unbound(site: Site) -> httpx.Response:
    return await site.call("/invoke/orders/whoami", headers={"authorization": f"DPoP {await site.access_token()}"})


def _calling(path: str, **parameters: str) -> Refuse:
    async def refuse(site: Site) -> httpx.Response:
        return await site.call(path, await site.access_token(**parameters))

    return refuse


async def _beyond_the_limit(site: Site) -> httpx.Response:
    await site.change_client(rate_limit=1)
    token = await site.access_token()
    await site.call("/invoke/orders/whoami", token)
    return await site.call("/invoke/orders/whoami", token)


CALLS: dict[str, tuple[Refuse, str]] = {
    "token_sent": (lambda site: site.call("/invoke/orders/whoami"), "/console/get-token"),
    "token_known": (lambda site: site.call("/invoke/orders/whoami", "gw_at_x"), "/console/get-token"),
    "token_unexpired": (_expired_token, LEDGER_FORM + "#field-access_token_lifetime"),
    "token_client": (_token_of_a_disabled_client, "/console/oauth/clients/enable?client_id=ledger"),
    "token_user": (_token_of_a_disabled_user, "/console/users/edit?user=ada"),
    "token_resource": (_for_elsewhere, "/console/get-token"),
    "token_key": (_unbound, LEDGER_FORM + "#field-dpop_bound_access_tokens"),
    "service_exists": (_calling("/invoke/orders/nothing"), "/console/packages"),
    "scope_opens": (_calling("/invoke/customers/find", scope="orders"), "/console/oauth/associations?client=ledger"),
    "within_limits": (_beyond_the_limit, LEDGER_FORM + "#field-rate_limit"),
    "acl_names": (_calling("/invoke/orders/audit", scope="orders"), "/console/acls/edit?target=orders%3Aaudit"),
}
"""The same for each rule of the guard."""


def checks(page: str) -> list[tuple[str, str]]:
    """The questions of a page that explains, each with what became of it."""
    found = re.findall(r'class="check is-([a-z-]+)".*?class="check-question">(.*?)</span>', page, re.DOTALL)
    return [(unescape(question), state) for state, question in found]


def mends(page: str) -> list[str]:
    """Where the failed check leads."""
    failed = re.search(r'class="check is-failed".*?</li>', page, re.DOTALL)
    assert failed, page
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', failed[0])]


async def found_by(console: Console, reference: str) -> str:
    """The page that the search box leads to."""
    answer = await console.get(f"/search?q={reference}")
    assert answer.status_code == 303, answer.text
    page = await console.http.get(answer.headers["location"])
    assert page.status_code == 200, page.text
    return page.text


@pytest.mark.parametrize("rule", [*TOKEN, *CALLS])
async def test_a_reference_leads_to_the_check_that_refused_and_to_its_mend(
    site: Site, console: Console, rule: str
) -> None:
    await _everything_allowed(site)
    refuse, mend = (TOKEN | CALLS)[rule]
    answer = await refuse(site)
    assert 400 <= answer.status_code < 500, answer.text
    page = await found_by(console, answer.headers["x-request-id"])
    states = dict(checks(page))
    assert [question for question, state in states.items() if state == "failed"] == [QUESTIONS[rule][0]]
    assert any(href.startswith(mend) for href in mends(page)), mends(page)
    order = [state for _, state in checks(page)]
    at = order.index("failed")
    assert set(order[:at]) <= {"passed"}
    assert set(order[at + 1 :]) <= {"not-reached"}


def test_each_rule_of_the_token_endpoint_and_of_the_guard_has_its_case() -> None:
    asked = {rule for grant in GRANTS for rule in rules_of("token", grant)}
    assert set(TOKEN) == asked
    assert set(CALLS) == set(CALL)


def test_each_rule_has_its_question() -> None:
    assert set(QUESTIONS) == {*get_args(Rule), *CALL}


async def test_the_body_names_the_reference_that_the_header_has(site: Site) -> None:
    for answer in (
        await site.token(grant_type="nonsense"),
        await site.call("/invoke/orders/whoami"),
        await site.http.post("/oauth/register", json={}),
        await site.post("/oauth/par", {"response_type": "code"}),
    ):
        assert answer.json()["reference"] == answer.headers["x-request-id"]


async def test_a_refusal_that_goes_back_to_the_client_names_its_reference(site: Site, console: Console) -> None:
    answer = await site.ask(scope="route-only")
    assert answer.status_code == 303
    reference = answer.headers["x-request-id"]
    assert f"reference+{reference}" in answer.headers["location"]
    assert "/console/oauth/associations?client=ledger" in mends(await found_by(console, reference))


async def test_a_refusal_page_names_its_reference(site: Site, console: Console) -> None:
    answer = await site.ask(redirect_uri="https://elsewhere.example/")
    reference = answer.headers["x-request-id"]
    assert reference in answer.text
    page = await found_by(console, reference)
    assert "https://elsewhere.example/" in page
    assert seed.CALLBACK in page


async def test_the_receipt_says_what_was_found_and_what_was_wanted(site: Site, console: Console) -> None:
    answer = await site.call("/invoke/orders/audit?secret=value", await site.access_token(scope="orders"))
    page = await found_by(console, answer.json()["reference"])
    assert re.search(r"Found</dt><dd><code>no group</code>.*?Wanted</dt><dd><code>staff</code>", page, re.DOTALL)
    assert "GET /invoke/orders/audit" in page
    assert "5 characters" in page
    assert "value</span>" not in page


async def test_the_list_is_narrowed_to_a_client_a_code_and_a_time(site: Site, console: Console) -> None:
    await site.token(grant_type="nonsense")
    site.clock.forward(4000)
    await site.token(seed.RIVAL, grant_type="client_credentials", scope="nothing")
    assert len(await rows(console, "")) == 2
    assert len(await rows(console, "?client=rival")) == 1
    assert len(await rows(console, "?error=unsupported_grant_type")) == 1
    assert len(await rows(console, "?period=hour")) == 1
    assert len(await rows(console, "?client=rival&error=unsupported_grant_type")) == 0


async def rows(console: Console, query: str) -> list[str]:
    return re.findall(r"/refusals/receipt\?reference=(\w+)", await console.text(f"/refusals{query}"))


async def test_granted_requests_leave_no_receipt(site: Site, console: Console) -> None:
    await site.call("/invoke/orders/whoami", await site.access_token())
    assert "No refused requests" in await console.text("/refusals")


async def test_an_unknown_reference_is_told_as_such(console: Console) -> None:
    answer = await console.get("/refusals/receipt?reference=nothing")
    assert answer.status_code == 404
    assert "refusal_lifetime" in answer.text


async def test_one_callers_refusals_do_not_crowd_out_anothers(site: Site, console: Console) -> None:
    """Somebody tries tokens without end; the partner's refusal at the same time must still be found."""
    for _ in range(300):
        await site.call("/invoke/orders/whoami", "gw_at_x")
    async with site.client(address="192.0.2.7") as partner:
        answer = await partner.get("/invoke/orders/whoami")
    assert "Was an access token sent?" in await found_by(console, answer.headers["x-request-id"])


async def test_receipts_are_bounded_in_number_and_time(site: Site, console: Console) -> None:
    await site.change_settings(refusals_kept=3, refusal_lifetime=60)
    for _ in range(5):
        await site.token(grant_type="nonsense")
    await site.parts.refusals.flush()
    await site.parts.remove_old_refusals()
    assert len(await rows(console, "")) == 3
    site.clock.forward(61)
    await site.parts.remove_old_refusals()
    assert len(await rows(console, "")) == 0


async def test_no_receipt_is_kept_when_none_is_wanted(site: Site, console: Console) -> None:
    await site.change_settings(refusals_kept=0)
    await site.token(grant_type="nonsense")
    assert len(await rows(console, "")) == 0


async def test_an_unknown_clients_name_is_not_kept(site: Site, console: Console) -> None:
    """Clients that swap name and secret would have the secret shown."""
    answer = await site.http.post("/oauth/token", data={}, headers=basic("my-chosen-secret", "x"))
    assert "my-chosen-secret" not in await found_by(console, answer.headers["x-request-id"])


@pytest.mark.parametrize("path", [b"/invoke/orders/\xff", b"/invoke/orders/%ff%ed%a0%80", b"/invoke/\xed\xa0\x80/x"])
async def test_an_address_that_is_no_text_is_kept_as_far_as_it_is(site: Site, console: Console, path: bytes) -> None:
    answer = await site.raw("GET", path, query=b"%ff=\xff", headers=[(b"authorization", b"Bearer \xff")])
    assert answer.status == 401
    assert "Is the access token known" in await found_by(console, answer.headers["x-request-id"])
