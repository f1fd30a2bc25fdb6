"""Nothing that people paste into a search box lands in an address, in the browser's history or in a log."""

import re

import httpx
import pytest

from tests.console.conftest import Console

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
TOKENS = ("gw_at_0123456789abcdef", "gw_rt_0123456789abcdef", "gw_cs_0123456789abcdef", JWT, f"Bearer {JWT}")
PLACES = ("/", "/oauth/clients", "/oauth/scopes", "/oauth/tokens", "/users")


async def typed(console: Console, q: str, **fields: str) -> httpx.Response:
    """What the search box sends."""
    csrf = re.search(r'name="csrf" value="([^"]+)"', await console.text("/"))
    assert csrf is not None
    return await console.http.post("/console/search", data={"csrf": csrf[1], "q": q, **fields})


@pytest.mark.parametrize("place", PLACES)
async def test_every_search_box_sends_what_is_typed_by_post(console: Console, place: str) -> None:
    await console.site.access_token()
    page = await console.text(place)
    forms = [form for form in re.findall(r"<form\b.*?</form>", page, re.DOTALL) if 'name="q"' in form]
    assert len(forms) == (1 if place == "/" else 2)
    assert all('method="post"' in form and 'action="/console/search"' in form for form in forms)


async def test_what_is_no_token_gets_an_address(console: Console) -> None:
    assert (await typed(console, "led ger")).headers["location"] == "/console/search?q=led+ger"
    listed = await typed(console, "ada", list="/console/oauth/tokens", client="ledger", sort="issued")
    assert listed.headers["location"] == "/console/oauth/tokens?q=ada&client=ledger&sort=issued"


async def test_a_token_pasted_into_a_list_is_inspected_and_stays_out_of_every_address(console: Console) -> None:
    token = await console.site.access_token()
    for q in (token, f"Bearer {token}"):
        answer = await typed(console, q, list="/console/oauth/tokens")
        assert answer.status_code == 200
        assert "&#34;client_id&#34;: &#34;ledger&#34;" in answer.text
        assert token not in answer.text


@pytest.mark.parametrize("token", TOKENS)
async def test_no_kind_of_token_is_redirected_into_an_address(console: Console, token: str) -> None:
    for listed in ("", "/console/users", "https://evil.example/"):
        answer = await typed(console, token, list=listed)
        assert (answer.status_code, answer.headers.get("location")) == (200, None)


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "place", ["/search?q=", "/oauth/tokens?client=ledger&q=", "/refusals?client=", "/audit?target="]
)
async def test_a_token_that_was_put_into_an_address_is_taken_out_of_it(
    console: Console, place: str, token: str
) -> None:
    answer = await console.get(place + token)
    assert answer.status_code == 303
    assert token.removeprefix("Bearer ") not in str(answer.headers)
    assert "was left out" in (await console.http.get(answer.headers["location"])).text


async def test_the_search_box_leads_to_no_other_place(console: Console) -> None:
    answer = await typed(console, "x", list="https://evil.example/")
    assert answer.headers["location"] == "/console/search?q=x"
