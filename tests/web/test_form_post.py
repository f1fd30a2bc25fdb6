"""The page that posts an authorization response to the client (Form Post Response Mode §2, §5)."""

import base64
import hashlib
import re

from tests.running import seed
from tests.running.site import Site
from tests.running.site import form_action
from tests.running.site import value
from tests.running.site import values

HOSTILE = "\"><script>alert(1)</script><input name='x' value='"


async def test_a_hostile_state_stays_text(site: Site) -> None:
    """Cross-site scripting at the authorization server's own origin, where the session is."""
    await site.sign_in()
    for answer in (
        await site.decide(response_mode="form_post", state=HOSTILE),
        await site.ask(response_mode="form_post", state=HOSTILE, scope="unheard-of"),
    ):
        assert answer.text.count("<script") == 1
        assert value(answer.text, "state") == HOSTILE
        assert not values(answer.text, "x")


async def test_a_registered_redirect_uri_cannot_break_out_of_the_form(site: Site) -> None:
    odd = 'https://ledger.example/"><img src=x onerror=alert(1)>'
    await site.change_client(redirect_uris=(odd,))
    await site.sign_in()
    answer = await site.decide(response_mode="form_post", redirect_uri=odd)
    assert form_action(answer.text) == odd
    assert "<img src=x" not in answer.text


async def test_a_form_goes_to_no_redirect_uri_that_is_not_registered(site: Site) -> None:
    """Open redirect by form."""
    await site.sign_in()
    answer = await site.ask(response_mode="form_post", redirect_uri="https://evil.example/")
    assert answer.status_code == 400
    assert "<form" not in answer.text
    assert "evil.example" not in answer.text


async def test_nothing_runs_on_the_page_but_its_one_line(site: Site) -> None:
    await site.sign_in()
    answer = await site.decide(response_mode="form_post")
    scripts = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    assert scripts == ["document.forms[0].submit()"]
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert f"script-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


async def test_the_page_is_not_stored_and_works_without_javascript(site: Site) -> None:
    await site.sign_in()
    answer = await site.decide(response_mode="form_post")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert '<button class="button is-primary">Continue</button>' in answer.text
    assert 'method="post"' in answer.text
    assert form_action(answer.text) == seed.CALLBACK
