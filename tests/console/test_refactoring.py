"""Renaming, moving and deleting a flow: what names it is shown first, and follows."""

import html
import re

import pytest

from gatewright.store import access
from gatewright.store import scopes
from tests.console.conftest import errors
from tests.console.test_services import FLOW
from tests.console.test_services import Editor
from tests.console.test_services import greeting

CALLER = """\
document: {dsl: '1.0.3', namespace: desk, name: ask, version: '1.0.0'}
do:
  # The greeting of the day.
  - greet:
      call: orders:greet  # by its name
      with: {name: '${ .name }'}
  - again: {run: {workflow: {namespace: orders, name: greet, version: '1.0.0', input: {name: Bob}}}}
"""
TEST = """\
- name: a greeting
  input: {name: Ada}
- name: the desk asks
  service: desk:ask
  mocks:
    - {service: "orders:greet", output: {greeting: Hi}}
"""


@pytest.fixture
async def shop(console):
    """A flow that others call, with a test, a URL template, a scope and an ACL."""
    folder = console.site.parts.packages_folder / "Shop"
    (folder / "services/desk").mkdir()
    (folder / "services/desk/ask.flow.yaml").write_text(CALLER)
    (folder / "services/orders/greet.flow.yaml").write_text(FLOW)
    (folder / "services/orders/greet.test.yaml").write_text(TEST)
    manifest = folder / "package.yaml"
    manifest.write_text(
        manifest.read_text() + '  # People greet.\n  - template: "GET /shop/greet/{name}"\n    service: orders/greet\n'
    )
    await console.site.parts.watcher.refresh()
    page = await console.text("/oauth/scopes/new")
    await console.send(page, name="greeting", services="orders:greet")
    await console.submit("/acls/edit?target=orders:greet", execute=["Everybody"])
    return folder


async def named(console):
    """The services of the scope, and the targets of the ACLs."""

    def read(transaction):
        scope = scopes.find(transaction, "greeting")
        return (scope.services if scope else None), sorted(access.all_acls(transaction))

    return await console.site.parts.database.read(read)


async def test_usages_name_every_place(console, shop):
    page = html.unescape(await console.text("/services/usages?name=orders:greet"))
    rows = re.findall(r"<tr>\s*<td class=\"is-name\">(.*?)</tr>", page, re.DOTALL)
    found = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in rows]
    for start in (
        "desk:ask line 5 greet Flow",
        "desk:ask line 7 again Flow",
        "Shop/services/orders/greet.test.yaml line 6 the desk asks Test",
        "greeting lists it by its name Scope",
        "orders:greet Everybody Access control list",
    ):
        assert any(row.startswith(start) for row in found), (start, found)
    assert any("GET /shop/greet/{name} URL template" in row for row in found)


async def test_service_nothing_names_has_no_usages(console):
    assert "Nothing names it" in await console.text("/services/usages?name=orders:whoami")


async def test_renamed_service_is_followed_by_everything_that_names_it(console, shop):
    answer = await console.submit("/services/rename?name=orders:greet&to=front.desk:say_hello")
    assert "front.desk:say_hello now" in await console.flash(answer)
    assert (shop / "services/desk/ask.flow.yaml").read_text() == CALLER.replace(
        "call: orders:greet  #", "call: front.desk:say_hello  #"
    ).replace("namespace: orders, name: greet,", "namespace: front.desk, name: say_hello,")
    assert (shop / "services/front/desk/say_hello.flow.yaml").read_text() == FLOW.replace(
        "namespace: orders, name: greet", "namespace: front-desk, name: say-hello"
    )
    assert "front.desk:say_hello" in (shop / "services/front/desk/say_hello.test.yaml").read_text()
    assert "    service: front.desk/say_hello\n" in (shop / "package.yaml").read_text()
    assert not (shop / "services/orders/greet.flow.yaml").exists()
    assert not (shop / "services/orders/greet.test.yaml").exists()
    assert (await named(console))[0] == ("front.desk:say_hello",)
    assert "front.desk:say_hello" in (await named(console))[1]
    assert not [problem for problem in map(str, console.site.parts.catalogue.problems()) if "staff" not in problem]
    editor = await Editor.open(console, "desk:ask")
    answer = await editor.post("run", name="desk:ask", source="", input='{"name": "Ada"}')
    assert "Good day, Bob" in answer.text


@pytest.mark.parametrize("kept", ["orders/other.flow.yaml", "orders/other.test.yaml"])
async def test_renaming_replaces_no_file_that_is_there(console, shop, kept):
    """Neither a flow that is there and not loaded yet, nor the tests of a Python file of that name."""
    (shop / "services" / kept).write_text("# mine\n")
    page = await console.text("/services/rename?name=orders:greet&to=orders:free")
    answer = await console.send(page.replace("to=orders:free", "to=orders:other"), to="orders:other")
    assert answer.status_code == 422
    assert (shop / "services" / kept).read_text() == "# mine\n"
    assert (shop / "services/orders/greet.flow.yaml").read_text() == FLOW


async def test_renamed_service_keeps_its_versions(console, shop):
    editor = await Editor.open(console)
    await editor.save(FLOW.replace("Good day", "Hi"), note="Short")
    await console.submit("/services/rename?name=orders:greet&to=orders:hello")
    assert "Short" in await console.text("/services/versions?name=orders:hello")


async def test_preview_tells_what_changes_in_who_may_call_it(console, shop):
    page = html.unescape(await console.text("/services/rename?name=orders:greet&to=front:hello"))
    assert "<del>greeting, orders</del> → <ins>greeting</ins>" in page
    assert (shop / "services/orders/greet.flow.yaml").exists()


@pytest.mark.parametrize(
    ("to", "sentence"),
    [
        ("orders", "Write folder:service"),
        ("../x:y", "Write folder:service"),
        ("orders:get", "There is a service orders:get already."),
        ("orders:greet", "That is its name already."),
    ],
)
async def test_name_that_cannot_be_is_refused(console, to, sentence):
    answer = await console.get(f"/services/rename?name=orders:greet&to={to}")
    assert answer.status_code == 422
    assert sentence in errors(answer.text)["to"]


async def test_deleted_service_leaves_no_name_behind(console, shop):
    question = html.unescape(await console.text("/services/delete?name=orders:greet"))
    for sentence in (
        "desk:ask calls it, and is disabled",
        "GET /shop/greet/{name} leads nowhere",
        "The scope greeting lists it",
    ):
        assert sentence in question
    assert "orders:greet is deleted" in await console.flash(await console.submit("/services/delete?name=orders:greet"))
    assert (await greeting(console)).status_code == 404
    assert await named(console) == ((), sorted(set((await named(console))[1]) - {"orders:greet"}))
    assert "greet" not in (shop / "package.yaml").read_text().replace("People greet", "")
    assert not (shop / "services/orders/greet.test.yaml").exists()
    assert not console.site.parts.catalogue.service("desk:ask").enabled


async def test_deleted_service_of_a_new_name_has_its_last_text_among_its_versions(console, shop):
    await console.submit("/services/delete?name=orders:greet")
    await console.submit("/services/new", package="Shop", name="orders:greet")
    assert "Deleted" in await console.text("/services/versions?name=orders:greet")


@pytest.mark.parametrize("path", ["rename", "delete"])
async def test_python_service_is_not_renamed_or_deleted_here_and_the_page_says_where(console, path):
    assert f"/console/services/{path}?name=orders%3Aget" in await console.text("/services?name=orders:get")
    answer = await console.get(f"/services/{path}?name=orders:get")
    assert answer.status_code == 409
    assert "orders:get is a function in Shop/services/orders.py. Rename or remove it there" in html.unescape(
        answer.text
    )


@pytest.mark.parametrize("path", ["rename", "delete"])
async def test_what_is_built_in_keeps_its_name(console, path):
    assert (await console.get(f"/services/{path}?name=pub.json:parse")).status_code == 409


CRM = """\
base_url: https://crm.example.com
operations:
  # One of them.
  person:
    method: GET
    path: /people/{id}

  add: {method: POST, path: /people}
"""
USER = """\
document: {dsl: '1.0.3', namespace: desk, name: look, version: '1.0.0'}
do:
  - find: {call: 'desk.crm:person', with: {id: '${ .id }'}}
  - whole: {call: 'desk:erp', with: {path: a}}
"""


@pytest.fixture
async def upstreams(console):
    """An API with two operations, one that is served whole, and a flow and a manifest that name them."""
    folder = console.site.parts.packages_folder / "Shop"
    (folder / "services/desk").mkdir()
    (folder / "services/desk/crm.upstream.yaml").write_text(CRM)
    (folder / "services/desk/erp.upstream.yaml").write_text("base_url: https://erp.example.com\n")
    (folder / "services/desk/look.flow.yaml").write_text(USER)
    manifest = folder / "package.yaml"
    manifest.write_text(
        manifest.read_text()
        + '  - {template: "GET /crm/{id}", service: "desk.crm:person"}\n'
        + "http:\n  services:\n    desk.crm:person: {etag: true}\n"
    )
    await console.site.parts.watcher.refresh()
    assert not [each for each in console.site.parts.catalogue.problems() if "desk" in str(each)]
    return folder


@pytest.mark.parametrize("name", ["desk.crm:person", "desk:erp", "orders:get", "pub.json:parse"])
async def test_usages_are_told_of_every_kind_of_service(console, upstreams, name):
    (upstreams / "services/desk/more.flow.yaml").write_text(
        USER.replace("look", "more").replace("desk.crm:person", name).replace("with: {id: '${ .id }'}", "with: {}")
    )
    await console.site.parts.watcher.refresh()
    assert "desk:more" in await console.text(f"/services/usages?name={name}")


async def test_renamed_operation_is_followed_by_everything_that_names_it(console, upstreams):
    usages = html.unescape(await console.text("/services/usages?name=desk.crm:person"))
    assert "How it is served" in usages
    answer = await console.submit("/services/rename?name=desk.crm:person&to=desk.crm:one")
    assert "desk.crm:one now" in await console.flash(answer)
    assert (upstreams / "services/desk/crm.upstream.yaml").read_text() == CRM.replace("  person:", "  one:")
    assert "call: 'desk.crm:one'" in (upstreams / "services/desk/look.flow.yaml").read_text()
    manifest = (upstreams / "package.yaml").read_text()
    assert 'service: "desk.crm:one"' in manifest
    assert "    desk.crm:one: {etag: true}" in manifest
    assert not [each for each in console.site.parts.catalogue.problems() if "desk" in str(each)]


async def test_operation_stays_with_its_api(console, upstreams):
    answer = await console.get("/services/rename?name=desk.crm:person&to=desk:person")
    assert answer.status_code == 422
    assert "An operation stays with its API, in the folder desk.crm" in errors(answer.text)["to"]


async def test_api_that_is_served_whole_moves_with_its_file(console, upstreams):
    await console.submit("/services/rename?name=desk:erp&to=back.office:erp")
    assert not (upstreams / "services/desk/erp.upstream.yaml").exists()
    assert (upstreams / "services/back/office/erp.upstream.yaml").read_text() == "base_url: https://erp.example.com\n"
    assert "call: 'back.office:erp'" in (upstreams / "services/desk/look.flow.yaml").read_text()
    assert console.site.parts.catalogue.service("back.office:erp").enabled


async def test_deleted_operation_leaves_the_others_and_the_last_one_takes_the_file_along(console, upstreams):
    question = html.unescape(await console.text("/services/delete?name=desk.crm:person"))
    for sentence in (
        "It is taken out of Shop/services/desk/crm.upstream.yaml",
        "desk:look calls it",
        "package.yaml, line",
    ):
        assert sentence in question
    await console.submit("/services/delete?name=desk.crm:person")
    file = upstreams / "services/desk/crm.upstream.yaml"
    assert "person:" not in file.read_text()
    assert console.site.parts.catalogue.service("desk.crm:person") is None
    assert console.site.parts.catalogue.service("desk.crm:add").enabled
    await console.submit("/services/delete?name=desk.crm:add")
    assert not file.exists()
    assert not [each for each in console.site.parts.catalogue.services if each.startswith("desk") and "crm" in each]


async def test_operations_on_one_line_are_taken_out_by_hand(console, upstreams):
    file = upstreams / "services/desk/crm.upstream.yaml"
    text = "base_url: https://crm.example.com\noperations: {a: {method: GET, path: /a}, b: {method: GET, path: /b}}\n"
    file.write_text(text)
    await console.site.parts.watcher.refresh()
    answer = await console.submit("/services/delete?name=desk.crm:a")
    assert answer.status_code == 409
    assert file.read_text() == text
    await console.submit("/services/rename?name=desk.crm:a&to=desk.crm:c")
    assert file.read_text() == text.replace("{a:", "{c:")
