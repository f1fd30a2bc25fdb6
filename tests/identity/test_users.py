import asyncio

import pytest

from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.users import LONGEST_PASSWORD
from gatewright.identity.users import change_own_password
from gatewright.identity.users import verify_password
from gatewright.kernel.errors import Invalid
from gatewright.kernel.passwords import hash_password_now
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import changes
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import Session
from gatewright.store.records import User

NOW = 1_700_000_000
SETTINGS = GlobalSettings(throttle_failures=3, throttle_window=60)
HASH = hash_password_now("correct horse")
ADA = User(id="u-1", name="ada", password_hash=HASH, created_at=NOW)


async def _attempt(database: Database, password: str, *, name: str = "ada", address: str = "::1", now: int = NOW):
    return await verify_password(database, SETTINGS, name, password, address, now)


@pytest.fixture(autouse=True)
async def _ada(database: Database) -> None:
    await database.write(users.insert, ADA)


async def test_right_password_gives_the_user(database: Database) -> None:
    assert await _attempt(database, "correct horse") == ADA


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("ada", "wrong"),
        ("ada", ""),
        ("nobody", "correct horse"),
        ("a\0da", "correct horse"),
        ("\ud800", "correct horse"),
        ("ada", "\ud800"),
        ("ada", "x" * (LONGEST_PASSWORD + 1)),
    ],
)
async def test_wrong_password_and_unknown_user_are_the_same_refusal(
    database: Database, name: str, password: str
) -> None:
    assert await _attempt(database, password, name=name) is None


async def test_disabled_user_is_refused_despite_the_right_password(database: Database) -> None:
    await database.write(users.insert, User(id="u-2", name="bob", password_hash=HASH, enabled=False))
    assert await _attempt(database, "correct horse", name="bob") is None


async def test_user_without_password_is_refused_the_empty_one(database: Database) -> None:
    await database.write(users.insert, User(id="u-2", name="bob"))
    assert await _attempt(database, "", name="bob") is None


async def test_too_many_failures_refuse_even_the_right_password_until_the_window_ends(database: Database) -> None:
    for _ in range(3):
        await _attempt(database, "wrong")
    with pytest.raises(TooManyFailures) as refusal:
        await _attempt(database, "correct horse", now=NOW + 10)
    assert refusal.value.retry_after == 50
    assert await _attempt(database, "correct horse", now=NOW + 60) == ADA


async def test_guesses_from_one_address_do_not_lock_the_user_out_elsewhere(database: Database) -> None:
    for _ in range(3):
        await _attempt(database, "wrong", address="192.0.2.1")
    assert await _attempt(database, "correct horse", address="192.0.2.2") == ADA


async def test_one_address_that_guesses_at_many_names_is_blocked(database: Database) -> None:
    for number in range(30):
        await _attempt(database, "wrong", name=f"user{number}")
    with pytest.raises(TooManyFailures):
        await _attempt(database, "correct horse")


async def test_any_number_of_successes_is_never_throttled(database: Database) -> None:
    assert [await _attempt(database, "correct horse") for _ in range(6)] == [ADA] * 6


async def test_guesses_sent_at_once_cannot_outrun_the_count(database: Database) -> None:
    outcomes = await asyncio.gather(*(_attempt(database, "wrong") for _ in range(12)), return_exceptions=True)
    assert outcomes.count(None) <= 4  # three, and one that was under way beside the third
    assert all(isinstance(outcome, TooManyFailures) for outcome in outcomes if outcome is not None)


async def _change(database: Database, current: str, new: str, session: bytes | None = None) -> None:
    await change_own_password(database, SETTINGS, ADA, current, new, address="::1", now=NOW, session=session)


async def test_changed_password_counts_and_ends_the_other_sessions(database: Database) -> None:
    for digest in (b"a" * 32, b"b" * 32):
        session = Session(digest=digest, user_id="u-1", csrf="", authenticated_at=NOW, expires_at=NOW + 9)
        await database.write(users.add_session, session)
    await _change(database, "correct horse", "battery staple", session=b"a" * 32)
    assert await _attempt(database, "correct horse") is None
    assert (await _attempt(database, "battery staple")) is not None
    assert await database.read(users.find_session, b"a" * 32) is not None
    assert await database.read(users.find_session, b"b" * 32) is None


async def test_change_of_password_is_audited_without_it(database: Database) -> None:
    await _change(database, "correct horse", "battery staple")
    (row,) = await database.read(changes.audit_page)
    assert (row.actor, row.action, row.target, row.before, row.after) == ("ada", "user.password", "ada", None, None)


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("wrong", "battery staple", "current_password"),
        ("correct horse", "short", "new_password"),
        ("correct horse", "correct horse", "new_password"),
        ("correct horse", "x" * (LONGEST_PASSWORD + 1), "new_password"),
        ("correct horse", "battery\0staple", "new_password"),
    ],
)
async def test_refused_change_of_password_names_the_field(
    database: Database, current: str, new: str, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await _change(database, current, new)
    assert [error.field for error in refusal.value.errors] == [field]
    assert await _attempt(database, "correct horse") == ADA
