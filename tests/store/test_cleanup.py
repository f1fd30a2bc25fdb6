from gatewright.store import cleanup
from gatewright.store import codes
from gatewright.store import failures
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Database
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import code
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import session
from tests.store.makers import sha
from tests.store.makers import user

LIVE, ENDED = NOW + 1, NOW


async def test_what_has_expired_goes_and_what_is_live_stays(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    for name, end in (("live", LIVE), ("ended", ENDED)):
        await database.write(tokens.add_access_token, own_token(name, expires_at=end))
        await database.write(
            tokens.add_grant,
            grant(name),
            access_token(f"of {name}", grant_id=name, expires_at=end),
            refresh_token(name, expires_at=end),
        )
        await database.write(codes.add, code(name, expires_at=end))
        await database.write(users.add_session, session(name, expires_at=end))
        await database.write(failures.count, [name], end - NOW + 10, NOW - 10)
    await database.write(tokens.add_access_token, own_token("never", expires_at=None))
    assert await database.write(cleanup.expired_rows, NOW) == 6
    assert await database.write(cleanup.expired_rows, NOW) == 0
    for name in ("live", "ended"):
        found = (
            await database.read(tokens.find_access_token, sha(name)),
            await presented(database, name),
            await database.read(codes.find, sha(name)),
            await database.read(users.find_session, sha(name)),
        )
        assert [record is not None for record in found] == [name == "live"] * 4
    assert await database.read(tokens.find_access_token, sha("never")) is not None


async def test_each_call_removes_at_most_a_batch_of_each_kind(database: Database) -> None:
    for n in range(5):
        await database.write(tokens.add_access_token, own_token(f"at{n}", expires_at=ENDED))
    removed = [await database.write(cleanup.expired_rows, NOW, batch=2) for _ in range(4)]
    assert removed == [2, 2, 1, 0]


async def test_a_grant_goes_with_its_last_token(database: Database) -> None:
    for grant_id, access_end, refresh_end in (
        ("all-ended", ENDED, ENDED),
        ("access-lives", LIVE, ENDED),
        ("refresh-lives", ENDED, LIVE),
    ):
        await database.write(
            tokens.add_grant,
            grant(grant_id),
            access_token(f"at-{grant_id}", grant_id=grant_id, expires_at=access_end),
            refresh_token(f"rt-{grant_id}", expires_at=refresh_end),
        )
    await database.write(cleanup.expired_rows, NOW)
    assert await database.read(tokens.find_grant, "all-ended") is None
    assert await database.read(tokens.find_grant, "access-lives") is not None
    assert await database.read(tokens.find_grant, "refresh-lives") is not None


async def test_a_grant_that_was_refreshed_goes_when_its_newest_token_has_ended(database: Database) -> None:
    await database.write(
        tokens.add_grant, grant(), access_token("at0", expires_at=ENDED), refresh_token("rt0", expires_at=ENDED)
    )
    later = access_token("at1", expires_at=LIVE), refresh_token("rt1", expires_at=LIVE + 1)
    await database.write(tokens.rotate_refresh_token, sha("rt0"), *later, b"answer", limit=None, grace=10, now=NOW - 9)
    for now, is_there in ((NOW, True), (LIVE, True), (LIVE + 1, False)):
        while await database.write(cleanup.expired_rows, now):
            pass
        assert (await database.read(tokens.find_grant, "g1") is not None) == is_there


async def test_a_grant_with_a_token_that_never_expires_stays(database: Database) -> None:
    await database.write(tokens.add_grant, grant(), access_token(expires_at=None), None)
    assert await database.write(cleanup.expired_rows, 10**12) == 0
    assert await database.read(tokens.find_grant, "g1") is not None
