"""The device authorization grant (RFC 8628)."""

from typing import Any
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import httpx
import pytest

from gatewright.store import changes
from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import form_action
from tests.running.site import value
from tests.running.site import values

GRANT = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE = "/oauth/device_authorization"


async def start(site: Site, client: str | None = seed.LEDGER, /, **parameters: str) -> dict[str, Any]:
    """A device's request."""
    answer = await site.post(DEVICE, parameters, client)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def poll(site: Site, device_code: str, client: str | None = seed.LEDGER, /, **parameters: str) -> httpx.Response:
    """The device asks whether somebody has decided."""
    return await site.token(client, grant_type=GRANT, device_code=device_code, **parameters)


async def error(site: Site, device_code: str, client: str = seed.LEDGER) -> str:
    """The error that the device gets."""
    answer = await poll(site, device_code, client)
    assert answer.status_code == 400, answer.text
    assert len(answer.json()["error_description"].split()) > 3
    return str(answer.json()["error"])


async def page(site: Site, user_code: str) -> httpx.Response:
    """What the person sees who types the code."""
    return await site.http.get("/oauth/device", params={"user_code": user_code})


async def decide(
    site: Site, user_code: str, decision: str = "approve", scope: list[str] | None = None
) -> httpx.Response:
    """Type the code and press a button."""
    return await site.submit_consent(await page(site, user_code), decision, scope)


async def test_a_device_is_told_what_to_show_and_how_to_poll(site: Site) -> None:
    """§3.2."""
    answer = await site.post(DEVICE, {})
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert found["verification_uri"] == f"{ORIGIN}/oauth/device"
    assert found["verification_uri_complete"] == f"{ORIGIN}/oauth/device?user_code={found['user_code']}"
    assert (found["expires_in"], found["interval"]) == (600, 5)
    assert found["device_code"].startswith("gw_dc_")
    assert len(found["user_code"].replace("-", "")) == 8


async def test_the_whole_way_of_a_device(site: Site) -> None:
    device = await start(site, scope="orders customers", resource=f"{ORIGIN}/invoke")
    assert await error(site, device["device_code"]) == "authorization_pending"
    blank = await site.http.get("/oauth/device")
    assert form_action(blank.text) == "/oauth/device"
    assert 'name="user_code"' in blank.text
    to_login = await page(site, device["user_code"])
    assert to_login.status_code == 303
    there = urlsplit(to_login.headers["location"])
    assert (there.path, parse_qs(there.query)["next"]) == (
        "/account/login",
        [f"/oauth/device?user_code={device['user_code']}"],
    )
    await site.sign_in()
    consent = await page(site, device["user_code"])
    for text in ("Ledger", "(1.0)", "ada", "Read and place orders", device["user_code"], f"{ORIGIN}/invoke"):
        assert text in consent.text
    done = await site.submit_consent(consent)
    assert "Device connected" in done.text
    site.clock.forward(5)
    tokens = (await poll(site, device["device_code"])).json()
    assert (tokens["scope"], tokens["token_type"], tokens["expires_in"]) == ("orders customers", "Bearer", 3600)
    found = await site.introspect(tokens["access_token"])
    assert (found["username"], found["client_id"], found["aud"]) == ("ada", seed.LEDGER, f"{ORIGIN}/invoke")
    assert (await site.call("/invoke/orders/whoami", tokens["access_token"])).json()["username"] == "ada"
    refreshed = (await site.refresh(tokens["refresh_token"])).json()
    assert (await site.introspect(refreshed["access_token"]))["aud"] == f"{ORIGIN}/invoke"


async def test_a_public_client_may_be_a_device(site: Site) -> None:
    await site.change_client(seed.SPA, allowed_grants=("device_code",), redirect_uris=())
    device = await start(site, seed.SPA)
    await site.sign_in()
    await decide(site, device["user_code"])
    assert (await poll(site, device["device_code"], seed.SPA)).status_code == 200


async def test_a_client_without_refreshes_gets_no_refresh_token(site: Site) -> None:
    await site.change_client(refresh_limit=0)
    device = await start(site)
    await site.sign_in()
    await decide(site, device["user_code"])
    assert "refresh_token" not in (await poll(site, device["device_code"])).json()


async def test_narrowed_scopes_are_what_the_device_gets(site: Site) -> None:
    device = await start(site, scope="orders customers")
    await site.sign_in()
    consent = await page(site, device["user_code"])
    assert values(consent.text, "scope") == ["orders", "customers"]
    await site.submit_consent(consent, scope=["customers"])
    assert (await poll(site, device["device_code"])).json()["scope"] == "customers"


@pytest.mark.parametrize(("decision", "scope"), [("deny", None), ("deny", []), ("APPROVE", None)])
async def test_a_refusal_is_told_to_the_device(site: Site, decision: str, scope: list[str] | None) -> None:
    device = await start(site)
    await site.sign_in()
    assert "Device refused" in (await decide(site, device["user_code"], decision, scope)).text
    assert await error(site, device["device_code"]) == "access_denied"


async def test_what_was_decided_is_in_the_audit_log(site: Site) -> None:
    await site.sign_in()
    for decision in ("approve", "deny"):
        await decide(site, (await start(site))["user_code"], decision)
    rows = await site.parts.database.read(changes.audit_page, limit=2)
    assert [(row.action, row.actor) for row in rows] == [("consent.refuse", "ada"), ("consent.give", "ada")]


async def test_approving_nothing_asks_again_and_tells_the_device_nothing(site: Site) -> None:
    device = await start(site)
    await site.sign_in()
    answer = await decide(site, device["user_code"], "approve", [])
    assert answer.status_code == 422
    assert "Nothing is ticked" in answer.text
    assert await error(site, device["device_code"]) == "authorization_pending"


async def test_a_device_that_asks_too_soon_must_wait_longer_from_then_on(site: Site) -> None:
    """§3.5: "the interval MUST be increased by 5 seconds for this and all subsequent requests"."""
    code = (await start(site))["device_code"]
    assert await error(site, code) == "authorization_pending"
    site.clock.forward(2)
    assert await error(site, code) == "slow_down"
    site.clock.forward(5)
    assert await error(site, code) == "slow_down"
    for _ in range(3):
        site.clock.forward(15)
        assert await error(site, code) == "authorization_pending"


async def test_a_device_that_keeps_to_its_interval_is_never_slowed(site: Site) -> None:
    code = (await start(site))["device_code"]
    for _ in range(10):
        assert await error(site, code) == "authorization_pending"
        site.clock.forward(5)


async def test_lifetime_and_interval_are_settings(site: Site) -> None:
    await site.change_settings(device_code_lifetime=60, device_polling_interval=20)
    device = await start(site)
    assert (device["expires_in"], device["interval"]) == (60, 20)
    await error(site, device["device_code"])
    site.clock.forward(10)
    assert await error(site, device["device_code"]) == "slow_down"
    site.clock.forward(50)
    assert await error(site, device["device_code"]) == "expired_token"


@pytest.mark.parametrize("approved", [False, True])
async def test_a_device_code_expires(site: Site, approved: bool) -> None:
    device = await start(site)
    await site.sign_in()
    if approved:
        await decide(site, device["user_code"])
    site.clock.forward(600)
    assert await error(site, device["device_code"]) == "expired_token"
    assert (await page(site, device["user_code"])).status_code == 400


@pytest.mark.parametrize("spelled", ["{0}", " {0} ", "{1}", "{2}", "{3}"])
async def test_case_blanks_and_hyphens_of_a_typed_code_do_not_count(site: Site, spelled: str) -> None:
    """§6.1."""
    code = (await start(site))["user_code"]
    typed = spelled.format(code, code.lower(), code.replace("-", ""), code.replace("-", " "))
    await site.sign_in()
    assert (await page(site, typed)).status_code == 200


@pytest.mark.parametrize("typed", ["BBBB-BBBB", "x", "AEIO-UAEI", "B" * 3000, "ÄÖÜ", "<script>alert(1)</script>"])
async def test_a_wrong_code_gets_the_form_again_and_a_sentence(site: Site, typed: str) -> None:
    await site.sign_in()
    answer = await page(site, typed)
    assert answer.status_code == 400
    assert "No device waits under this code" in answer.text
    assert value(answer.text, "user_code") == typed
    assert "<script>" not in answer.text


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"scope": "unheard-of"}, "invalid_scope"),
        ({"resource": "https://elsewhere.example/"}, "invalid_target"),
    ],
)
async def test_a_wrong_request_is_refused_at_once(site: Site, parameters: dict[str, str], expected: str) -> None:
    answer = await site.post(DEVICE, parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, expected)


async def test_a_client_without_the_grant_gets_neither_codes_nor_tokens(site: Site) -> None:
    device = await start(site)
    await site.change_client(allowed_grants=("authorization_code",))
    assert (await site.post(DEVICE, {})).json()["error"] == "unauthorized_client"
    answer = await poll(site, device["device_code"])
    assert answer.json()["error"] == "unauthorized_client"
    assert "device_code" in answer.json()["error_description"]


async def test_the_client_authenticates_at_both_endpoints(site: Site) -> None:
    device = await start(site)
    for parameters in ({"client_id": seed.LEDGER}, {"client_id": seed.LEDGER, "client_secret": "wrong"}):
        assert (await site.post(DEVICE, parameters, None)).status_code == 401
        fields = {"grant_type": GRANT, "device_code": device["device_code"], **parameters}
        assert (await site.post("/oauth/token", fields, None)).status_code == 401


async def test_a_jwt_tells_when_the_person_signed_in(site: Site) -> None:
    import jwt

    await site.change_settings(access_token_format="jwt")
    device = await start(site)
    await site.sign_in()
    signed_in_at = site.clock()
    site.clock.forward(60)
    await decide(site, device["user_code"])
    token = (await poll(site, device["device_code"])).json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["auth_time"] == signed_in_at


async def test_the_metadata_names_endpoint_and_grant(site: Site) -> None:
    found = (await site.http.get("/.well-known/oauth-authorization-server")).json()
    assert found["device_authorization_endpoint"] == f"{ORIGIN}{DEVICE}"
    assert GRANT in found["grant_types_supported"]


async def test_someone_who_must_choose_a_password_does_so_first(site: Site) -> None:
    device = await start(site)
    await site.sign_in("newcomer")
    assert (await page(site, device["user_code"])).headers["location"].startswith("/account/password?next=")
