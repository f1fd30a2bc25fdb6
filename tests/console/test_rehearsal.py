"""Rehearsed requests meet the real checks, and nothing of them is done."""

import re
import shlex
from html import unescape
from typing import Any

import pytest

from gatewright.store.database import Transaction
from tests.console.conftest import Console
from tests.console.conftest import summary
from tests.console.test_refusals import checks
from tests.console.test_refusals import mends
from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import authorize_address
from tests.running.site import basic


def contents(transaction: Transaction) -> dict[str, list[Any]]:
    """All that is kept."""
    names = transaction.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
    return {
        str(name): sorted(transaction.rows(f"SELECT * FROM {name}"), key=repr)
        for (name,) in names
        if name != "alembic_version"
    }


async def rehearsed(console: Console, text: str) -> str:
    """The page that tells what would become of a request, which leaves the store as it was."""
    before = await console.site.parts.database.read(contents)
    answer = await console.submit("/rehearsal", request=text)
    assert answer.status_code == 200, summary(answer.text)
    assert await console.site.parts.database.read(contents) == before
    assert console.site.parts.activity.take() == []
    return answer.text


def curl(path: str, *options: str, client_id: str = seed.LEDGER, **parameters: str) -> str:
    words = ["curl", *options, "-H", f"Authorization: {basic(client_id)['authorization']}"]
    for name, text in parameters.items():
        words += ["--data-urlencode", f"{name}={text}"]
    return shlex.join([*words, ORIGIN + path])


def outcome(page: str) -> str:
    found = re.search(r'<h2 id="outcome">(.*?)</h2>', page)
    assert found
    return unescape(found[1])


async def test_a_token_request_that_would_be_granted_issues_nothing(console: Console) -> None:
    page = await rehearsed(console, curl("/oauth/token", grant_type="client_credentials", scope="orders"))
    assert outcome(page) == "Token request: no check would refuse it"
    assert {state for _, state in checks(page)} == {"passed"}
    assert "gw_at_" not in page


async def test_a_rehearsed_code_is_good_afterwards(site: Site, console: Console) -> None:
    await site.sign_in()
    code = await site.code()
    site.parts.activity.take()
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}
    for _ in range(2):
        assert "no check would refuse" in outcome(await rehearsed(console, curl("/oauth/token", **asked)))
    assert (await site.redeem(code)).status_code == 200


async def test_a_rehearsed_refresh_token_and_its_family_live_on(site: Site, console: Console) -> None:
    tokens = await site.tokens()
    site.parts.activity.take()
    asked = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert "no check would refuse" in outcome(await rehearsed(console, curl("/oauth/token", **asked)))
    assert (await site.refresh(tokens["refresh_token"])).status_code == 200


async def test_a_spent_code_that_is_rehearsed_ends_nothing(site: Site, console: Console) -> None:
    """Sent for real, it would revoke all that came from it."""
    await site.sign_in()
    code = await site.code()
    tokens = (await site.redeem(code)).json()
    site.parts.activity.take()
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK}
    page = await rehearsed(console, curl("/oauth/token", **asked))
    assert dict(checks(page))["Is the code used for the first time?"] == "failed"
    site.parts.activity.take()
    assert await site.is_active(tokens["access_token"])


async def test_wrong_secrets_that_are_rehearsed_are_not_counted(site: Site, console: Console) -> None:
    await site.change_settings(throttle_failures=2)
    for _ in range(4):
        page = await rehearsed(
            console, shlex.join(["curl", "-u", "ledger:wrong", "-d", "grant_type=x", f"{ORIGIN}/oauth/token"])
        )
        assert dict(checks(page))["Is the client's secret, or its signature, right?"] == "failed"
    assert (await site.token(grant_type="client_credentials")).status_code == 200


async def test_secrets_cannot_be_guessed_by_rehearsing(console: Console) -> None:
    """Nothing is counted against the client, so it is counted against whoever guesses."""
    wrong, right = "ledger:wrong", basic(seed.LEDGER)["authorization"]
    for secret in (wrong, *(["ledger:other"] * 19)):
        text = shlex.join(["curl", "-u", secret, "-d", "grant_type=x", f"{ORIGIN}/oauth/token"])
        assert (await console.submit("/rehearsal", request=text)).status_code == 200
    for header in ("Basic bGVkZ2VyOm90aGVy", right):
        text = shlex.join(["curl", "-H", f"Authorization: {header}", "-d", "grant_type=x", f"{ORIGIN}/oauth/token"])
        answer = await console.submit("/rehearsal", request=text)
        assert answer.status_code == 422
        assert "20 wrong secrets or passwords were rehearsed" in summary(answer.text)
    console.site.clock.forward(601)
    assert (await console.submit("/rehearsal", request=text)).status_code == 200


async def test_requests_that_guess_nothing_are_rehearsed_without_end(console: Console) -> None:
    for _ in range(25):
        page = await rehearsed(console, curl("/oauth/token", grant_type="client_credentials", scope="orders"))
        assert "no check would refuse" in outcome(page)


async def test_a_call_is_rehearsed_without_running_the_service(site: Site, console: Console) -> None:
    token = await site.access_token(scope="orders")
    site.parts.activity.take()
    page = await rehearsed(console, f"GET /invoke/orders/whoami HTTP/1.1\nAuthorization: Bearer {token}")
    assert outcome(page) == "Call of a service: no check would refuse it"
    page = await rehearsed(console, f"GET /invoke/customers/find HTTP/1.1\nAuthorization: Bearer {token}")
    assert dict(checks(page))["Does a scope of the token open the service?"] == "failed"
    assert "/console/oauth/associations?client=ledger" in mends(page)


async def test_an_authorization_request_is_rehearsed(console: Console) -> None:
    page = await rehearsed(console, f"GET {authorize_address()} HTTP/1.1")
    assert outcome(page) == "Authorization request: no check would refuse it"
    page = await rehearsed(console, f"GET {authorize_address(redirect_uri='https://elsewhere.example/')} HTTP/1.1")
    assert dict(checks(page))["Is redirect_uri registered?"] == "failed"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("hello", "Begin with curl"),
        ("GET /favicon.ico", "meets no check"),
        ("curl", "Begin with curl"),
        ("", "Name the address"),
    ],
)
async def test_what_cannot_be_rehearsed_says_why(console: Console, text: str, word: str) -> None:
    answer = await console.submit("/rehearsal", request=text)
    assert answer.status_code == 422
    assert word in summary(answer.text)


async def test_a_request_can_be_given_in_parts(console: Console) -> None:
    answer = await console.submit(
        "/rehearsal",
        method="POST",
        address="/oauth/token",
        headers="Content-Type: application/x-www-form-urlencoded\n"
        + f"Authorization: {basic(seed.LEDGER)['authorization']}",
        body="grant_type=nonsense",
    )
    assert dict(checks(answer.text))["Does the server have this grant?"] == "failed"


async def test_a_rehearsed_refusal_leaves_no_receipt(site: Site, console: Console) -> None:
    await rehearsed(console, curl("/oauth/token", grant_type="nonsense"))
    assert "No refused requests" in await console.text("/refusals")
