"""The resource owner password credentials grant (RFC 6749 §4.3)."""

import pytest

from tests.running import seed
from tests.running.site import Site


async def ask(site: Site, username: str = "ada", password: str = seed.PASSWORD, **parameters: str) -> tuple[int, dict]:
    answer = await site.token(grant_type="password", username=username, password=password, **parameters)
    return answer.status_code, answer.json()


async def test_the_users_password_gives_tokens_for_the_user(site: Site) -> None:
    status, tokens = await ask(site)
    assert status == 200
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (await site.introspect(tokens["access_token"]))["username"] == "ada"
    assert (await site.refresh(tokens["refresh_token"])).status_code == 200


async def test_no_refresh_token_when_the_refresh_count_is_0(site: Site) -> None:
    await site.change_client(refresh_limit=0)
    assert "refresh_token" not in (await ask(site))[1]


@pytest.mark.parametrize(
    ("username", "password"),
    [("ada", "wrong"), ("nobody", seed.PASSWORD), ("gone", seed.PASSWORD), ("ada", seed.PASSWORD + "x" * 2000)],
)
async def test_every_wrong_pair_gets_the_same_answer(site: Site, username: str, password: str) -> None:
    """Nobody learns whether the name, the password or the account was wrong."""
    status, answer = await ask(site, username, password)
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert answer["error_description"] == "The user name or password is wrong, or the user is disabled."


async def test_a_one_time_password_must_be_changed_first(site: Site) -> None:
    status, answer = await ask(site, "newcomer")
    assert (status, answer["error"]) == (400, "invalid_grant")
    assert "/account" in answer["error_description"]


@pytest.mark.parametrize("missing", ["username", "password"])
async def test_a_missing_parameter_is_named(site: Site, missing: str) -> None:
    status, answer = await ask(site, **{missing: ""})
    assert (status, answer["error"]) == (400, "invalid_request")
    assert missing in answer["error_description"]


async def test_a_client_without_the_grant_may_not_try_passwords(site: Site) -> None:
    await site.change_client(allowed_grants=("authorization_code",))
    assert (await ask(site))[1]["error"] == "unauthorized_client"


async def test_guessing_is_slowed_down_and_says_when_to_try_again(site: Site) -> None:
    await site.change_settings(throttle_failures=3, throttle_window=100)
    for _ in range(3):
        assert (await ask(site, password="wrong"))[0] == 400
    answer = await site.token(grant_type="password", username="ada", password=seed.PASSWORD)
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "100"
    assert answer.json()["error_description"]
    site.clock.forward(100)
    assert (await ask(site))[0] == 200


async def test_successes_are_never_slowed_down(site: Site) -> None:
    await site.change_settings(throttle_failures=2)
    assert {(await ask(site))[0] for _ in range(10)} == {200}


async def test_guessing_one_name_leaves_the_others_alone(site: Site) -> None:
    await site.change_settings(throttle_failures=2)
    for _ in range(3):
        await ask(site, "bob", "wrong")
    assert (await ask(site, "bob"))[0] == 429
    assert (await ask(site, "ada"))[0] == 200
