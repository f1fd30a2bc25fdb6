"""Calls that wait for one group, done as one: each ends as if it had been alone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import codes
from gatewright.store import token_groups
from gatewright.store import tokens
from gatewright.store.database import Database
from gatewright.store.database import NotTogether
from gatewright.store.sqlite import SqliteTransaction
from gatewright.store.sqlite import connect
from gatewright.store.tokens import Refreshed
from gatewright.store.tokens import SameAnswer
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import code
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import sha

MANY = 40


async def add_family(database: Database, name: str) -> None:
    first = access_token(f"at {name}", grant_id=name)
    await database.write(tokens.add_grant, grant(name), first, refresh_token(f"rt {name}"))


async def rotate(
    database: Database, family: str, by: str, *, limit: int | None = None, now: int = NOW
) -> Refreshed | SameAnswer:
    return await database.write(
        tokens.rotate_refresh_token,
        sha(f"rt {family}"),
        access_token(f"at {family} {by}", grant_id=family),
        refresh_token(f"rt {family} {by}"),
        f"answer {family} {by}".encode(),
        limit=limit,
        grace=10,
        now=now,
    )


async def is_rotated(database: Database, family: str, by: str) -> bool:
    """Whether everything is as the rotation of this family alone leaves it."""
    old = await presented(database, f"rt {family}")
    new = await presented(database, f"rt {family} {by}", family=f"rt {family}")
    again = await rotate(database, family, "again")
    access = await database.read(tokens.find_access_token, sha(f"at {family} {by}"))
    counted = await database.read(tokens.find_grant, family)
    assert old is not None
    assert new is not None
    assert access is not None
    assert counted is not None
    return (
        again == SameAnswer(f"answer {family} {by}".encode())
        and (old.consumed, new.consumed) == (True, False)
        and (new.issued_at, new.expires_at, new.grant.id) == (NOW, NOW + 86400, family)
        and access.grant_id == family
        and counted.refreshes_used == 1
    )


async def test_many_rotations_at_once_keep_each_family_apart(database: Database) -> None:
    families = [f"g{number}" for number in range(MANY)]
    for family in families:
        await add_family(database, family)
    outcomes = await asyncio.gather(*(rotate(database, family, "x") for family in families))
    assert set(outcomes) == {Refreshed.DONE}
    for family in families:
        assert await is_rotated(database, family, "x")


async def test_two_rotations_of_one_token_beside_others_end_as_if_alone(database: Database) -> None:
    for family in ("g1", "g2", "g3"):
        await add_family(database, family)
    outcomes = await asyncio.gather(
        rotate(database, "g1", "x"),
        rotate(database, "g2", "x"),
        rotate(database, "g2", "y"),
        rotate(database, "g3", "x"),
    )
    assert outcomes[0] is outcomes[3] is Refreshed.DONE
    assert sorted(map(str, outcomes[1:3])) in (
        sorted(map(str, (Refreshed.DONE, SameAnswer(b"answer g2 x")))),
        sorted(map(str, (Refreshed.DONE, SameAnswer(b"answer g2 y")))),
    )
    assert await is_rotated(database, "g1", "x")
    assert await is_rotated(database, "g3", "x")


async def test_a_used_up_and_a_revoked_family_beside_others_are_refused_alone(database: Database) -> None:
    for family in ("g1", "g2", "g3", "g4"):
        await add_family(database, family)
    await database.write(tokens.revoke_grant, "g2", NOW)
    outcomes = await asyncio.gather(
        rotate(database, "g1", "x"),
        rotate(database, "g2", "x"),
        rotate(database, "g3", "x", limit=0),
        rotate(database, "g4", "x", now=NOW + 1),
    )
    assert outcomes == [Refreshed.DONE, Refreshed.EXHAUSTED, Refreshed.EXHAUSTED, Refreshed.DONE]
    assert await is_rotated(database, "g1", "x")
    assert await presented(database, "rt g2 x", family="rt g2") is None
    left = await presented(database, "rt g3")
    assert left is not None
    assert not left.consumed


async def redeem(database: Database, name: str, by: str, *, refreshable: bool = True) -> bool:
    return await database.write(
        codes.redeem,
        sha(f"code {name}"),
        grant(name),
        access_token(f"at {name} {by}", grant_id=name),
        refresh_token(f"rt {name} {by}") if refreshable else None,
        NOW,
    )


async def test_many_redemptions_at_once_keep_each_grant_apart(database: Database) -> None:
    names = [f"g{number}" for number in range(MANY)]
    for name in names:
        await database.write(codes.add, code(f"code {name}", grant_id=name))
    outcomes = await asyncio.gather(
        *(redeem(database, name, "x", refreshable=number % 2 == 0) for number, name in enumerate(names))
    )
    assert outcomes == [True] * MANY
    for number, name in enumerate(names):
        assert await database.read(tokens.find_grant, name) == grant(name)
        assert await database.read(tokens.find_access_token, sha(f"at {name} x")) is not None
        found = await presented(database, f"rt {name} x")
        assert (found is not None) == (number % 2 == 0)


async def test_a_replayed_code_beside_others_takes_what_came_from_it_and_nothing_else(database: Database) -> None:
    for name in ("g1", "g2", "g3"):
        await database.write(codes.add, code(f"code {name}", grant_id=name))
    outcomes = await asyncio.gather(
        *(redeem(database, *call) for call in (("g1", "x"), ("g2", "x"), ("g2", "y"), ("g3", "x")))
    )
    assert outcomes[0]
    assert sorted(outcomes[1:3]) == [False, True]
    assert outcomes[3]
    assert await database.read(tokens.find_grant, "g2") is None
    assert await database.read(tokens.find_access_token, sha("at g1 x")) is not None
    assert await database.read(tokens.find_access_token, sha("at g3 x")) is not None


async def test_one_token_that_cannot_be_kept_fails_alone(database: Database) -> None:
    taken = own_token("taken")
    await database.write(tokens.add_access_token, taken)
    outcomes = await asyncio.gather(
        *(database.write(tokens.add_access_token, token) for token in (own_token("a"), taken, own_token("b"))),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), Conflict, type(None)]
    for text in ("a", "b"):
        assert await database.read(tokens.find_access_token, sha(text)) is not None


class Counting(SqliteTransaction):
    """A transaction that counts its statements."""

    statements = 0

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        self.statements += 1
        return super().execute(sql, parameters)


@pytest.fixture
def counting(sqlite_path: Path) -> Counting:
    return Counting(connect(sqlite_path), lambda: None)


def test_many_rotations_take_one_statement_for_each_table(counting: Counting) -> None:
    calls = []
    for number in range(MANY):
        name = f"g{number}"
        first = refresh_token(f"rt {name}")
        tokens.add_grant(counting, grant(name), access_token(f"at {name}", grant_id=name), first)
        new = access_token(f"at {name} x", grant_id=name), refresh_token(f"rt {name} x")
        calls.append(((first.digest, *new, b"answer"), {"limit": None, "grace": 10, "now": NOW}))
    counting.statements = 0
    assert token_groups.rotate_refresh_tokens(counting, calls) == [Refreshed.DONE] * MANY
    assert counting.statements == 2
    with pytest.raises(NotTogether):
        token_groups.rotate_refresh_tokens(counting, calls)
