"""Every way to be refused at the authorization endpoint, as a way to send a browser or its data somewhere else."""

from urllib.parse import urlencode
from urllib.parse import urlsplit

import httpx
import pytest

from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import Site
from tests.running.site import returned
from tests.running.site import value

EVIL = "https://evil.example/callback"
ADDRESSES = ["/oauth/authorize", "/invoke/pub.oauth/authorize", "/invoke/pub.oauth:authorize"]
APPROVALS = ["/invoke/wm.server.oauth/approve", "/invoke/wm.server.oauth:approve"]
WRONG = [
    {"response_type": "nonsense"},
    {"response_type": ""},
    {"response_type": "code token"},
    {"response_type": "token", "response_mode": "query"},
    {"response_mode": "nonsense"},
    {"response_mode": "form_post", "scope": "unheard-of"},
    {"scope": "unheard-of"},
    {"scope": " "},
    {"code_challenge": "short"},
    {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
    {"code_challenge": CHALLENGE, "code_challenge_method": "S512"},
    {"prompt": "none"},
    {"prompt": "none login"},
    {"resource": "https://elsewhere.example/"},
    {"dpop_jkt": "no thumbprint"},
    {"request_uri": "urn:ietf:params:oauth:request_uri:gw_pr_x"},
    {"client_id": seed.RETIRED},
    {"client_id": seed.LONELY},
    {"client_id": "nobody"},
]


def leads_elsewhere(answer: httpx.Response) -> bool:
    """Whether it takes a browser, or a form in it, anywhere but to this server or the client."""
    target = urlsplit(answer.headers.get("location", ""))
    away = target.netloc not in ("", "localhost:5555", urlsplit(seed.CALLBACK).netloc)
    return away or 'action="https://evil.example' in answer.text or "refresh" in answer.headers


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_refused_request_leads_nowhere_but_to_the_client(site: Site, wrong: dict[str, str]) -> None:
    """With a foreign redirect URI to a page, with the client's own to the client; signed in or not, by each address."""
    for _ in range(2):
        for address in ADDRESSES:
            for uri in (EVIL, seed.CALLBACK):
                asked = {"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": uri, **wrong}
                for answer in (
                    await site.http.get(f"{address}?{urlencode(asked)}"),
                    await site.http.post(address, data=asked, follow_redirects=True),
                ):
                    assert not leads_elsewhere(answer)
                    assert uri == seed.CALLBACK or answer.status_code == 400
        await site.sign_in()


@pytest.mark.parametrize("address", APPROVALS)
@pytest.mark.parametrize("approved", ["true", "false"])
@pytest.mark.parametrize("wrong", WRONG[:8], ids=str)
async def test_an_approval_leads_nowhere_but_to_the_client(
    site: Site, address: str, approved: str, wrong: dict[str, str]
) -> None:
    await site.sign_in()
    csrf = value((await site.ask()).text, "csrf")
    asked = {"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": EVIL, **wrong}
    answer = await site.http.post(address, data={**asked, "approved": approved, "csrf": csrf})
    assert answer.status_code == 400
    assert not leads_elsewhere(answer)


async def test_a_second_redirect_uri_does_not_ride_along(site: Site) -> None:
    """Parameter pollution: in the address, in the form, in both, and spelled in another way."""
    await site.sign_in()
    good = urlencode({"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK})
    evil = urlencode({"": EVIL})
    for more in (f"redirect_uri{evil}", f"redirect%5Furi{evil}", f"%72edirect_uri{evil}"):
        for query in (f"{good}&{more}", f"{more}&{good}"):
            answer = await site.http.get(f"/oauth/authorize?{query}")
            assert answer.status_code == 400
            assert "location" not in answer.headers
    for more in (f"redirect_uri[]{evil}", f"Redirect_Uri{evil}", f"redirect_uri.1{evil}"):
        page = await site.http.get(f"/oauth/authorize?{good}&{more}")
        decided = await site.submit_consent(page)
        assert decided.headers["location"].startswith(f"{seed.CALLBACK}?code=")


async def test_a_redirect_uri_in_the_consents_form_changes_nothing(site: Site) -> None:
    await site.sign_in()
    page = await site.ask()
    decided = await site.submit_consent(page, redirect_uri=EVIL, client_id=seed.RIVAL, scope=["orders"])
    assert decided.headers["location"].startswith(f"{seed.CALLBACK}?code=")


async def test_a_refusal_carries_nothing_that_only_the_client_should_know(site: Site) -> None:
    """No code beside an error, and none in a fragment that a page could keep."""
    await site.sign_in()
    found = returned(await site.ask(scope="unheard-of", state="s"))
    assert found.keys() == {"error", "error_description", "state", "iss"}
