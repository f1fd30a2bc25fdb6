"""What might be tried with pushed authorization requests (RFC 9126 §7)."""

import asyncio

import pytest

from gatewright.kernel.secrets import PUSHED_REQUEST
from gatewright.kernel.secrets import make_secret
from tests.oauth.test_par import address
from tests.oauth.test_par import push
from tests.oauth.test_par import pushed
from tests.oauth.test_par import refused
from tests.running import seed
from tests.running.site import Site
from tests.running.site import returned
from tests.running.site import set_session


async def test_a_request_uri_is_answered_once(site: Site) -> None:
    """Replay (§7.3)."""
    request_uri = await pushed(site)
    await site.sign_in()
    page = await site.http.get(address(request_uri))
    assert "code" in returned(await site.submit_consent(page))
    assert refused(await site.http.get(address(request_uri)))
    again = await site.http.post(address(request_uri), data={"csrf": "x", "decision": "approve", "scope": "orders"})
    assert refused(again)


@pytest.mark.parametrize("first", ["approve", "deny"])
async def test_of_many_answers_at_once_one_counts(site: Site, first: str) -> None:
    request_uri = await pushed(site)
    await site.sign_in()
    page = await site.http.get(address(request_uri))
    answers = await asyncio.gather(*(site.submit_consent(page, first) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 19


async def test_remembered_consent_answers_a_request_uri_once_too(site: Site) -> None:
    request_uri = await pushed(site)
    await site.http.get(address(request_uri))
    await site.sign_in()
    await site.submit_consent(await site.ask(), remember="true")
    answers = await asyncio.gather(*(site.http.get(address(request_uri)) for _ in range(20)))
    assert [answer.status_code for answer in answers].count(303) == 1
    assert all(refused(answer) for answer in answers if answer.status_code != 303)


async def test_a_request_uri_of_another_client_is_refused_and_stays_good(site: Site) -> None:
    request_uri = await pushed(site)
    await site.sign_in()
    assert refused(await site.http.get(address(request_uri, seed.RIVAL)))
    assert (await site.http.get(address(request_uri))).status_code == 200


async def test_a_request_uri_seen_by_others_is_of_no_use_once_its_browser_is_here(site: Site) -> None:
    request_uri = await pushed(site)
    await site.sign_in("ada")
    assert (await site.http.get(address(request_uri))).status_code == 200
    thief = site.client()
    await site.sign_in("bob", thief)
    assert refused(await thief.get(address(request_uri)))
    await thief.aclose()


async def test_of_many_browsers_with_one_request_uri_one_goes_on(site: Site) -> None:
    request_uri = await pushed(site)
    await site.sign_in()
    session = site.http.cookies["gatewright_session"]
    browsers = [site.client() for _ in range(10)]
    for browser in browsers:
        set_session(browser, session)
    answers = await asyncio.gather(*(browser.get(address(request_uri)) for browser in browsers))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 9
    for browser in browsers:
        await browser.aclose()


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "https://evil.example/",
        f"{seed.CALLBACK}/more",
        f"{seed.CALLBACK}?x=1",
        f"{seed.CALLBACK}#fragment",
        seed.CALLBACK.replace("https://", "https://user@"),
        seed.CALLBACK.upper(),
        seed.RIVAL_CALLBACK,
    ],
)
async def test_a_foreign_redirect_uri_cannot_be_pushed(site: Site, redirect_uri: str) -> None:
    """§2.4 would let confidential clients name any; ours are registered (RFC 9700 §2.1)."""
    answer = await push(site, redirect_uri=redirect_uri)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_redirect_uri_in_the_address_does_not_replace_the_pushed_one(site: Site) -> None:
    request_uri = await pushed(site)
    await site.sign_in()
    page = await site.http.get(address(request_uri, redirect_uri="https://evil.example/"))
    answer = await site.submit_consent(page, redirect_uri="https://evil.example/")
    assert answer.headers["location"].startswith(seed.CALLBACK)


@pytest.mark.parametrize(
    "request_uri",
    [
        "https://evil.example/request.jwt",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "urn:ietf:params:oauth:request_uri:",
        "urn:ietf:params:oauth:request_uri:" + make_secret(PUSHED_REQUEST),
        "urn:ietf:params:oauth:request_uri:" + "x" * 5000,
    ],
    ids=["https", "link-local", "file", "empty", "guessed", "long"],
)
async def test_a_made_up_request_uri_is_refused_and_never_fetched(site: Site, request_uri: str) -> None:
    """Server-side request forgery, guessing (§7.1)."""
    await site.sign_in()
    assert refused(await site.http.get(address(request_uri)))


async def test_a_request_uri_without_its_client_is_refused(site: Site) -> None:
    await site.sign_in()
    assert refused(await site.http.get(address(await pushed(site), client_id="")), "invalid_request")


async def test_a_required_push_cannot_be_got_round_by_post_or_the_compatible_addresses(site: Site) -> None:
    await site.change_client(require_pushed_authorization_requests=True)
    await site.sign_in()
    fields = {"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK}
    for path in ("/oauth/authorize", "/invoke/pub.oauth/authorize", "/invoke/wm.server.oauth/approve"):
        answer = await site.http.post(path, data=fields)
        if "error" not in answer.headers["location"]:
            answer = await site.http.get(answer.headers["location"])
        assert returned(answer)["error"] == "invalid_request"
