"""Proof Key for Code Exchange (RFC 7636)."""

import pytest

from tests.running import seed
from tests.running.site import CHALLENGE
from tests.running.site import VERIFIER
from tests.running.site import Site
from tests.running.site import returned

S256 = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
PLAIN = {"code_challenge": VERIFIER, "code_challenge_method": "plain"}


async def test_the_verifier_of_the_challenge_redeems_the_code(site: Site) -> None:
    await site.sign_in()
    code = await site.code(**S256)
    assert (await site.redeem(code, code_verifier=VERIFIER)).status_code == 200


@pytest.mark.parametrize(
    ("verifier", "named"),
    [
        ("", "missing"),
        ("x" * 43, "does not match"),
        (CHALLENGE, "does not match"),
        (VERIFIER[:42], "43 to 128"),
        (VERIFIER + "=", "43 to 128"),
        (VERIFIER + "\n", "43 to 128"),
        ("ä" * 43, "43 to 128"),
        ("x" * 129, "43 to 128"),
    ],
)
async def test_any_other_verifier_is_an_invalid_grant(site: Site, verifier: str, named: str) -> None:
    await site.sign_in()
    answer = await site.redeem(await site.code(**S256), code_verifier=verifier)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert named in answer.json()["error_description"]


async def test_a_wrong_verifier_does_not_spend_the_code(site: Site) -> None:
    await site.sign_in()
    code = await site.code(**S256)
    await site.redeem(code, code_verifier="x" * 43)
    assert (await site.redeem(code, code_verifier=VERIFIER)).status_code == 200


async def test_a_challenge_stripped_from_the_request_is_noticed_at_the_token_endpoint(site: Site) -> None:
    """RFC 9700 §4.8.2: PKCE downgrade."""
    await site.sign_in()
    answer = await site.redeem(await site.code(), code_verifier=VERIFIER)
    assert answer.json()["error"] == "invalid_grant"


async def test_plain_is_refused_unless_the_setting_allows_it(site: Site) -> None:
    await site.sign_in()
    answer = returned(await site.ask(**PLAIN))
    assert answer["error"] == "invalid_request"
    assert "S256" in answer["error_description"]
    await site.change_settings(allow_plain_pkce=True)
    assert (await site.redeem(await site.code(**PLAIN), code_verifier=VERIFIER)).status_code == 200


async def test_a_challenge_without_a_method_is_plain(site: Site) -> None:
    """RFC 7636 §4.3."""
    await site.sign_in()
    assert returned(await site.ask(code_challenge=CHALLENGE))["error"] == "invalid_request"
    await site.change_settings(allow_plain_pkce=True)
    assert (await site.redeem(await site.code(code_challenge=VERIFIER), code_verifier=VERIFIER)).status_code == 200


@pytest.mark.parametrize(
    "parameters",
    [
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "none"},
        {"code_challenge": CHALLENGE[:-1], "code_challenge_method": "S256"},
        {"code_challenge": CHALLENGE + "=", "code_challenge_method": "S256"},
        {"code_challenge": "x" * 44, "code_challenge_method": "S256"},
        {"code_challenge_method": "S256"},
    ],
)
async def test_a_malformed_challenge_is_an_invalid_request(site: Site, parameters: dict[str, str]) -> None:
    assert returned(await site.ask(**parameters))["error"] == "invalid_request"


async def test_public_clients_must_send_a_challenge(site: Site) -> None:
    answer = returned(await site.ask(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK, state="s"))
    assert (answer["error"], answer["state"]) == ("invalid_request", "s")
    assert "PKCE" in answer["error_description"]


async def test_confidential_clients_need_not_unless_the_global_setting_says_so(site: Site) -> None:
    await site.sign_in()
    assert (await site.ask()).status_code == 200
    await site.change_settings(require_pkce=True)
    assert returned(await site.ask())["error"] == "invalid_request"
    assert (await site.ask(**S256)).status_code == 200


@pytest.mark.parametrize(("own", "is_asked"), [(True, False), (False, True)])
async def test_the_clients_own_setting_goes_before_the_global_one(site: Site, own: bool, is_asked: bool) -> None:
    await site.sign_in()
    await site.change_settings(require_pkce=not own)
    await site.change_client(require_pkce=own)
    assert ((await site.ask()).status_code == 200) is is_asked


async def test_the_implicit_grant_needs_no_challenge(site: Site) -> None:
    await site.sign_in()
    page = await site.ask(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK, response_type="token")
    assert page.status_code == 200
