"""What might be tried with devices' codes (RFC 8628 §5)."""

import asyncio
from typing import Any

import pytest

from gatewright.kernel.secrets import DEVICE_CODE
from gatewright.kernel.secrets import make_secret
from gatewright.oauth import user_code
from gatewright.store import tokens
from tests.oauth.test_device_code import decide
from tests.oauth.test_device_code import error
from tests.oauth.test_device_code import page
from tests.oauth.test_device_code import poll
from tests.oauth.test_device_code import start
from tests.running import seed
from tests.running.site import Site
from tests.running.site import form_action
from tests.running.site import told
from tests.running.site import value


async def approved(site: Site, **parameters: str) -> dict[str, Any]:
    device = await start(site, **parameters)
    await site.sign_in()
    await decide(site, device["user_code"])
    return device


async def test_guessing_user_codes_is_slowed_for_the_person_who_does(site: Site) -> None:
    """§5.1."""
    device = await start(site)
    await site.change_settings(throttle_failures=3)
    await site.sign_in()
    answers = [(await page(site, user_code.make())).status_code for _ in range(5)]
    assert answers == [400, 400, 400, 429, 429]
    blocked = await page(site, device["user_code"])
    assert blocked.status_code == 429
    assert int(blocked.headers["retry-after"]) > 0
    await site.sign_in("bob")
    assert (await page(site, device["user_code"])).status_code == 200


async def test_guesses_sent_all_at_once_do_not_slip_past_the_throttle(site: Site) -> None:
    await site.change_settings(throttle_failures=3)
    await site.sign_in()
    answers = await asyncio.gather(*(page(site, user_code.make()) for _ in range(30)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(400) <= 5
    assert set(statuses) == {400, 429}


async def test_nobody_learns_of_codes_without_signing_in(site: Site) -> None:
    device = await start(site)
    for code in (device["user_code"], "BBBB-BBBB"):
        answer = await page(site, code)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/account/login?next=")


async def test_a_device_code_of_another_client_is_refused_and_stays_good(site: Site) -> None:
    device = await approved(site)
    foreign = await poll(site, device["device_code"], seed.RIVAL)
    unknown = await poll(site, make_secret(DEVICE_CODE), seed.RIVAL)
    assert foreign.json()["error"] == "invalid_grant"
    assert told(foreign) == told(unknown)
    assert (await poll(site, device["device_code"])).status_code == 200


async def test_a_redeemed_device_code_ends_what_came_from_it(site: Site) -> None:
    device = await approved(site)
    found = (await poll(site, device["device_code"])).json()
    assert await error(site, device["device_code"]) == "invalid_grant"
    assert not await site.is_active(found["access_token"])
    assert not await site.is_active(found["refresh_token"])


async def test_of_many_redemptions_at_once_exactly_one_wins(site: Site) -> None:
    device = await approved(site)
    answers = await asyncio.gather(*(poll(site, device["device_code"]) for _ in range(50)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 49


@pytest.mark.parametrize("csrf", ["", "guessed"])
async def test_a_consent_from_elsewhere_is_refused(site: Site, csrf: str) -> None:
    """Cross-site request forgery: a page that approves the attacker's device in the victim's session."""
    device = await start(site)
    await site.sign_in()
    shown = await page(site, device["user_code"])
    fields = {"csrf": csrf, "decision": "approve", "scope": "orders"}
    assert (await site.http.post(form_action(shown.text), data=fields)).status_code == 403
    assert await error(site, device["device_code"]) == "authorization_pending"


async def test_asking_with_another_method_approves_nothing(site: Site) -> None:
    device = await start(site)
    await site.sign_in()
    shown = await page(site, device["user_code"])
    fields = {"csrf": value(shown.text, "csrf"), "decision": "approve", "scope": "orders"}
    for method, status in (("HEAD", 200), ("PUT", 405), ("DELETE", 405)):
        answer = await site.http.request(method, form_action(shown.text), data=fields)
        assert answer.status_code == status
    assert await error(site, device["device_code"]) == "authorization_pending"


async def test_a_link_alone_approves_nothing(site: Site) -> None:
    """§5.4: remote phishing by `verification_uri_complete`."""
    device = await start(site)
    await site.sign_in()
    answer = await site.http.get(f"{device['verification_uri_complete']}&decision=approve&scope=orders")
    assert answer.status_code == 200
    assert "Approve only if you see this code on a device in front of you" in answer.text
    assert await error(site, device["device_code"]) == "authorization_pending"


async def test_remembered_consent_never_answers_for_a_device(site: Site) -> None:
    """Whoever sends somebody a link would get a token at once."""
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    device = await start(site)
    shown = await page(site, device["user_code"])
    assert shown.status_code == 200
    assert 'name="remember"' not in shown.text


async def test_a_decision_cannot_be_changed(site: Site) -> None:
    device = await start(site)
    await site.sign_in()
    shown = await page(site, device["user_code"])
    await site.submit_consent(shown, "deny")
    fields = {"csrf": value(shown.text, "csrf"), "decision": "approve", "scope": "orders"}
    assert (await site.http.post(form_action(shown.text), data=fields)).status_code == 400
    assert await error(site, device["device_code"]) == "access_denied"


async def test_of_many_decisions_at_once_one_counts(site: Site) -> None:
    device = await start(site)
    await site.sign_in()
    shown = await page(site, device["user_code"])
    answers = await asyncio.gather(*(site.submit_consent(shown) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9


async def test_more_scopes_than_were_asked_for_cannot_be_approved(site: Site) -> None:
    device = await start(site, scope="orders")
    await site.sign_in()
    await decide(site, device["user_code"], scope=["orders", "customers", "route-only"])
    answer = await poll(site, device["device_code"], scope="orders customers")
    assert answer.json()["scope"] == "orders"


async def test_a_scope_taken_away_meanwhile_is_not_offered(site: Site) -> None:
    device = await start(site, scope="orders customers")
    await site.associate(seed.LEDGER, "customers")
    await site.sign_in()
    answer = await decide(site, device["user_code"], scope=["orders", "customers"])
    assert "Device connected" in answer.text
    assert (await poll(site, device["device_code"])).json()["scope"] == "customers"


async def test_resource_escalation_at_the_device_is_refused_and_the_code_stays(site: Site) -> None:
    device = await approved(site, resource="http://localhost:5555/invoke/orders")
    answer = await poll(site, device["device_code"], resource="http://localhost:5555/")
    assert answer.json()["error"] == "invalid_target"
    assert (await poll(site, device["device_code"])).status_code == 200


async def test_a_disabled_client_cannot_be_approved(site: Site) -> None:
    device = await start(site)
    await site.change_client(enabled=False)
    await site.sign_in()
    assert "disabled" in (await page(site, device["user_code"])).text


async def test_a_user_disabled_after_approving_gives_the_device_nothing(site: Site) -> None:
    device = await approved(site)
    await site.change_user(enabled=False)
    assert await error(site, device["device_code"]) == "invalid_grant"


async def test_revoking_a_users_tokens_ends_what_a_device_has_not_fetched_yet(site: Site) -> None:
    device = await approved(site)
    await site.parts.database.write(tokens.revoke_user, "id-of-ada", site.clock())
    assert await error(site, device["device_code"]) == "invalid_grant"


async def test_a_device_code_in_the_url_is_refused(site: Site) -> None:
    """URLs are logged."""
    device = await approved(site)
    answer = await site.post(f"/oauth/token?device_code={device['device_code']}", {"grant_type": "x"})
    assert answer.json()["error"] == "invalid_request"


async def test_no_page_of_the_device_can_be_framed_or_stored(site: Site) -> None:
    """Clickjacking."""
    device = await start(site)
    await site.sign_in()
    for answer in (await site.http.get("/oauth/device"), await page(site, device["user_code"])):
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "<script>" not in answer.text


async def test_the_form_of_a_typed_code_is_escaped(site: Site) -> None:
    await site.sign_in()
    hostile = '"><script>alert(1)</script>'
    answer = await page(site, hostile)
    assert "<script" not in answer.text
    assert value(answer.text, "user_code") == hostile
