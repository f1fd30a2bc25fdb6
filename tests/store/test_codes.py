import asyncio

import pytest

from gatewright.store import codes
from gatewright.store import tokens
from gatewright.store.database import Database
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import code
from tests.store.makers import grant
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import sha


async def redeem(database: Database, number: int = 0, grant_id: str = "g1", now: int = NOW) -> bool:
    return await database.write(
        codes.redeem,
        sha("code1"),
        grant(grant_id),
        access_token(f"at{number}", grant_id=grant_id),
        refresh_token(f"rt{number}"),
        now,
    )


async def test_a_pending_code_is_found_as_it_was_kept(database: Database) -> None:
    kept = code(scope=("read", "write"), redirect_uri=None, code_challenge=None, code_challenge_method=None)
    await database.write(codes.add, kept)
    assert await database.read(codes.find, kept.digest) == kept
    assert await database.read(codes.find, sha("another")) is None


async def test_redeeming_consumes_the_code_and_keeps_grant_and_tokens_together(database: Database) -> None:
    await database.write(codes.add, code())
    given_grant, given_access, given_refresh = grant(), access_token(), refresh_token()
    assert await database.write(codes.redeem, sha("code1"), given_grant, given_access, given_refresh, NOW + 3)
    kept = await database.read(codes.find, sha("code1"))
    assert kept is not None
    assert kept.redeemed_at == NOW + 3
    assert await database.read(tokens.find_grant, "g1") == given_grant
    assert await database.read(tokens.find_access_token, sha("at1")) == given_access
    found = await presented(database, "rt1")
    assert found is not None
    assert (found.grant, found.expires_at, found.consumed) == (given_grant, given_refresh.expires_at, False)


async def test_a_code_may_be_redeemed_for_an_access_token_alone(database: Database) -> None:
    await database.write(codes.add, code())
    assert await database.write(codes.redeem, sha("code1"), grant(), access_token(), None, NOW)
    assert await presented(database, "rt1") is None


async def test_replayed_code_revokes_the_tokens_that_came_from_it(database: Database) -> None:
    await database.write(codes.add, code())
    assert await redeem(database, 1)
    assert not await redeem(database, 2)
    for number in (1, 2):
        assert await database.read(tokens.find_access_token, sha(f"at{number}")) is None
        assert await presented(database, f"rt{number}") is None
    assert await database.read(tokens.find_grant, "g1") is None


async def test_replayed_code_leaves_other_grants_of_the_client_alone(database: Database) -> None:
    await database.write(codes.add, code())
    await database.write(tokens.add_grant, grant("g2"), access_token("other", grant_id="g2"), None)
    await redeem(database, 1)
    await redeem(database, 2)
    assert await database.read(tokens.find_access_token, sha("other")) is not None


async def test_an_unknown_code_gives_nothing(database: Database) -> None:
    assert not await redeem(database)
    assert await database.read(tokens.find_access_token, sha("at0")) is None


@pytest.mark.parametrize("racers", [10, 100])
async def test_of_racing_redemptions_over_several_connections_one_wins_and_the_losers_revoke(
    store: Opener, racers: int
) -> None:
    databases = [await store() for _ in range(3)]
    await databases[0].write(codes.add, code())
    won = await asyncio.gather(*(redeem(databases[n % 3], n) for n in range(racers)))
    assert won.count(True) == 1
    left = [await databases[0].read(tokens.find_access_token, sha(f"at{n}")) for n in range(racers)]
    assert left == [None] * racers
    assert await databases[1].read(tokens.find_grant, "g1") is None
