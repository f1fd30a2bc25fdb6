import asyncio

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import cleanup
from gatewright.store import device_codes
from gatewright.store import tokens
from gatewright.store.database import Database
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import device_code
from tests.store.makers import grant
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import sha


async def approve(database: Database, user_id: str = "u1", now: int = NOW) -> bool:
    return await database.write(device_codes.approve, sha("dc1"), user_id, NOW - 5, ("a",), now)


async def redeem(database: Database, number: int = 0) -> bool:
    return await database.write(
        device_codes.redeem,
        sha("dc1"),
        grant(grant_type="device_code"),
        access_token(f"at{number}"),
        refresh_token(f"rt{number}"),
        NOW,
    )


async def poll(database: Database, now: int) -> bool:
    return await database.write(device_codes.poll, sha("dc1"), now)


async def test_a_pending_code_is_found_as_it_was_kept(database: Database) -> None:
    kept = device_code(resource=("https://as.example/invoke", "https://as.example/shop"))
    await database.write(device_codes.add, kept)
    assert await database.read(device_codes.find, sha("dc1")) == kept
    assert await database.read(device_codes.find_typed, "BCDFGHJK") == kept
    assert await database.read(device_codes.find_typed, "BCDFGHJL") is None


async def test_two_codes_never_share_a_user_code(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    with pytest.raises(Conflict):
        await database.write(device_codes.add, device_code("dc2"))


async def test_an_approved_code_says_by_whom_and_for_what(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    assert await approve(database)
    found = await database.read(device_codes.find, sha("dc1"))
    assert found == device_code(state="approved", user_id="u1", authenticated_at=NOW - 5, scope=("a",))


async def test_a_decision_counts_once_and_in_time(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    assert not await approve(database, now=NOW + 600)
    assert await database.write(device_codes.deny, sha("dc1"), NOW)
    assert not await database.write(device_codes.deny, sha("dc1"), NOW)
    assert not await approve(database)


async def test_polls_count_from_the_last_and_too_soon_ones_lengthen_the_interval(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    assert await poll(database, NOW)
    assert not await poll(database, NOW + 3)
    assert not await poll(database, NOW + 11)
    assert await poll(database, NOW + 26)
    found = await database.read(device_codes.find, sha("dc1"))
    assert found is not None
    assert found.interval == 15


async def test_redeeming_consumes_the_code_and_keeps_grant_and_tokens(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    assert not await redeem(database)
    assert await approve(database)
    assert await redeem(database)
    kept = await database.read(device_codes.find, sha("dc1"))
    assert kept is not None
    assert kept.state == "redeemed"
    assert await database.read(tokens.find_grant, "g1") == grant(grant_type="device_code")
    assert await database.read(tokens.find_access_token, sha("at0")) is not None


async def test_replayed_code_revokes_the_tokens_that_came_from_it(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    await approve(database)
    assert await redeem(database, 1)
    assert not await redeem(database, 2)
    for number in (1, 2):
        assert await database.read(tokens.find_access_token, sha(f"at{number}")) is None
        assert await presented(database, f"rt{number}") is None


@pytest.mark.parametrize("by", ["client", "user"])
async def test_revoking_a_client_or_user_ends_codes_that_wait(database: Database, by: str) -> None:
    await database.write(device_codes.add, device_code())
    await approve(database)
    await database.write(device_codes.add, device_code("dc2", user_code="LMNPQRST", client_id="c2"))
    verb, key = (tokens.revoke_client, "c1") if by == "client" else (tokens.revoke_user, "u1")
    assert await database.write(verb, key, NOW) == 1
    assert await database.read(device_codes.find, sha("dc1")) is None
    assert await database.read(device_codes.find, sha("dc2")) is not None


async def test_expired_codes_are_cleaned_up(database: Database) -> None:
    await database.write(device_codes.add, device_code())
    assert await database.write(cleanup.expired_rows, NOW + 599) == 0
    assert await database.write(cleanup.expired_rows, NOW + 600) == 1


@pytest.mark.parametrize("racers", [10, 100])
async def test_of_racing_decisions_and_redemptions_over_several_connections_one_wins(
    store: Opener, racers: int
) -> None:
    databases = [await store() for _ in range(3)]
    await databases[0].write(device_codes.add, device_code())
    decided = await asyncio.gather(*(approve(databases[n % 3], f"u{n}") for n in range(racers)))
    assert decided.count(True) == 1
    won = await asyncio.gather(*(redeem(databases[n % 3], n) for n in range(racers)))
    assert won.count(True) == 1
    left = [await databases[0].read(tokens.find_access_token, sha(f"at{n}")) for n in range(racers)]
    assert left == [None] * racers
