import pytest

from gatewright.store import access
from gatewright.store import users
from tests.console.conftest import Console
from tests.console.conftest import errors
from tests.console.conftest import summary
from tests.running import seed


async def members(console, group):
    return await console.site.parts.database.read(access.members, group)


async def groups_of(console, name):
    return await console.site.parts.database.read(users.groups, f"id-of-{name}")


async def test_added_user_can_sign_in_and_must_choose_a_password(console):
    typed = {"name": "grace", "password": "a first password", "groups": ["staff"]}
    assert await console.flash(await console.submit("/users/new", **typed)) == "User grace added."
    grace = Console(console.site)
    page = await grace.http.get("/account/login")
    form = {"csrf": page.text.split('name="csrf" value="')[1].split('"')[0], "username": "grace", "next": "/console/"}
    answer = await grace.http.post("/account/login", data={**form, "password": "a first password"})
    assert answer.headers["location"] == "/account"
    assert (await grace.get("/")).headers["location"].startswith("/account/password?")


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("name", {"name": ""}, "Name is missing."),
        ("name", {"name": "ada"}, "There is a user ada already."),
        ("password", {"password": "short"}, "8"),
        ("password", {"password": ""}, "8"),
        ("groups", {"groups": ["nobodies"]}, "There is no group 'nobodies'"),
        ("groups", {"groups": ["Everybody"]}, "Nobody is listed in the group Everybody"),
    ],
)
async def test_refused_user_says_why_and_keeps_all_but_the_password(console, field, changes, sentence):
    typed = {"name": "grace", "password": "a first password", "groups": ["staff"], **changes}
    answer = await console.submit("/users/new", **typed)
    assert answer.status_code == 422
    assert sentence in errors(answer.text)[field]
    assert f'value="{typed["name"]}"' in answer.text
    assert "a first password" not in answer.text


async def test_groups_of_a_user_are_changed(console):
    await console.flash(await console.submit("/users/edit?user=bob", groups=["staff", "Developers"]))
    assert await groups_of(console, "bob") == {"staff", "Developers"}


async def test_new_password_ends_the_users_sessions(console):
    ada = Console(console.site)
    await console.site.sign_in("ada", ada.http)
    await console.flash(await console.submit("/users/edit?user=ada", password="another password"))
    assert (await ada.get("/")).headers["location"].startswith("/account/login?")


async def test_saving_a_user_without_a_change_keeps_the_session(console):
    ada = Console(console.site)
    await console.site.sign_in("ada", ada.http)
    await console.flash(await console.submit("/users/edit?user=ada"))
    assert (await ada.get("/")).status_code == 403


async def test_second_editor_of_a_user_is_told_instead_of_undoing_the_first(console):
    page = await console.text("/users/edit?user=bob")
    await console.flash(await console.send(page, groups=["staff"]))
    second = await console.send(page, groups=["Developers"])
    assert second.status_code == 409
    assert "Somebody else changed this" in summary(second.text)
    assert await groups_of(console, "bob") == {"staff"}


async def test_last_administrator_is_kept(console):
    answers = [
        await console.submit("/users/edit?user=admin", without=("groups",)),
        await console.submit("/users/disable?user=admin"),
        await console.submit("/users/delete?user=admin"),
        await console.submit("/groups/edit?group=Administrators", without=("member",)),
    ]
    assert [answer.status_code for answer in answers] == [422] * 4
    for answer in answers:
        assert "administrator" in answer.text.lower()
    assert (await console.get("/")).status_code == 200


async def test_disabled_user_is_out_and_comes_back(console):
    tokens = await console.site.tokens(scope="orders")
    assert "1 live token" in await console.text("/users/disable?user=ada")
    await console.flash(await console.submit("/users/disable?user=ada"))
    assert not await console.site.is_active(tokens["access_token"])
    await console.flash(await console.submit("/users/enable?user=ada"))
    assert await console.site.is_active(tokens["access_token"])


async def test_deleted_user_takes_tokens_along(console):
    tokens = await console.site.tokens(scope="orders")
    await console.flash(await console.submit("/users/delete?user=ada"))
    assert not await console.site.is_active(tokens["access_token"])
    assert (await console.get("/users/edit?user=ada")).status_code == 404


async def test_users_are_listed_by_name_and_filtered(console):
    page = await console.text("/users?q=ad")
    assert "user=ada" in page
    assert "user=bob" not in page


async def test_added_group_has_the_ticked_members(console):
    typed = {"name": "partners", "description": "From outside", "member": ["user:id-of-ada", f"client:{seed.LEDGER}"]}
    await console.flash(await console.submit("/groups/new", **typed))
    assert sorted(await members(console, "partners")) == [("client", seed.LEDGER), ("user", "id-of-ada")]


async def test_members_are_added_and_removed_and_others_changes_stay(console):
    page = await console.text("/groups/edit?group=staff")
    await console.flash(await console.send(page, member=["user:id-of-ada", "user:id-of-bob"]))
    await console.flash(await console.send(page, without=("member",)))
    assert await members(console, "staff") == [("user", "id-of-bob")]


@pytest.mark.parametrize(
    ("name", "sentence"), [("", "1 to 100"), ("a/b", "1 to 100"), ("STAFF", "There is a group STAFF already.")]
)
async def test_refused_group_says_why_and_keeps_what_was_ticked(console, name, sentence):
    answer = await console.submit("/groups/new", name=name, description="typed", member=["user:id-of-ada"])
    assert answer.status_code == 422
    assert sentence in errors(answer.text)["name"]
    assert 'value="typed"' in answer.text
    again = await console.send(answer.text, name="later")
    await console.flash(again)
    assert await members(console, "later") == [("user", "id-of-ada")]


async def test_second_editor_of_a_group_is_told(console):
    page = await console.text("/groups/edit?group=staff")
    await console.flash(await console.send(page, description="first"))
    assert (await console.send(page, description="second")).status_code == 409


async def test_nobody_is_listed_in_everybody(console):
    answer = await console.submit("/groups/edit?group=Everybody", member=["user:id-of-ada"])
    assert answer.status_code == 422
    assert "follows from the request" in summary(answer.text)


async def test_group_is_deleted_unless_a_list_names_it(console):
    await console.flash(await console.submit("/groups/new", name="short-lived"))
    await console.flash(await console.submit("/groups/delete?group=short-lived"))
    refused = await console.submit("/groups/delete?group=staff")
    assert refused.status_code == 409
    assert "names the group staff" in refused.text


async def test_predefined_group_is_not_deleted(console):
    assert (await console.submit("/groups/delete?group=Developers")).status_code == 409


async def test_saved_list_is_in_force_from_the_next_call(console):
    token = await console.site.access_token()
    assert (await console.site.call("/invoke/orders/get?number=1", token)).status_code == 200
    await console.flash(await console.submit("/acls/edit", target="orders", execute=["staff"]))
    assert (await console.site.call("/invoke/orders/get?number=1", token)).status_code == 403
    await console.flash(await console.submit("/acls/edit?target=orders", execute=["staff", "Everybody"]))
    assert (await console.site.call("/invoke/orders/get?number=1", token)).status_code == 200


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("target", {"target": ""}, "There is no folder or service ''"),
        ("target", {"target": "order"}, "Did you mean 'orders'"),
        ("target", {"target": "open"}, "There is a list of open already"),
        ("execute", {"execute": ["nobodies"]}, "There is no group 'nobodies'"),
    ],
)
async def test_refused_list_says_why_and_keeps_what_was_ticked(console, field, changes, sentence):
    answer = await console.submit("/acls/edit", **{"target": "customers", "execute": ["staff"], **changes})
    assert answer.status_code == 422
    assert sentence in errors(answer.text)[field]


async def test_second_editor_of_a_list_is_told(console):
    page = await console.text("/acls/edit?target=open")
    await console.flash(await console.send(page, execute=["staff"]))
    assert (await console.send(page, execute=["Anonymous", "staff"])).status_code == 409


async def test_deleting_a_list_tells_which_one_holds_then(console):
    assert "Then the list of open holds." in await console.text("/acls/delete?target=open.staff")
    assert "every authenticated user and client" in await console.text("/acls/delete?target=orders%3Aaudit")
    token = await console.site.access_token()
    assert (await console.site.call("/invoke/orders/audit", token)).status_code == 403
    await console.flash(await console.submit("/acls/delete?target=orders%3Aaudit"))
    assert (await console.site.call("/invoke/orders/audit", token)).status_code == 200


async def test_lists_tell_how_many_services_they_decide_for(console):
    page = await console.text("/acls")
    assert "orders:audit" in page
    assert (await console.get("/acls/delete?target=nowhere")).status_code == 404
