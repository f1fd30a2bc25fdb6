"""Refreshing (RFC 6749 §6), rotation and reuse (RFC 9700 §4.14.2)."""

import pytest

from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import make_secret
from gatewright.kernel.secrets import make_successor
from tests.running import seed
from tests.running.site import Site


async def test_a_refresh_gives_a_new_access_token_and_a_new_refresh_token(site: Site) -> None:
    first = await site.tokens()
    second = (await site.refresh(first["refresh_token"])).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert await site.is_active(second["access_token"])
    assert await site.is_active(first["access_token"])


async def test_the_new_access_token_lives_its_whole_life(site: Site) -> None:
    first = await site.tokens()
    site.clock.forward(3500)
    second = (await site.refresh(first["refresh_token"])).json()
    site.clock.forward(3599)
    assert await site.is_active(second["access_token"])
    assert not await site.is_active(first["access_token"])


async def test_a_retry_within_grace_gets_the_same_answer(site: Site) -> None:
    first = await site.tokens()
    second = await site.refresh(first["refresh_token"])
    site.clock.forward(9)
    retried = await site.refresh(first["refresh_token"])
    assert retried.status_code == 200
    assert retried.json() == second.json()


async def test_the_preceding_token_after_grace_ends_the_family(site: Site) -> None:
    first = await site.tokens()
    second = (await site.refresh(first["refresh_token"])).json()
    site.clock.forward(10)
    answer = await site.refresh(first["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    for name in ("access_token", "refresh_token"):
        assert not await site.is_active(first[name])
        assert not await site.is_active(second[name])


async def test_grace_ends_when_the_successor_is_used(site: Site) -> None:
    first = await site.tokens()
    second = (await site.refresh(first["refresh_token"])).json()
    await site.refresh(second["refresh_token"])
    assert (await site.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert not await site.is_active(second["access_token"])


async def test_reuse_ends_that_family_only(site: Site) -> None:
    other = await site.tokens()
    first = await site.tokens()
    await site.refresh(first["refresh_token"])
    site.clock.forward(11)
    await site.refresh(first["refresh_token"])
    assert (await site.refresh(other["refresh_token"])).status_code == 200
    assert await site.is_active(other["access_token"])


@pytest.mark.parametrize("age", [2, 5])
async def test_reuse_of_a_token_consumed_long_ago_ends_the_family(site: Site, age: int) -> None:
    family = [(await site.tokens())["refresh_token"]]
    for _ in range(6):
        family.append((await site.refresh(family[-1])).json()["refresh_token"])
    assert (await site.refresh(family[-1 - age])).json()["error"] == "invalid_grant"
    assert not await site.is_active(family[-1])


async def test_a_token_made_up_from_one_of_a_family_is_taken_for_a_stolen_one(site: Site) -> None:
    first = (await site.tokens())["refresh_token"]
    second = (await site.refresh(first)).json()["refresh_token"]
    assert (await site.refresh(make_successor(first))).json()["error"] == "invalid_grant"
    assert not await site.is_active(second)


async def test_another_client_cannot_end_a_family_with_its_tokens(site: Site) -> None:
    first = (await site.tokens())["refresh_token"]
    second = (await site.refresh(first)).json()["refresh_token"]
    for token in (first, second, make_successor(first)):
        assert (await site.refresh(token, seed.RIVAL)).json()["error"] == "invalid_grant"
    assert await site.is_active(second)


async def test_a_made_up_token_ends_nothing(site: Site) -> None:
    token = (await site.tokens())["refresh_token"]
    for text in (make_secret(REFRESH_TOKEN), token[:-1], f"gw_rt_{'0' * 56}"):
        assert (await site.refresh(text)).json()["error"] == "invalid_grant"
    assert await site.is_active(token)


async def test_without_grace_the_second_use_is_reuse(site: Site) -> None:
    await site.change_settings(refresh_token_grace=0)
    first = await site.tokens()
    await site.refresh(first["refresh_token"])
    assert (await site.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_without_rotation_the_same_refresh_token_goes_on(site: Site) -> None:
    await site.change_client(refresh_rotation=False)
    first = await site.tokens()
    for _ in range(3):
        answer = (await site.refresh(first["refresh_token"])).json()
        assert answer["refresh_token"] == first["refresh_token"]
        site.clock.forward(60)


async def test_public_clients_rotate_whatever_their_setting(site: Site) -> None:
    """RFC 9700 §2.2.2."""
    await site.change_client(seed.SPA, refresh_rotation=False, require_pkce=False)
    await site.sign_in()
    code = await site.code(client_id=seed.SPA, redirect_uri=seed.SPA_CALLBACK)
    first = (await site.redeem(code, seed.SPA, redirect_uri=seed.SPA_CALLBACK)).json()
    second = (await site.refresh(first["refresh_token"], seed.SPA)).json()
    assert second["refresh_token"] != first["refresh_token"]


async def test_turning_rotation_off_does_not_revive_consumed_tokens(site: Site) -> None:
    first = await site.tokens()
    second = (await site.refresh(first["refresh_token"])).json()
    await site.change_client(refresh_rotation=False)
    site.clock.forward(60)
    assert (await site.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert not await site.is_active(second["access_token"])


@pytest.mark.parametrize("rotation", [True, False])
async def test_the_refresh_count_holds_across_the_family(site: Site, rotation: bool) -> None:
    await site.change_client(refresh_limit=2, refresh_rotation=rotation)
    current = (await site.tokens())["refresh_token"]
    for _ in range(2):
        answer = await site.refresh(current)
        assert answer.status_code == 200
        current = answer.json().get("refresh_token", current)
    site.clock.forward(60)
    assert (await site.refresh(current)).json()["error"] == "invalid_grant"


async def test_the_last_refresh_that_the_count_allows_gives_no_useless_refresh_token(site: Site) -> None:
    await site.change_client(refresh_limit=1)
    answer = await site.refresh((await site.tokens())["refresh_token"])
    assert answer.status_code == 200
    assert "refresh_token" not in answer.json()


async def test_a_used_up_refresh_token_is_not_active(site: Site) -> None:
    await site.change_client(refresh_limit=1, refresh_rotation=False)
    token = (await site.tokens())["refresh_token"]
    assert await site.is_active(token)
    await site.refresh(token)
    assert not await site.is_active(token)


async def test_lowering_the_refresh_count_counts_at_once(site: Site) -> None:
    token = (await site.tokens())["refresh_token"]
    await site.change_client(refresh_limit=0)
    assert (await site.refresh(token)).json()["error"] == "invalid_grant"


async def test_unlimited_refreshes_go_on(site: Site) -> None:
    token = (await site.tokens())["refresh_token"]
    for _ in range(20):
        token = (await site.refresh(token)).json()["refresh_token"]


async def test_a_refresh_token_expires_and_each_rotation_starts_it_anew(site: Site) -> None:
    await site.change_settings(refresh_token_lifetime=100)
    first, idle = await site.tokens(), await site.tokens()
    site.clock.forward(99)
    second = (await site.refresh(first["refresh_token"])).json()
    site.clock.forward(1)
    assert (await site.refresh(idle["refresh_token"])).json()["error"] == "invalid_grant"
    assert not await site.is_active(idle["refresh_token"])
    site.clock.forward(98)
    assert (await site.refresh(second["refresh_token"])).status_code == 200


async def test_a_refresh_may_ask_for_fewer_scopes_and_the_next_one_for_all_again(site: Site) -> None:
    """RFC 6749 §6: the new refresh token's scope is that of the one presented."""
    first = await site.tokens(scope="orders customers")
    second = (await site.refresh(first["refresh_token"], scope="orders")).json()
    assert second["scope"] == "orders"
    third = (await site.refresh(second["refresh_token"], scope="orders customers")).json()
    assert third["scope"].split() == ["orders", "customers"]


async def test_a_refresh_cannot_ask_for_more(site: Site) -> None:
    first = await site.tokens(scope="orders")
    answer = await site.refresh(first["refresh_token"], scope="orders customers")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_a_refused_scope_does_not_spend_the_refresh_token(site: Site) -> None:
    first = await site.tokens(scope="orders")
    await site.refresh(first["refresh_token"], scope="customers")
    site.clock.forward(60)
    assert (await site.refresh(first["refresh_token"])).status_code == 200


async def test_an_association_taken_away_is_not_refreshed(site: Site) -> None:
    first = await site.tokens(scope="orders customers")
    await site.associate(seed.LEDGER, "orders")
    assert (await site.refresh(first["refresh_token"])).json()["scope"] == "orders"


async def test_nothing_is_refreshed_when_no_scope_is_left(site: Site) -> None:
    first = await site.tokens()
    await site.associate(seed.LEDGER)
    assert (await site.refresh(first["refresh_token"])).json()["error"] == "invalid_scope"


async def test_a_disabled_user_is_not_refreshed(site: Site) -> None:
    first = await site.tokens()
    await site.change_user(enabled=False)
    assert (await site.refresh(first["refresh_token"])).json()["error"] == "invalid_grant"


async def test_an_access_token_is_no_refresh_token(site: Site) -> None:
    first = await site.tokens()
    assert (await site.refresh(first["access_token"])).json()["error"] == "invalid_grant"


async def test_nothing_usable_is_stored_for_the_grace_answer(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first = await site.tokens()
    second = (await site.refresh(first["refresh_token"])).json()
    stored = b"".join(path.read_bytes() for path in (site.parts.workspace / "data").iterdir())
    for token in (first["access_token"], first["refresh_token"], second["access_token"], second["refresh_token"]):
        assert token.encode() not in stored


async def test_a_client_has_a_lifetime_of_refresh_tokens_of_its_own(site: Site) -> None:
    await site.change_client(refresh_token_lifetime=600)
    refresh_token = (await site.tokens())["refresh_token"]
    site.clock.forward(599)
    assert await site.is_active(refresh_token)
    site.clock.forward(1)
    assert (await site.refresh(refresh_token)).json()["error"] == "invalid_grant"
