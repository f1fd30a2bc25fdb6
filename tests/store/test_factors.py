import asyncio

import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import clients
from gatewright.store import factors
from gatewright.store import passkeys
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import Totp
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import client
from tests.store.makers import consent
from tests.store.makers import grant
from tests.store.makers import passkey
from tests.store.makers import presented
from tests.store.makers import refresh_token
from tests.store.makers import session
from tests.store.makers import sha
from tests.store.makers import user

APP = Totp(user_id="u1", sealed=b"sealed", last_step=10, created_at=NOW)


async def test_a_time_step_used_by_ten_callers_has_one_winner_and_takes_earlier_ones_with_it(
    database: Database,
) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(factors.save_totp, APP)
    won = await asyncio.gather(*(database.write(factors.use_step, "u1", 12) for _ in range(10)))
    assert won.count(True) == 1
    assert not await database.write(factors.use_step, "u1", 11)
    assert await database.write(factors.use_step, "u1", 13)
    assert not await database.write(factors.use_step, "u2", 99)


async def test_another_app_takes_the_place_of_the_first(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(factors.save_totp, APP)
    other = Totp(user_id="u1", sealed=b"other", last_step=3, created_at=NOW + 1)
    await database.write(factors.save_totp, other)
    assert await database.read(factors.find_totp, "u1") == other
    assert await database.write(factors.remove_totp, "u1")
    assert not await database.write(factors.remove_totp, "u1")
    assert await database.read(factors.find_totp, "u1") is None


async def test_a_recovery_code_used_by_ten_callers_has_one_winner(database: Database) -> None:
    for user_id in ("u1", "u2"):
        await database.write(users.insert, user(user_id, name=user_id))
        await database.write(factors.set_recovery_codes, user_id, [sha("r1"), sha("r2")])
    won = await asyncio.gather(*(database.write(factors.use_recovery_code, "u1", sha("r1")) for _ in range(10)))
    assert won.count(True) == 1
    assert await database.read(factors.count_recovery_codes, "u1") == 1
    assert await database.read(factors.count_recovery_codes, "u2") == 2
    await database.write(factors.set_recovery_codes, "u1", [sha("r3")])
    assert not await database.write(factors.use_recovery_code, "u1", sha("r2"))


async def test_a_waiting_sign_in_ends_once_and_in_time(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(factors.add_pending, sha("p1"), "u1", NOW + 60)
    assert await database.read(factors.find_pending, sha("p1"), NOW + 59) == "u1"
    assert await database.read(factors.find_pending, sha("p1"), NOW + 60) is None
    assert await database.write(factors.end_pending, sha("p1"))
    assert not await database.write(factors.end_pending, sha("p1"))


async def test_ending_all_sessions_ends_sign_ins_that_wait(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(factors.add_pending, sha("p1"), "u1", NOW + 60)
    for text in ("se1", "se2"):
        await database.write(users.add_session, session(text))
    assert await database.write(users.end_sessions, "u1", but=sha("se1")) == 1
    assert await database.read(factors.find_pending, sha("p1"), NOW) is None
    assert [each.digest for each in await database.read(users.sessions, "u1", NOW)] == [sha("se1")]


async def test_a_passkey_is_found_as_it_was_kept_and_belongs_to_one_user(database: Database) -> None:
    for user_id in ("u1", "u2"):
        await database.write(users.insert, user(user_id, name=user_id))
    await database.write(passkeys.insert, passkey())
    assert await database.read(passkeys.find, b"k1") == passkey()
    assert await database.read(passkeys.of_user, "u1") == [passkey()]
    with pytest.raises(Conflict):
        await database.write(passkeys.insert, passkey(user_id="u2"))
    assert not await database.write(passkeys.rename, "u2", b"k1", "Mine")
    assert not await database.write(passkeys.remove, "u2", b"k1")
    assert await database.write(passkeys.rename, "u1", b"k1", "Phone")
    assert (await database.read(passkeys.of_user, "u1"))[0].name == "Phone"
    assert await database.write(passkeys.remove, "u1", b"k1")


@pytest.mark.parametrize(("before", "now", "goes_on"), [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)])  # fmt: skip
async def test_a_passkeys_counter_must_go_on_unless_it_has_none(
    database: Database, before: int, now: int, goes_on: bool
) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(passkeys.insert, passkey(sign_count=before))
    assert await database.write(passkeys.use, b"k1", now, NOW + 9) is goes_on
    kept = await database.read(passkeys.find, b"k1")
    assert kept is not None
    assert (kept.sign_count, kept.used_at) == ((now, NOW + 9) if goes_on else (before, None))


async def test_users_with_an_app_or_a_passkey_are_told_apart(database: Database) -> None:
    for user_id in ("u1", "u2", "u3"):
        await database.write(users.insert, user(user_id, name=user_id))
    await database.write(factors.save_totp, APP)
    await database.write(passkeys.insert, passkey(user_id="u2"))
    assert await database.read(factors.having, ["u1", "u2", "u3"]) == {"u1", "u2"}
    assert await database.read(factors.having, ["u3"]) == frozenset()
    assert await database.read(factors.having, []) == frozenset()


async def test_deleting_a_user_takes_factors_along(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(factors.save_totp, APP)
    await database.write(factors.set_recovery_codes, "u1", [sha("r1")])
    await database.write(factors.add_pending, sha("p1"), "u1", NOW + 60)
    await database.write(passkeys.insert, passkey())
    await database.write(users.delete, "u1", NOW)
    assert await database.read(factors.find_totp, "u1") is None
    assert await database.read(factors.count_recovery_codes, "u1") == 0
    assert await database.read(factors.find_pending, sha("p1"), NOW) is None
    assert await database.read(passkeys.find, b"k1") is None


async def test_a_user_holds_the_grants_that_have_a_live_token(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(tokens.add_grant, grant("g1"), access_token("at1", expires_at=NOW + 9), None)
    await database.write(
        tokens.add_grant,
        grant("g2"),
        access_token("at2", grant_id="g2", expires_at=NOW + 9),
        refresh_token("rt2", expires_at=NOW + 99),
    )
    held = await database.read(tokens.held_grants, "u1", NOW)
    assert sorted((each.grant.id, each.live, each.refreshable) for each in held) == [("g1", 1, False), ("g2", 1, True)]
    (later,) = await database.read(tokens.held_grants, "u1", NOW + 9)
    assert (later.grant.id, later.live, later.refreshable) == ("g2", 0, True)
    assert await database.read(tokens.held_grants, "u2", NOW) == []


async def test_a_user_ends_what_one_client_holds(database: Database) -> None:
    for n, (user_id, client_id) in enumerate([("u1", "c1"), ("u1", "c2"), ("u2", "c1")]):
        of = {"user_id": user_id, "client_id": client_id}
        token = access_token(f"at{n}", grant_id=f"g{n}", **of)
        await database.write(tokens.add_grant, grant(f"g{n}", **of), token, refresh_token(f"rt{n}"))
    assert await database.write(tokens.revoke_user_client, "u1", "c1", NOW) == 2
    found = [await database.read(tokens.find_access_token, sha(f"at{n}")) is not None for n in range(3)]
    assert found == [False, True, True]
    assert await presented(database, "rt0") is None
    assert await database.write(tokens.revoke_user_client, "u1", "c1", NOW) == 0


async def test_remembered_consents_are_listed_by_client(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    for client_id in ("c2", "c1"):
        await database.write(clients.insert, client(client_id, name=client_id))
        await database.write(users.remember_consent, consent(client_id))
    assert [each.client_id for each in await database.read(users.consents, "u1")] == ["c1", "c2"]
    assert await database.write(users.forget_consent, "u1", "c1")
    assert not await database.write(users.forget_consent, "u1", "c1")
