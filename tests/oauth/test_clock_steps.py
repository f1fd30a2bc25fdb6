"""A clock that steps back and forth: what was issued counts on, what has ended stays so as long as the clock says it, none works twice."""

import pytest

from tests.running.site import Site

HOUR = 3600


def step(site: Site, seconds: int) -> None:
    site.clock.now += seconds


@pytest.mark.parametrize("seconds", [-HOUR // 2, -1, HOUR - 1])
async def test_tokens_count_on(site: Site, seconds: int) -> None:
    before = await site.access_token()
    step(site, seconds)
    after = await site.access_token()
    assert await site.is_active(before)
    assert await site.is_active(after)
    step(site, -seconds)
    assert await site.is_active(before)
    assert await site.is_active(after)


async def test_a_token_that_ended_by_a_step_forth_counts_again_when_the_clock_is_right_again(site: Site) -> None:
    token = await site.access_token()
    assert (await site.call("/shop/orders/1", token)).status_code == 200
    step(site, 2 * HOUR)
    assert not await site.is_active(token)
    assert (await site.call("/shop/orders/1", token)).status_code == 401
    step(site, -2 * HOUR)
    assert await site.is_active(token)
    assert (await site.call("/shop/orders/1", token)).status_code == 200


@pytest.mark.parametrize("seconds", [-HOUR, -60, 60])
async def test_a_code_works_once_however_the_clock_steps(site: Site, seconds: int) -> None:
    await site.sign_in()
    code = await site.code()
    step(site, seconds)
    assert (await site.redeem(code)).status_code == 200
    step(site, -2 * seconds)
    assert (await site.redeem(code)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize("seconds", [-HOUR, -60, 60])
async def test_a_used_refresh_token_stays_used_however_the_clock_steps(site: Site, seconds: int) -> None:
    first = (await site.tokens())["refresh_token"]
    step(site, seconds)
    answer = await site.refresh(first)
    assert answer.status_code == 200
    second = answer.json()["refresh_token"]
    assert (await site.refresh(second)).status_code == 200  # the grace of the first ends when its successor is used
    step(site, -2 * seconds)
    assert (await site.refresh(first)).json()["error"] == "invalid_grant"
