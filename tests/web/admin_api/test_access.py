"""Who may use the Admin API: a token whose scope opens the operation, of somebody who is an administrator."""

from functools import partial

import pytest

from gatewright.admin import roles
from gatewright.store import access
from gatewright.store import changes
from gatewright.web.admin_api.table import OPERATIONS
from tests.running import seed
from tests.running.site import Site
from tests.web.admin_api.conftest import Ask


async def test_without_a_token_nothing_is_told(site: Site, administrator: str) -> None:
    answer = await site.call("/admin/v1/clients")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


async def test_a_token_for_services_does_not_open_it_even_for_an_administrator(site: Site, administrator: str) -> None:
    answer = await site.call("/admin/v1/clients", await site.access_token(scope="orders"))
    assert answer.status_code == 403
    assert answer.json()["error"] == "insufficient_scope"
    assert answer.json()["scope"] == "reading"  # the one that opens least


async def test_the_scope_does_not_make_an_administrator(site: Site, administrator: str) -> None:
    await site.parts.database.write(access.set_groups, "client", seed.LEDGER, [], site.clock())
    answer = await site.call("/admin/v1/clients", await site.access_token(scope="administration"))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Administrators" in answer.json()["detail"]


async def test_a_scope_that_lists_one_operation_opens_that_one_alone(site: Site, administrator: str) -> None:
    token = await site.access_token(scope="reading")
    assert (await site.call("/admin/v1/clients", token)).status_code == 200
    assert (await site.call("/admin/v1/users", token)).status_code == 403
    assert (await site.call("/admin/v1/clients", token, method="POST", json={"name": "X"})).status_code == 403


async def test_operations_do_not_run_at_invoke_addresses(site: Site, administrator: str) -> None:
    answer = await site.call("/invoke/gatewright.admin.clients/list", administrator)
    assert answer.status_code == 404
    assert "/admin/v1" in answer.json()["detail"]


async def test_a_console_session_is_no_access_token(site: Site, administrator: str) -> None:
    await site.sign_in("ada")
    assert (await site.http.get("/admin/v1/clients")).status_code == 401


async def test_the_audit_log_names_the_client_that_changed_something(site: Site, ask: Ask) -> None:
    await ask("POST", "/groups", {"name": "auditors"})
    (row,) = await site.parts.database.read(changes.audit_page, None, 1)
    assert (row.action, row.target, row.actor) == ("group.create", "auditors", f"{seed.LEDGER} (client)")


async def test_plain_http_from_elsewhere_is_refused_where_https_is_required(site: Site, administrator: str) -> None:
    far = site.client(address="203.0.113.9")
    answer = await far.get("/admin/v1/clients", headers={"authorization": f"Bearer {administrator}"})
    assert answer.status_code == 400
    assert "HTTPS" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/admin/v1", "/admin/v1/", "/admin/", "/admin/v2/clients", "/admin/v1//clients"])
async def test_other_addresses_are_not_found(site: Site, administrator: str, path: str) -> None:
    assert (await site.call(path, administrator)).status_code == 404


async def test_another_method_is_told_which_there_are(ask: Ask) -> None:
    answer = await ask("PUT", "/clients")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, OPTIONS")


async def test_each_role_does_what_it_may_and_no_more(site: Site, administrator: str) -> None:
    for group, looks, changes_clients, changes_users in (
        ("Read-only Administrators", 200, 403, 403),
        ("Client Administrators", 200, 201, 403),
        ("Administrators", 200, 201, 201),
    ):
        await site.parts.database.write(access.set_groups, "client", seed.LEDGER, [group], site.clock())
        call = partial(site.call, token=administrator)
        assert (await call("/admin/v1/users")).status_code == looks
        client = {"name": group.replace("-", " "), "allowed_grants": ["client_credentials"]}
        assert (await call("/admin/v1/clients", method="POST", json=client)).status_code == changes_clients
        user = {"name": f"friend of {group}"}
        assert (await call("/admin/v1/users", method="POST", json=user)).status_code == changes_users


async def test_who_may_register_clients_cannot_register_an_administrator(site: Site, administrator: str) -> None:
    await site.parts.database.write(access.set_groups, "client", seed.LEDGER, ["Client Administrators"], site.clock())
    client = {"name": "Ladder", "allowed_grants": ["client_credentials"], "groups": ["Administrators"]}
    answer = await site.call("/admin/v1/clients", administrator, method="POST", json=client)
    assert answer.status_code == 403
    assert "client.groups" in answer.json()["detail"]


async def test_who_may_register_clients_cannot_become_one_that_may_do_more(site: Site, administrator: str) -> None:
    database, now = site.parts.database, site.clock()
    await database.write(access.set_groups, "client", seed.LEDGER, ["Client Administrators"], now)
    await database.write(access.set_groups, "client", seed.RIVAL, ["Administrators"], now)
    path = f"/admin/v1/clients/{seed.RIVAL}"
    for method, address, body in (
        ("POST", f"{path}/secrets", {}),
        ("PATCH", path, {"redirect_uris": ["https://attacker.example/"]}),
        ("PATCH", path, {"jwks_uri": "https://attacker.example/keys"}),
    ):
        answer = await site.call(address, administrator, method=method, json=body)
        assert (answer.status_code, answer.json()["title"]) == (403, "Not allowed"), address


def test_every_operation_that_changes_something_is_declared_with_its_role() -> None:
    undeclared = [each.name for each in OPERATIONS if each.action not in roles.OPERATIONS]
    assert undeclared == []
    assert [each.name for each in OPERATIONS if each.method != "GET" and each.action == "read"] == []
