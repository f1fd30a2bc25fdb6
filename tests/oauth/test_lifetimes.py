"""How long tokens live: by setting, client and grant, and across the refreshes of a family."""

from typing import Any

import pytest

from tests.running import seed
from tests.running.site import Site

DAY = 86_400


async def by_password(site: Site) -> int:
    answer = await site.token(grant_type="password", username="ada", password=seed.PASSWORD)
    return int(answer.json()["expires_in"])


async def by_itself(site: Site) -> int:
    return int((await site.token(grant_type="client_credentials")).json()["expires_in"])


@pytest.mark.parametrize(
    ("settings", "client", "expected"),
    [
        ({}, {}, (3600, 3600)),
        ({"access_token_lifetime_by_grant": {"client_credentials": 300}}, {}, (300, 3600)),
        ({}, {"access_token_lifetime_by_grant": {"client_credentials": 60}}, (60, 3600)),
        ({}, {"access_token_lifetime": 7200, "access_token_lifetime_by_grant": {"password": 60}}, (7200, 60)),
        (
            {"access_token_lifetime_by_grant": {"client_credentials": 300}},
            {"access_token_lifetime": 7200},
            (7200, 7200),
        ),
        (
            {"access_token_lifetime_by_grant": {"client_credentials": 300, "password": 200}},
            {"access_token_lifetime_by_grant": {"password": 100}},
            (300, 100),
        ),
    ],
)
async def test_the_nearest_lifetime_counts(
    site: Site, settings: dict[str, Any], client: dict[str, Any], expected: tuple[int, int]
) -> None:
    """The client's for this grant, the client's, the setting's for this grant, the setting's."""
    await site.change_settings(**settings)
    await site.change_client(**client)
    assert (await by_itself(site), await by_password(site)) == expected


async def test_a_refreshed_token_lives_as_the_first_of_its_family(site: Site) -> None:
    await site.change_settings(access_token_lifetime_by_grant={"authorization_code": 120})
    tokens = await site.tokens()
    assert tokens["expires_in"] == 120
    assert (await site.refresh(tokens["refresh_token"])).json()["expires_in"] == 120


@pytest.mark.parametrize("rotation", [True, False])
@pytest.mark.parametrize("of", ["settings", "client"])
async def test_no_refresh_outlives_the_family(site: Site, of: str, rotation: bool) -> None:
    await site.change_client(refresh_rotation=rotation)
    await (site.change_settings if of == "settings" else site.change_client)(token_family_lifetime=3 * DAY)
    token = (await site.tokens())["refresh_token"]
    for _ in range(2):
        site.clock.forward(DAY)
        answer = await site.refresh(token)
        assert answer.status_code == 200
        token = answer.json()["refresh_token"]
    site.clock.forward(DAY)
    assert not await site.is_active(token)
    assert (await site.refresh(token)).json()["error"] == "invalid_grant"


async def test_a_family_ends_by_what_is_set_now_not_when_it_began(site: Site) -> None:
    token = (await site.tokens())["refresh_token"]
    site.clock.forward(100)
    await site.change_settings(token_family_lifetime=100)
    assert (await site.refresh(token)).json()["error"] == "invalid_grant"
    await site.change_client(token_family_lifetime="never")
    assert (await site.refresh(token)).status_code == 200
