import pytest

from gatewright.store import scopes
from tests.console.conftest import errors
from tests.console.conftest import summary
from tests.running import seed

NEW = "/oauth/scopes/new"
ORDERS = "/oauth/scopes/edit?scope=orders"
GOOD = {
    "name": "IntScope",
    "description": "Integration services",
    "folders": "orders",
    "services": "customers:find",
    "url_templates": "GET /shop/orders/{number}",
}


async def test_added_scope_is_kept_as_the_form_says_and_the_next_step_is_told(console):
    assert await console.flash(await console.submit(NEW, **GOOD)) == "Scope IntScope added. Associate clients →"
    kept = await console.site.parts.database.read(scopes.find, "IntScope")
    assert kept == scopes.Scope(
        name="IntScope",
        description="Integration services",
        folders=("orders",),
        services=("customers:find",),
        url_templates=("GET /shop/orders/{number}",),
    )


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("name", {"name": ""}, "Name is missing."),
        ("name", {"name": "two words"}, "printable ASCII"),
        ("name", {"name": 'quote"d'}, "printable ASCII"),
        ("name", {"name": "x" * 101}, "1 to 100"),
        ("name", {"name": "orders"}, "There is a scope orders already."),
        ("folders", {"folders": "order"}, "There is no folder 'order'. Did you mean 'orders'"),
        ("folders", {"folders": "customers:find"}, "is a service; list it under services"),
        ("services", {"services": "customers:finds"}, "There is no service 'customers:finds'. Did you mean"),
        ("services", {"services": "orders"}, "is a folder; list it under folders"),
        ("url_templates", {"url_templates": "GET /nowhere/{x}"}, "No package has the URL template"),
        ("url_templates", {"url_templates": "shop orders"}, "shop orders"),
    ],
)
async def test_refused_scope_says_why_beside_the_field_and_keeps_what_was_typed(console, field, changes, sentence):
    typed = {**GOOD, **changes}
    answer = await console.submit(NEW, **typed)
    assert answer.status_code == 422
    assert sentence in errors(answer.text)[field]
    assert 'value="Integration services"' in answer.text
    assert await console.site.parts.database.read(scopes.find, "IntScope") is None


async def test_form_offers_what_exists(console):
    page = await console.text(NEW)
    for value in ("orders", "customers:find", "GET /shop/orders/{number}"):
        assert f'value="{value}"' in page


async def test_form_shows_what_the_scope_opens_today_and_for_whom(console):
    page = await console.text(ORDERS)
    assert "5 services, for 5 clients" in page
    for text in ("orders:get", "/invoke/orders/get", "GET /shop/orders/{number}"):
        assert text in page


async def test_changed_scope_is_in_force_from_the_next_call(console):
    token = await console.site.access_token()
    assert (await console.site.call("/invoke/orders/get?number=1", token)).status_code == 200
    await console.flash(await console.submit(ORDERS, folders=""))
    refused = await console.site.call("/invoke/orders/get?number=1", token)
    assert (refused.status_code, refused.json()["error"]) == (403, "insufficient_scope")


async def test_name_of_a_scope_stays(console):
    await console.flash(await console.submit(ORDERS, name="other", description="changed"))
    assert (await console.site.parts.database.read(scopes.find, "orders")).description == "changed"
    assert await console.site.parts.database.read(scopes.find, "other") is None


async def test_second_editor_is_told_instead_of_undoing_the_first(console):
    page = await console.text(ORDERS)
    await console.flash(await console.send(page, description="first"))
    second = await console.send(page, description="second")
    assert second.status_code == 409
    assert "changed meanwhile" in summary(second.text)
    assert (await console.site.parts.database.read(scopes.find, "orders")).description == "first"


async def test_deleting_names_the_clients_and_closes_what_it_opened(console):
    token = await console.site.access_token()
    page = await console.text("/oauth/scopes/delete?scope=orders")
    assert "5 clients may ask for it" in page
    assert "<li>Ledger (1.0)</li>" in page
    await console.flash(await console.submit("/oauth/scopes/delete?scope=orders"))
    assert (await console.site.call("/invoke/orders/get?number=1", token)).status_code == 403


async def test_scope_that_is_an_address_can_be_edited_and_deleted(console):
    await console.flash(await console.submit(NEW, **{**GOOD, "name": "https://api.example/read?a=1&b"}))
    page = await console.text("/oauth/scopes")
    assert "scope=https%3A%2F%2Fapi.example%2Fread%3Fa%3D1%26b" in page
    path = "/oauth/scopes/edit?scope=https%3A%2F%2Fapi.example%2Fread%3Fa%3D1%26b"
    await console.flash(await console.submit(path, description="by address"))
    await console.flash(await console.submit(path.replace("edit", "delete")))
    assert await console.site.parts.database.read(scopes.find, "https://api.example/read?a=1&b") is None


async def test_list_is_filtered(console):
    page = await console.text("/oauth/scopes?q=cust")
    assert 'scope=customers">customers' in page
    assert 'scope=orders">orders' not in page


async def test_list_without_scopes_says_what_they_are_for(console):
    for name in ("orders", "customers", "route-only"):
        await console.flash(await console.submit(f"/oauth/scopes/delete?scope={name}"))
    page = await console.text("/oauth/scopes")
    assert "Without a scope no token opens anything" in page
    assert 'href="/console/oauth/scopes/new">Add scope' in page


async def test_client_gains_a_scope_from_its_side(console):
    path = f"/oauth/associations?client={seed.LONELY}"
    said = await console.flash(await console.submit(path, member=["orders"]))
    assert said.startswith("Saved. Lonely (1.0) may ask for 1 scope.")
    assert (await console.site.token(seed.LONELY, grant_type="client_credentials")).json()["scope"] == "orders"


async def test_client_loses_a_scope_from_its_side(console):
    page = await console.text(f"/oauth/associations?client={seed.LEDGER}")
    await console.flash(await console.send(page, member=["customers"]))
    refused = await console.site.token(grant_type="client_credentials", scope="orders")
    assert refused.json()["error"] == "invalid_scope"


async def test_scope_changes_its_clients_from_its_side(console):
    page = await console.text("/oauth/associations?scope=customers")
    said = await console.flash(await console.send(page, member=[seed.LONELY]))
    assert "1 client may ask for customers" in said
    asked = {"grant_type": "client_credentials", "scope": "customers"}
    assert (await console.site.token(seed.LONELY, **asked)).status_code == 200
    assert (await console.site.token(seed.RIVAL, **asked)).status_code == 400


async def test_two_editors_of_an_association_keep_both_changes(console):
    page = await console.text(f"/oauth/associations?client={seed.LEDGER}")
    await console.flash(await console.send(page, member=["customers", "orders", "route-only"]))
    await console.flash(await console.send(page, member=["orders"]))
    found = await console.site.parts.database.read(scopes.clients, "route-only")
    assert seed.LEDGER in found
    assert seed.LEDGER not in await console.site.parts.database.read(scopes.clients, "customers")


async def test_association_with_a_scope_that_is_gone_is_refused(console):
    page = await console.text(f"/oauth/associations?client={seed.LONELY}")
    answer = await console.send(page, member=["vanished"])
    assert answer.status_code == 422
    assert "There is no scope" in answer.text


async def test_sides_can_be_chosen_by_their_tabs(console):
    assert "Clients of customers" in await console.text("/oauth/associations?side=scope")
    assert "Scopes of Chosen (1.0)" in await console.text("/oauth/associations?side=client")
