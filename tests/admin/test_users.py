import pytest

from gatewright.admin import groups
from gatewright.admin import users
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.passwords import verify_password
from gatewright.store import changes
from gatewright.store import tokens
from gatewright.store import users as store
from gatewright.store.database import Database
from gatewright.store.records import AccessToken
from gatewright.store.records import Session
from gatewright.store.records import User
from tests.admin.support import BY
from tests.admin.support import NOW
from tests.admin.support import refused


async def _administrator(database: Database, name: str = "admin") -> User:
    return await database.write(users.create, BY, name, "$hash", groups=["Administrators"])


@pytest.mark.parametrize("name", ["", " ada", "ada ", "a\nb", "x" * 101])
async def test_bad_names_are_refused(database: Database, name: str) -> None:
    with refused("name"):
        await database.write(users.create, BY, name, None)


async def test_second_user_of_a_name_is_refused(database: Database) -> None:
    await _administrator(database)
    with refused("name"):
        await _administrator(database)


async def test_group_that_is_unknown_or_lists_nobody_is_refused(database: Database) -> None:
    with refused("groups", "groups"):
        await database.write(users.create, BY, "ada", None, groups=["Everybody", "nope"])


async def test_last_active_administrator_can_be_neither_disabled_nor_removed_nor_deleted(database: Database) -> None:
    admin = await _administrator(database)
    disabled = await _administrator(database, "disabled")
    await database.write(users.set_enabled, BY, disabled.id, False)
    without_password = await database.write(users.create, BY, "invited", None, groups=["Administrators"])
    with refused("enabled"):
        await database.write(users.set_enabled, BY, admin.id, False)
    with refused("groups"):
        await database.write(users.set_groups, BY, admin.id, ["Developers"])
    with refused("members"):
        await database.write(groups.set_members, BY, "Administrators", "user", [disabled.id, without_password.id])
    with refused("name"):
        await database.write(users.delete, BY, admin.id)
    kept = await database.read(store.with_groups, admin.id)
    assert kept is not None
    assert kept.user.enabled
    assert kept.groups == {"Administrators"}


async def test_administrator_beside_another_can_go(database: Database) -> None:
    admin, other = await _administrator(database), await _administrator(database, "other")
    await database.write(users.delete, BY, admin.id)
    assert await database.read(store.find, admin.id) is None
    with pytest.raises(Invalid):
        await database.write(users.delete, BY, other.id)


async def _with_session_and_token(database: Database) -> User:
    ada = await database.write(users.create, BY, "ada", "$hash")
    session = Session(digest=b"s" * 32, user_id=ada.id, csrf="", authenticated_at=NOW, expires_at=NOW + 9)
    await database.write(store.add_session, session)
    token = AccessToken(
        id="t", digest=b"t" * 32, client_id="c", user_id=ada.id, grant_id="g", scope=(), issued_at=NOW, expires_at=None
    )
    await database.write(tokens.add_access_token, token)
    return ada


async def test_disabled_user_is_signed_out(database: Database) -> None:
    ada = await _with_session_and_token(database)
    await database.write(users.set_enabled, BY, ada.id, False)
    assert await database.read(store.find_session, b"s" * 32) is None


async def test_sessions_and_tokens_die_with_their_user(database: Database) -> None:
    ada = await _with_session_and_token(database)
    await database.write(users.delete, BY, ada.id)
    assert await database.read(store.find_session, b"s" * 32) is None
    assert await database.read(tokens.find_access_token, b"t" * 32) is None


async def test_password_reset_ends_sessions_asks_for_a_change_and_is_audited_without_it(database: Database) -> None:
    ada = await _with_session_and_token(database)
    await database.write(users.set_password, BY, ada.id, "$other")
    kept = await database.read(users.find, ada.id)
    assert (kept.password_hash, kept.must_change_password) == ("$other", True)
    assert await database.read(store.find_session, b"s" * 32) is None
    row = (await database.read(changes.audit_page))[0]
    assert (row.action, row.before, row.after) == ("user.password", None, None)


async def test_chosen_password_is_hashed_or_refused_when_short() -> None:
    assert await verify_password("long enough", await users.hash_chosen_password("long enough"))
    with refused("password"):
        await users.hash_chosen_password("short")


def test_made_passwords_are_long_and_never_the_same() -> None:
    made = {users.make_password() for _ in range(100)}
    assert len(made) == 100
    assert {len(password) for password in made} == {19}


async def test_unknown_user_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        await database.write(users.delete, BY, "nobody")
    with pytest.raises(NotFound):
        await database.read(users.find_named, "nobody")
