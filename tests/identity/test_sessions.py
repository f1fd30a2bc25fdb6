import msgspec
import pytest

from gatewright.identity.sessions import csrf_matches
from gatewright.identity.sessions import end_session
from gatewright.identity.sessions import find_session
from gatewright.identity.sessions import make_csrf_token
from gatewright.identity.sessions import start_session
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import access
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import User

NOW = 1_700_000_000
SETTINGS = GlobalSettings(session_lifetime=600)
ADA = User(id="u-1", name="ada")


@pytest.fixture(autouse=True)
async def _ada(database: Database) -> None:
    await database.write(users.insert, ADA)
    await database.write(access.set_groups, "user", "u-1", ["Administrators"], NOW)


async def test_cookie_finds_its_session_user_and_groups(database: Database) -> None:
    started = await start_session(database, SETTINGS, "u-1", NOW)
    found = await find_session(database, started.cookie, NOW + 599)
    assert found is not None
    assert (found.user.user, found.user.groups) == (ADA, {"Administrators"})
    assert found.session == started.session


async def test_session_ends_after_its_lifetime(database: Database) -> None:
    started = await start_session(database, SETTINGS, "u-1", NOW)
    assert await find_session(database, started.cookie, NOW + 600) is None


async def test_signed_out_session_is_not_found(database: Database) -> None:
    started = await start_session(database, SETTINGS, "u-1", NOW)
    await end_session(database, started.session)
    assert await find_session(database, started.cookie, NOW) is None


async def test_session_of_a_disabled_user_is_not_found(database: Database) -> None:
    started = await start_session(database, SETTINGS, "u-1", NOW)
    await database.write(users.update, msgspec.structs.replace(ADA, enabled=False), NOW)
    assert await find_session(database, started.cookie, NOW) is None


@pytest.mark.parametrize("cookie", ["", "gw_se_", "gw_se_" + "0" * 50, "\ud800", "x" * 10_000])
async def test_made_up_cookie_finds_nothing(database: Database, cookie: str) -> None:
    assert await find_session(database, cookie, NOW) is None


async def test_each_session_has_a_cookie_and_a_csrf_token_of_its_own(database: Database) -> None:
    one, other = [await start_session(database, SETTINGS, "u-1", NOW) for _ in range(2)]
    assert one.cookie != other.cookie
    assert not csrf_matches(one.session.csrf, other.session.csrf)


def test_csrf_token_matches_itself_only() -> None:
    token = make_csrf_token()
    assert csrf_matches(token, token)
    assert not csrf_matches(token, token + "x")
    assert not csrf_matches(token, "\ud800")
    assert not csrf_matches("", "")
