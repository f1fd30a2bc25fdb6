"""Administrators' roles at the console's door, and the proof of identity before what is sensitive."""

import re

import pytest
from starlette.routing import Route

from gatewright.console import permissions
from gatewright.console.routes import console_routes
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import users
from tests.console.conftest import Console
from tests.console.conftest import Form
from tests.running import seed
from tests.running.site import NOW
from tests.running.site import Site
from tests.running.site import value

CLIENTS = "Client Administrators"
READERS = "Read-only Administrators"


async def enter(site: Site, *groups: str) -> Console:
    """The console as ada sees it, a member of these groups."""
    await site.parts.database.write(access.set_groups, "user", "id-of-ada", groups, NOW)
    console = Console(site)
    await site.sign_in("ada", console.http)
    return console


async def csrf(console: Console) -> str:
    page = await console.http.get("/account/sessions")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found
    return found[1]


async def test_every_address_that_changes_something_says_which_operation_it_is(site: Site) -> None:
    undeclared = [
        route.path
        for route in console_routes(site.parts)
        if isinstance(route, Route)
        and "POST" in (route.methods or ())
        and not permissions.is_declared(route.path.removeprefix("/console"))
    ]
    assert undeclared == []


@pytest.mark.parametrize("groups", [(), ("staff", "Developers")])
async def test_somebody_without_a_role_sees_nothing(site: Site, groups: tuple[str, ...]) -> None:
    console = await enter(site, *groups)
    for path in ("", "/", "/oauth/clients", "/users", "/nothing"):
        answer = await console.get(path)
        assert answer.status_code == 403
        assert "Read-only Administrators" in answer.text
        assert "Ledger" not in answer.text


@pytest.mark.parametrize(
    "path",
    ["/", "/oauth", "/oauth/clients", "/oauth/scopes", "/oauth/tokens", "/oauth/keys", "/users", "/groups", "/acls", "/packages"],
)  # fmt: skip
async def test_read_only_administrators_look_at_every_list(site: Site, path: str) -> None:
    console = await enter(site, READERS)
    assert (await console.get(path)).status_code == 200


async def test_a_form_that_may_only_be_looked_at_has_every_field_off_and_says_why(site: Site) -> None:
    console = await enter(site, READERS)
    page = await console.text(f"/oauth/clients/edit?client_id={seed.LEDGER}")
    assert f"a member of the group {CLIENTS}" in page
    inside = page.partition('<fieldset class="looked-at" disabled>')[2]
    assert 'name="redirect_uris"' in inside
    assert f"a member of the group {CLIENTS}" not in await (await enter(site, CLIENTS)).text(
        f"/oauth/clients/edit?client_id={seed.LEDGER}"
    )


@pytest.mark.parametrize(
    ("group", "path", "wanted"),
    [
        (READERS, f"/oauth/clients/delete?client_id={seed.LEDGER}", CLIENTS),
        (READERS, f"/oauth/clients/secret?client_id={seed.LEDGER}", CLIENTS),
        (READERS, "/oauth/scopes/new", CLIENTS),
        (READERS, "/users/new", "Administrators"),
        (CLIENTS, "/users/new", "Administrators"),
        (CLIENTS, "/users/delete?user=bob", "Administrators"),
        (CLIENTS, "/oauth/keys/rotate", "Administrators"),
        (CLIENTS, "/services/new", "Administrators"),
    ],
)
async def test_a_page_for_another_role_names_it(site: Site, group: str, path: str, wanted: str) -> None:
    answer = await (await enter(site, group)).get(path)
    assert answer.status_code == 403
    assert f"a member of the group {wanted}." in answer.text


CHANGES = [
    (f"/oauth/clients/edit?client_id={seed.LEDGER}", {"name": "Taken", "version": "1.0"}),
    (f"/oauth/clients/delete?client_id={seed.LEDGER}", {}),
    (f"/oauth/clients/disable?client_id={seed.LEDGER}", {}),
    ("/oauth/settings", {"require_https": "never"}),
    ("/users/new", {"name": "mallory", "password": "a long enough one", "groups": "Administrators"}),
    ("/users/edit?user=ada", {"groups": "Administrators"}),
    ("/groups/edit?group=Administrators", {"member": "user:id-of-ada"}),
    ("/acls/edit", {"target": "orders", "execute": "Anonymous"}),
    ("/oauth/keys/rotate", {"algorithm": "ES256"}),
    ("/services/run?name=orders:greet", {"input": "{}"}),
    ("/services/save?name=orders:greet", {"source": "x"}),
    ("/services/rename?name=orders:greet", {"to": "orders:hello"}),
    ("/services/delete?name=orders:greet", {}),
    ("/services/restore?name=orders:greet&version=x", {}),
    ("/services/resume?name=orders:greet", {"source": "x"}),
    ("/services/conflict?name=orders:greet", {"source": "x"}),
    ("/services/example?name=orders:greet", {"example": "a", "input": "{}"}),
    ("/services/tests?name=orders:greet", {}),
    ("/services/tests/add?name=orders:greet", {"case": "a", "input": "{}", "output": "{}"}),
]


@pytest.mark.parametrize(("path", "fields"), CHANGES)
async def test_read_only_administrators_change_nothing_by_a_direct_post(
    site: Site, path: str, fields: dict[str, str]
) -> None:
    """Role escalation."""
    console = await enter(site, READERS)
    answer = await console.http.post(f"/console{path}", data={"csrf": await csrf(console), **fields})
    assert answer.status_code == 403
    assert "group" in answer.text


@pytest.mark.parametrize(("path", "fields"), CHANGES[3:])
async def test_client_administrators_change_nothing_else_by_a_direct_post(
    site: Site, path: str, fields: dict[str, str]
) -> None:
    """Role escalation."""
    console = await enter(site, CLIENTS)
    answer = await console.http.post(f"/console{path}", data={"csrf": await csrf(console), **fields})
    assert answer.status_code == 403
    assert await site.parts.database.read(users.groups, "id-of-ada") == {CLIENTS}
    assert await site.parts.database.read(users.find_named, "mallory") is None


async def test_client_administrators_change_clients(site: Site) -> None:
    console = await enter(site, CLIENTS)
    path = f"/oauth/clients/edit?client_id={seed.LEDGER}"
    assert "Ledger" in await console.flash(await console.submit(path, description="changed"))
    client = await site.parts.database.read(clients.find, seed.LEDGER)
    assert client is not None
    assert client.description == "changed"


@pytest.mark.parametrize(("group", "lands"), [(READERS, "/console/"), ("staff", "/account")])
async def test_signing_in_leads_to_the_console_those_who_may_enter_it(site: Site, group: str, lands: str) -> None:
    await site.parts.database.write(access.set_groups, "user", "id-of-ada", (group,), NOW)
    page = await site.http.get("/account/login")
    fields = {name: value(page.text, name) for name in ("csrf", "next")}
    answer = await site.http.post("/account/login", data={**fields, "username": "ada", "password": seed.PASSWORD})
    assert answer.headers["location"] == lands


async def test_a_role_taken_away_ends_at_once(site: Site) -> None:
    console = await enter(site, CLIENTS)
    page = await console.text(f"/oauth/clients/disable?client_id={seed.LEDGER}")
    await site.parts.database.write(access.set_groups, "user", "id-of-ada", (READERS,), NOW)
    assert (await console.send(page)).status_code == 403


async def test_what_is_sensitive_asks_for_the_password_once_some_time_has_passed(console: Console, site: Site) -> None:
    site.clock.forward(601)
    asked = await console.submit("/users/new", name="eve", password="another long one", must_change_password=None)
    assert asked.status_code == 403
    assert "Is it you, admin?" in asked.text
    assert await site.parts.database.read(users.find_named, "eve") is None
    done = await console.send(asked.text, proof_password=seed.PASSWORD)
    assert await console.flash(done) == "User eve added."
    again = await console.submit("/users/new", name="eve2", password="another long one")
    assert await console.flash(again) == "User eve2 added."


async def test_a_wrong_password_proves_nothing_and_is_counted(console: Console, site: Site) -> None:
    await site.change_settings(throttle_failures=2, throttle_window=80)
    site.clock.forward(601)
    asked = await console.submit("/oauth/keys/rotate?algorithm=ES256")
    for _ in range(2):
        asked = await console.send(asked.text, proof_password="wrong")
        assert asked.status_code == 403
        assert "This is not your password." in asked.text
    refused = await console.send(asked.text, proof_password=seed.PASSWORD)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "80")


async def test_proof_from_elsewhere_is_refused(console: Console, site: Site) -> None:
    site.clock.forward(601)
    asked = await console.submit("/users/new", name="eve", password="another long one")
    form = dict(Form(asked.text).fields) | {"csrf": "guessed", "proof_password": seed.PASSWORD}
    answer = await console.http.post("/console/users/new", data=form)
    assert answer.status_code == 403
    assert "Not saved" in answer.text
    assert await site.parts.database.read(users.find_named, "eve") is None


async def test_the_form_carried_on_is_escaped(console: Console, site: Site) -> None:
    site.clock.forward(601)
    asked = await console.submit("/users/new", name='"><script>alert(1)</script>', password="another long one")
    assert "<script>alert" not in asked.text


async def test_how_long_proof_lasts_is_a_setting(console: Console, site: Site) -> None:
    await site.change_settings(reauthentication_age=60)
    site.clock.forward(60)
    assert "eve added" in await console.flash(
        await console.submit("/users/new", name="eve", password="another long one")
    )
    site.clock.forward(1)
    assert "Is it you" in (await console.submit("/users/new", name="eve2", password="another long one")).text


async def test_looking_needs_no_proof(console: Console, site: Site) -> None:
    site.clock.forward(7200)
    for path in ("/users/edit?user=ada", "/users/new", "/oauth/keys"):
        assert "Is it you" not in await console.text(path)


async def test_nobody_makes_a_secret_of_a_client_that_may_do_more(site: Site) -> None:
    await site.parts.database.write(access.set_groups, "client", seed.RIVAL, ["Administrators"], NOW)
    console = await enter(site, CLIENTS)
    answer = await console.submit(f"/oauth/clients/secret?client_id={seed.RIVAL}")
    assert answer.status_code == 403
    assert "Administrators" in answer.text
    assert len(await site.parts.database.read(clients.secrets, seed.RIVAL)) == 1
