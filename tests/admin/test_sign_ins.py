"""What an administrator ends of a user's sign-ins."""

import pytest

from gatewright.admin import sign_ins
from gatewright.admin import users as operations
from gatewright.admin.audit import page as audit_page
from gatewright.kernel.errors import NotFound
from gatewright.store import factors
from gatewright.store import passkeys
from gatewright.store import users
from gatewright.store.records import Totp
from gatewright.store.sqlite import SqliteDatabase
from tests.admin.support import BY
from tests.store.makers import passkey
from tests.store.makers import session
from tests.store.makers import sha


async def ada(database: SqliteDatabase) -> str:
    return (await database.write(operations.create, BY, "ada", "$argon2id$…")).id


async def with_factors(database: SqliteDatabase) -> str:
    user_id = await ada(database)
    await database.write(factors.save_totp, Totp(user_id=user_id, sealed=b"s", last_step=1, created_at=BY.now))
    await database.write(factors.set_recovery_codes, user_id, [sha("r1")])
    await database.write(passkeys.insert, passkey(user_id=user_id))
    await database.write(users.add_session, session("se1", user_id=user_id, expires_at=BY.now + 60))
    return user_id


async def test_reset_factors_are_gone_with_recovery_codes_and_sessions(database: SqliteDatabase) -> None:
    user_id = await with_factors(database)
    assert await database.write(sign_ins.reset_factors, BY, user_id)
    assert await database.read(factors.find_totp, user_id) is None
    assert await database.read(factors.count_recovery_codes, user_id) == 0
    assert await database.read(passkeys.of_user, user_id) == []
    assert await database.read(users.sessions, user_id, BY.now) == []
    assert not await database.write(sign_ins.reset_factors, BY, user_id)
    actions = [row.action for row in await database.read(audit_page)]
    assert actions.count("user.reset_factors") == 1


async def test_one_session_is_ended_and_only_of_that_user(database: SqliteDatabase) -> None:
    user_id = await with_factors(database)
    other = (await database.write(operations.create, BY, "bob", None)).id
    await database.write(users.add_session, session("se2", user_id=user_id, expires_at=BY.now + 60))
    with pytest.raises(NotFound):
        await database.write(sign_ins.end_session, BY, other, sha("se1"))
    await database.write(sign_ins.end_session, BY, user_id, sha("se1"))
    assert [each.digest for each in await database.read(users.sessions, user_id, BY.now)] == [sha("se2")]
    with pytest.raises(NotFound):
        await database.write(sign_ins.end_session, BY, user_id, sha("se1"))
    assert await database.write(sign_ins.end_sessions, BY, user_id) == 1
    assert await database.write(sign_ins.end_sessions, BY, user_id) == 0
