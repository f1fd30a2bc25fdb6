"""Help: every page opens, every link in it leads somewhere, and the forms lead to it."""

import re

import pytest

from gatewright.console.help_pages import TOPICS
from gatewright.oauth.token import ALLOWED_AS
from gatewright.oauth.token import GRANTS
from tests.console.conftest import Console

FORMS = ("/oauth/clients/new", "/oauth/settings", "/oauth/scopes/new", "/acls", "/refusals")


@pytest.mark.parametrize("topic", TOPICS)
async def test_a_help_page_opens_and_its_links_lead_somewhere(console: Console, topic: str) -> None:
    page = await console.text(f"/help/{topic}")
    for address in set(re.findall(r'href="(/console/[^"#?]*)', page)):
        if "/static/" not in address:
            assert (await console.http.get(address)).status_code == 200, address


async def test_each_grant_is_explained_with_what_it_is_not_for(console: Console) -> None:
    page = await console.text("/help/grants")
    explained = re.findall(
        r'<h2 id="(\w+)">.*?</h2>\s*<p><strong>For</strong>.*?<p><strong>Not for</strong>', page, re.DOTALL
    )
    assert set(explained) == {ALLOWED_AS.get(name, name) for name in GRANTS} | {"implicit"}


async def test_forms_lead_to_the_help_that_is_about_them_and_its_place_is_there(console: Console) -> None:
    for form in FORMS:
        links = set(re.findall(r'href="/console(/help/\w+)(?:#(\w+))?"', await console.text(form)))
        assert links, form
        for address, place in links:
            page = await console.text(address)
            assert not place or f'id="{place}"' in page, (form, address, place)


async def test_a_page_that_is_not_there_is_told(console: Console) -> None:
    assert (await console.get("/help/nothing")).status_code == 404
