"""Connections in the console: each kind's form, the secret that goes in and never comes out, trying, deleting."""

import msgspec
import pytest

from gatewright.admin.connections import KINDS
from gatewright.services.connections import Secrets
from gatewright.services.connections import seal_context
from gatewright.store import connections
from tests.console.conftest import Form
from tests.console.conftest import errors
from tests.console.conftest import summary
from tests.running.remote import remote

__all__ = ["remote"]
LIST = "/connections"
GIVEN = {
    "client_credentials": {"token_endpoint": "https://a.example/t", "client_id": "me", "scopes": "read write"},
    "refresh_token": {"token_endpoint": "https://a.example/t", "client_id": "me", "refresh_token": "r3fresh"},
    "basic": {"username": "ada"},
    "bearer": {},
    "api_key": {"parameter": "X-API-Key", "place": "query"},
    "sql": {"url": "postgresql://me@db/shop"},
    "smtp": {"server": "mail.example:587", "sender": "orders@example.com", "username": "me"},
}


def form_of(kind):
    hosts = {} if kind in ("sql", "smtp") else {"hosts": "api.example *.b.example"}
    return {"name": "far", "description": "The other side", "secret": "s3cret", **hosts, **GIVEN[kind]}


async def kept(console):
    return await console.site.parts.database.read(connections.find, "far")


@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_connection_is_kept_as_its_form_says_and_its_secret_is_on_no_page(console, kind):
    answer = await console.submit(f"{LIST}/new?kind={kind}", **form_of(kind))
    assert "far made" in await console.flash(answer)
    found = await kept(console)
    assert (found.kind, found.description) == (kind, "The other side")
    opened = console.site.parts.sealer.open(found.sealed, seal_context("far"))
    assert msgspec.json.decode(opened, type=Secrets).secret == "s3cret"
    pages = [await console.text(LIST), await console.text(f"{LIST}/edit?name=far"), await console.text("/search?q=far")]
    assert all("far" in page and "s3cret" not in page and "r3fresh" not in page for page in pages)


@pytest.mark.parametrize("kind", list(KINDS))
async def test_a_form_that_is_sent_as_it_stands_changes_nothing(console, kind):
    await console.submit(f"{LIST}/new?kind={kind}", **form_of(kind))
    before = await kept(console)
    await console.flash(await console.submit(f"{LIST}/edit?name=far"))
    assert await kept(console) == before


async def test_a_field_that_is_wrong_is_told_beside_it_and_what_was_typed_stays(console):
    answer = await console.submit(
        f"{LIST}/new?kind=basic", **{**form_of("basic"), "hosts": "https://x", "username": ""}
    )
    assert answer.status_code == 422
    assert set(errors(answer.text)) == {"hosts", "username"}
    assert "s3cret" not in answer.text
    assert dict(Form(answer.text).fields)["description"] == "The other side"
    assert summary(answer.text)
    missing = await console.submit(f"{LIST}/new?kind=bearer", **{**form_of("bearer"), "secret": ""})
    assert set(errors(missing.text)) == {"secret"}


async def test_two_who_edit_at_once_are_told_of_each_other(console):
    await console.submit(f"{LIST}/new?kind=bearer", **form_of("bearer"))
    open_page = await console.text(f"{LIST}/edit?name=far")
    await console.submit(f"{LIST}/edit?name=far", description="first")
    answer = await console.send(open_page, description="second")
    assert answer.status_code == 409
    assert (await kept(console)).description == "first"


async def test_the_kind_is_chosen_first(console):
    page = await console.text(f"{LIST}/new")
    assert [f"kind={kind}" in page for kind in KINDS] == [True] * len(KINDS)
    assert "Which kind is it?" in await console.text(f"{LIST}/new?kind=ntlm")


async def test_trying_one_says_what_came_of_it(console, remote):
    await console.site.change_settings(fetch_private_hosts=("127.0.0.1",))
    address = remote.put("/ping", {"ok": True})
    given = form_of("bearer") | {"hosts": f"127.0.0.1:{remote.port}", "test_address": address}
    await console.flash(await console.submit(f"{LIST}/new?kind=bearer", **given))
    csrf = dict(Form(await console.text(f"{LIST}/edit?name=far")).fields)["csrf"]

    async def test():
        return await console.http.post(f"/console{LIST}/test?name=far", data={"csrf": csrf})

    assert "answered 200" in await console.flash(await test())
    assert remote.asked[0].headers["authorization"] == "Bearer s3cret"
    remote.put("/ping", {"no": "s3cret"}, status=403)
    answer = await test()
    assert (answer.status_code, "answered 403" in answer.text, "s3cret" in answer.text) == (422, True, False)
    assert (await console.http.post(f"/console{LIST}/test?name=far", data={"csrf": "x"})).status_code == 403


async def test_deleting_names_the_services_that_break(console):
    flow = (
        "document: {dsl: '1.0.3', namespace: far, name: ask, version: '1.0.0'}\n"
        "do:\n  - a: {call: http, with: {method: get, endpoint: {uri: 'https://a.example', authentication: {use: far}}}}\n"
    )
    folder = console.site.parts.packages_folder / "Far/services/far"
    folder.mkdir(parents=True)
    (folder / "ask.flow.yaml").write_text(flow)
    (folder.parents[1] / "package.yaml").write_text("name: Far\nversion: 1.0.0\n")
    await console.site.parts.watcher.refresh()
    await console.submit(f"{LIST}/new?kind=bearer", **form_of("bearer"))
    assert "far:ask" in await console.text(f"{LIST}/edit?name=far")
    page = await console.text(f"{LIST}/delete?name=far")
    assert "One service names it" in page
    assert "far:ask" in page
    await console.flash(await console.send(page))
    assert await kept(console) is None
    told = await console.http.post(
        "/console/services/check?name=far:ask", data={"csrf": dict(Form(page).fields)["csrf"], "source": flow}
    )
    assert "no connection named" in told.text


async def test_what_is_not_there_is_a_404(console):
    for page in ("edit", "delete"):
        assert (await console.get(f"{LIST}/{page}?name=nobody")).status_code == 404
