import pytest

from gatewright.kernel.errors import Conflict
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.records import Acl
from gatewright.store.records import Group
from tests.store.makers import NOW
from tests.store.makers import client
from tests.store.makers import consent
from tests.store.makers import session
from tests.store.makers import sha
from tests.store.makers import user


async def test_a_user_is_found_by_id_and_by_name_as_it_was_kept(database: Database) -> None:
    kept = user("u1", name="ada", password_hash="$argon2id$…", must_change_password=True, created_at=NOW)
    await database.write(users.insert, kept)
    assert await database.read(users.find, "u1") == kept
    assert await database.read(users.find_named, "ada") == kept
    assert await database.read(users.find, "u2") is None
    assert await database.read(users.find_named, "Ada") is None


async def test_two_users_cannot_have_one_name(database: Database) -> None:
    await database.write(users.insert, user("u1", name="ada"))
    with pytest.raises(Conflict):
        await database.write(users.insert, user("u2", name="ada"))


async def test_an_update_of_a_former_revision_changes_nothing(database: Database) -> None:
    await database.write(users.insert, user("u1", name="ada"))
    assert await database.write(users.update, user("u1", name="ada", enabled=False, revision=1), NOW)
    assert not await database.write(users.update, user("u1", name="eve", revision=1), NOW)
    assert await database.read(users.find, "u1") == user("u1", name="ada", enabled=False, revision=2)


async def test_deleting_a_user_leaves_nothing_that_refers_to_them(database: Database) -> None:
    await database.write(clients.insert, client("c1"))
    for user_id in ("u1", "u2"):
        await database.write(users.insert, user(user_id))
        await database.write(users.add_session, session(f"se-{user_id}", user_id=user_id))
        await database.write(users.remember_consent, consent(user_id=user_id))
        await database.write(access.set_groups, "user", user_id, ["Developers"], NOW)
    assert await database.write(users.delete, "u1", NOW)
    assert not await database.write(users.delete, "u1", NOW)
    assert await database.read(users.with_groups, "u1") is None
    assert await database.read(users.find_session, sha("se-u1")) is None
    assert await database.read(users.find_session, sha("se-u2")) is not None
    assert await database.read(users.find_consent, "u1", "c1") is None
    assert await database.read(access.members, "Developers") == [("user", "u2")]


async def test_users_are_listed_by_name_page_after_page_and_searched(database: Database) -> None:
    for n, name in enumerate(["eve", "Bob", "ada", "d_n"]):
        await database.write(users.insert, user(f"u{n}", name=name))
    assert [u.name for u in await database.read(users.page, limit=3)] == ["Bob", "ada", "d_n"]
    assert [u.name for u in await database.read(users.page, ("d_n",), limit=3)] == ["eve"]
    assert [u.name for u in await database.read(users.page, search="bO")] == ["Bob"]
    assert [u.name for u in await database.read(users.page, search="_")] == ["d_n"]


async def test_a_session_is_found_until_it_is_ended(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    kept = session()
    await database.write(users.add_session, kept)
    assert await database.read(users.find_session, kept.digest) == kept
    await database.write(users.end_session, kept.digest)
    assert await database.read(users.find_session, kept.digest) is None


async def test_all_sessions_of_a_user_can_be_ended_but_the_present_one(database: Database) -> None:
    for user_id in ("u1", "u2"):
        await database.write(users.insert, user(user_id))
    for text, user_id in (("se1", "u1"), ("se2", "u1"), ("se3", "u2")):
        await database.write(users.add_session, session(text, user_id=user_id))
    await database.write(users.end_sessions, "u1", sha("se1"))
    found = [await database.read(users.find_session, sha(text)) for text in ("se1", "se2", "se3")]
    assert [s is not None for s in found] == [True, False, True]
    await database.write(users.end_sessions, "u1")
    assert await database.read(users.find_session, sha("se1")) is None


async def test_a_session_of_nobody_is_refused(database: Database) -> None:
    with pytest.raises(Conflict):
        await database.write(users.add_session, session(user_id="nobody"))


async def test_a_consent_replaces_the_former_one_and_can_be_forgotten(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(clients.insert, client("c1"))
    await database.write(users.remember_consent, consent(scope=("a",)))
    await database.write(users.remember_consent, consent(scope=("a", "b")))
    assert await database.read(users.find_consent, "u1", "c1") == consent(scope=("a", "b"))
    await database.write(users.forget_consent, "u1", "c1")
    assert await database.read(users.find_consent, "u1", "c1") is None


async def test_the_predefined_groups_are_there_and_stay(database: Database) -> None:
    predefined = {group.name for group in await database.read(access.all_groups) if group.predefined}
    roles = {"Administrators", "Client Administrators", "Read-only Administrators"}
    assert predefined == roles | {"Developers", "Everybody", "Anonymous"}
    for name in ("Everybody", "Client Administrators"):
        assert not await database.write(access.delete_group, name, NOW)
    assert {group.name for group in await database.read(access.all_groups)} == predefined


async def test_a_group_is_kept_changed_and_deleted_with_its_memberships(database: Database) -> None:
    await database.write(access.save_group, Group(name="ops", description="old"), NOW)
    await database.write(access.save_group, Group(name="ops", description="new"), NOW)
    assert Group(name="ops", description="new") in await database.read(access.all_groups)
    await database.write(users.insert, user("u1"))
    await database.write(access.set_members, "ops", "user", ["u1"], NOW)
    assert await database.write(access.delete_group, "ops", NOW)
    found = await database.read(users.with_groups, "u1")
    assert found is not None
    assert found.groups == frozenset()


async def test_changing_a_predefined_group_keeps_it_predefined(database: Database) -> None:
    await database.write(access.save_group, Group(name="Developers", description="mine"), NOW)
    assert Group(name="Developers", description="mine", predefined=True) in await database.read(access.all_groups)


async def test_members_of_one_kind_are_replaced_and_the_other_kind_stays(database: Database) -> None:
    await database.write(access.set_members, "Developers", "user", ["u1", "u2"], NOW)
    await database.write(access.set_members, "Developers", "client", ["c1"], NOW)
    await database.write(access.set_members, "Developers", "user", ["u3"], NOW)
    assert await database.read(access.members, "Developers") == [("client", "c1"), ("user", "u3")]


async def test_groups_of_a_principal_are_replaced(database: Database) -> None:
    await database.write(users.insert, user("u1"))
    await database.write(access.set_groups, "user", "u1", ["Developers", "Administrators"], NOW)
    await database.write(access.set_groups, "user", "u1", ["Administrators"], NOW)
    found = await database.read(users.with_groups, "u1")
    assert found == users.UserWithGroups(user("u1"), frozenset({"Administrators"}))


async def test_membership_of_a_group_that_does_not_exist_is_refused(database: Database) -> None:
    with pytest.raises(Conflict):
        await database.write(access.set_groups, "user", "u1", ["missing"], NOW)


async def test_an_acl_replaces_the_former_one_of_its_target(database: Database) -> None:
    await database.write(access.save_acl, Acl(target="orders", execute=("ops",)), NOW)
    await database.write(access.save_acl, Acl(target="orders", execute=("ops", "Developers")), NOW)
    await database.write(access.save_acl, Acl(target="customers:get", execute=()), NOW)
    assert await database.read(access.all_acls) == {"orders": ("ops", "Developers"), "customers:get": ()}
    assert await database.write(access.delete_acl, "orders", NOW)
    assert not await database.write(access.delete_acl, "orders", NOW)
    assert await database.read(access.all_acls) == {"customers:get": ()}
