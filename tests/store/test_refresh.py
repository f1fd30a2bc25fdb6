import asyncio
from collections import Counter

import pytest

from gatewright.store import tokens
from gatewright.store.database import Database
from gatewright.store.tokens import Refreshed
from gatewright.store.tokens import SameAnswer
from tests.store.conftest import Opener
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import grant
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import sha

GRACE = 10


async def begin(database: Database) -> None:
    await database.write(tokens.add_grant, grant(), access_token("at0"), refresh_token("rt0"))


async def rotate(
    database: Database, present: int, successor: int | None, *, limit: int | None = None, now: int = NOW, by: str = ""
) -> Refreshed | SameAnswer:
    """Present refresh token `rt<present>` for `at<successor><by>` and `rt<successor><by>`."""
    return await database.write(
        tokens.rotate_refresh_token,
        sha(f"rt{present}"),
        access_token(f"at{successor}{by}"),
        None if successor is None else refresh_token(f"rt{successor}{by}"),
        f"answer {successor}{by}".encode(),
        limit=limit,
        grace=GRACE,
        now=now,
    )


async def refreshes(database: Database) -> int | None:
    found = await database.read(tokens.find_grant, "g1")
    return None if found is None else found.refreshes_used


async def is_live(database: Database, text: str) -> bool:
    return await database.read(tokens.find_access_token, sha(text)) is not None


async def test_rotating_consumes_the_token_and_keeps_its_successor_and_the_access_token(database: Database) -> None:
    await begin(database)
    assert await rotate(database, 0, 1, now=NOW + 7) is Refreshed.DONE
    old, new = await presented(database, "rt0"), await presented(database, "rt1", family="rt0")
    assert old is not None
    assert new is not None
    assert (old.consumed, new.consumed) == (True, False)
    assert (new.issued_at, new.expires_at) == (NOW + 7, refresh_token("rt1").expires_at)
    assert await is_live(database, "at0")
    assert await is_live(database, "at1")
    assert await refreshes(database) == 1


async def test_inside_grace_the_preceding_token_gets_the_same_answer_and_counts_once(database: Database) -> None:
    await begin(database)
    await rotate(database, 0, 1)
    assert await rotate(database, 0, 2, now=NOW + GRACE - 1) == SameAnswer(b"answer 1")
    assert await refreshes(database) == 1
    assert not await is_live(database, "at2")
    assert await is_live(database, "at1")


async def test_inside_grace_the_answer_without_a_successor_is_given_again(database: Database) -> None:
    await begin(database)
    await rotate(database, 0, None, limit=1)
    assert await rotate(database, 0, None, limit=1, now=NOW + 1) == SameAnswer(b"answer None")


async def test_reuse_after_grace_revokes_the_family(database: Database) -> None:
    await begin(database)
    await rotate(database, 0, 1)
    assert await rotate(database, 0, 2, now=NOW + GRACE) is Refreshed.REUSED
    assert not await is_live(database, "at0")
    assert not await is_live(database, "at1")
    assert await presented(database, "rt1", family="rt0") is None
    assert await refreshes(database) is None


async def test_grace_ends_when_the_successor_is_used(database: Database) -> None:
    await begin(database)
    await rotate(database, 0, 1)
    await rotate(database, 1, 2, now=NOW + 1)
    assert await rotate(database, 0, 3, now=NOW + 2) is Refreshed.REUSED
    assert not await is_live(database, "at2")


async def test_a_token_long_consumed_revokes_the_family_as_the_preceding_one_does(database: Database) -> None:
    await begin(database)
    for number in range(4):
        assert await rotate(database, number, number + 1) is Refreshed.DONE
    assert await rotate(database, 1, 9) is Refreshed.REUSED
    assert await refreshes(database) is None


async def test_a_token_of_a_revoked_grant_gives_nothing(database: Database) -> None:
    await begin(database)
    await database.write(tokens.revoke_grant, "g1", NOW)
    assert await rotate(database, 0, 1) is Refreshed.EXHAUSTED
    assert not await is_live(database, "at1")


async def test_at_the_limit_the_token_gives_nothing_and_stays_as_it_was(database: Database) -> None:
    await begin(database)
    await rotate(database, 0, 1, limit=1)
    for _ in range(2):
        assert await rotate(database, 1, 2, limit=1) is Refreshed.EXHAUSTED
    assert not await is_live(database, "at2")
    assert await is_live(database, "at1")
    assert await rotate(database, 1, 2, limit=2) is Refreshed.DONE


async def test_reuse_is_seen_at_the_limit_too(database: Database) -> None:
    await begin(database)
    await rotate(database, 0, 1, limit=1)
    assert await rotate(database, 0, 2, limit=1, now=NOW + GRACE) is Refreshed.REUSED


async def test_without_rotation_each_refresh_counts_towards_the_limit(database: Database) -> None:
    await begin(database)
    answers = [await database.write(tokens.refresh, "g1", access_token(f"new{n}"), 2) for n in range(3)]
    assert answers == [Refreshed.DONE, Refreshed.DONE, Refreshed.EXHAUSTED]
    assert [await is_live(database, f"new{n}") for n in range(3)] == [True, True, False]
    assert await database.write(tokens.refresh, "g1", access_token("more"), None) is Refreshed.DONE
    assert await database.write(tokens.refresh, "no grant", access_token("none"), None) is Refreshed.EXHAUSTED


@pytest.mark.parametrize("racers", [10, 100])
async def test_of_racing_rotations_over_several_connections_one_wins_and_all_get_its_answer(
    store: Opener, racers: int
) -> None:
    databases = [await store() for _ in range(3)]
    await begin(databases[0])
    answers = await asyncio.gather(*(rotate(databases[n % 3], 0, 1, by=f"-{n}") for n in range(racers)))
    winner = answers.index(Refreshed.DONE)
    assert Counter(answers) == {Refreshed.DONE: 1, SameAnswer(f"answer 1-{winner}".encode()): racers - 1}
    assert [n for n in range(racers) if await is_live(databases[0], f"at1-{n}")] == [winner]
    assert await refreshes(databases[1]) == 1


async def test_racing_refreshes_never_pass_the_limit(store: Opener) -> None:
    databases = [await store() for _ in range(3)]
    await begin(databases[0])
    answers = await asyncio.gather(
        *(databases[n % 3].write(tokens.refresh, "g1", access_token(f"new{n}"), 5) for n in range(30))
    )
    assert Counter(answers) == {Refreshed.DONE: 5, Refreshed.EXHAUSTED: 25}


async def test_nothing_of_a_family_survives_a_revocation_that_races_its_refreshes(store: Opener) -> None:
    databases = [await store() for _ in range(3)]
    for attempt in range(10):
        family = f"family{attempt}"
        await databases[0].write(
            tokens.add_grant,
            grant(family),
            access_token(f"{family}-at", grant_id=family),
            refresh_token(f"{family}-rt"),
        )
        await asyncio.gather(
            databases[0].write(
                tokens.rotate_refresh_token,
                sha(f"{family}-rt"),
                access_token(f"{family}-at1", grant_id=family),
                refresh_token(f"{family}-rt1"),
                b"answer",
                limit=None,
                grace=GRACE,
                now=NOW,
            ),
            databases[1].write(tokens.revoke_grant, family, NOW),
            databases[2].write(tokens.refresh, family, access_token(f"{family}-at2", grant_id=family), None),
        )
        left = [await is_live(databases[0], f"{family}-{name}") for name in ("at", "at1", "at2")]
        assert left == [False, False, False]
        assert await presented(databases[0], f"{family}-rt1", family=f"{family}-rt") is None
