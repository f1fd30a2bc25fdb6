"""What a file opens is told by its plan and refused with `fail_on_widening`, of every kind that it can be."""

import pytest

from gatewright.admin.apply import Widens
from gatewright.admin.apply import apply
from gatewright.admin.configuration import read_configuration
from gatewright.admin.plan import Outcome
from gatewright.store import changes
from gatewright.store.database import Database
from tests.admin.support import BY
from tests.admin.support import CATALOGUE

BEFORE = """\
groups: [{name: staff}]
scopes:
  - {name: eu, folders: [orders.eu]}
  - {name: one, services: ["orders:put"]}
clients:
  - {client_id: shop, name: Shop, allowed_grants: [client_credentials], scopes: [one]}
  - {client_id: 'off', name: Off, allowed_grants: [client_credentials], scopes: [one], groups: [staff], enabled: false}
users:
  - {name: ada, password: {env: ADA}}
  - {name: bob, password: {env: ADA}, groups: [staff], enabled: false}
acls:
  - {target: "orders:put", execute: [staff]}
"""
WIDENING = {
    "a user joins a group": ("users: [{name: ada, groups: [staff]}]", "+ staff: ada"),
    "a client joins a group": ("clients: [{client_id: shop, name: Shop, groups: [staff]}]", "+ staff: Shop (1.0)"),
    "a new user in a group": ("users: [{name: eve, password: {env: ADA}, groups: [staff]}]", "+ staff: eve"),
    "a user is enabled": ("users: [{name: bob, enabled: true}]", "+ staff: bob"),
    "a client is enabled": ("clients: [{client_id: 'off', name: Off, enabled: true}]", "+ Off (1.0): orders:put"),
    "an ACL opens to everybody": (
        'acls: [{target: "orders:put", execute: [Anonymous]}]',
        "+ orders:put: anybody, without a token",
    ),
    "an ACL names another group": (
        'acls: [{target: "orders:put", execute: [staff, Developers]}]',
        "+ orders:put: Developers",
    ),
    "a scope lists a URL template": (
        'scopes: [{name: one, url_templates: ["GET /orders/{id}"]}]',
        "+ Shop (1.0): orders:get (GET /orders/{id})",
    ),
    "an association": ("clients: [{client_id: shop, name: Shop, scopes: [one, eu]}]", "+ Shop (1.0): orders.eu:vat"),
}
NARROWING = {
    "a client is disabled": "clients: [{client_id: shop, name: Shop, enabled: false}]",
    "a disabled client gets a scope": "clients: [{client_id: 'off', name: Off, scopes: [one, eu]}]",
    "a disabled user joins a group": "users: [{name: bob, groups: [staff, Developers]}]",
    "an ACL names nobody": 'acls: [{target: "orders:put", execute: []}]',
}


async def _apply(database: Database, text: str, **options: bool) -> Outcome:
    configuration = read_configuration(text, "gatewright.yaml")
    return await apply(database, BY, configuration, CATALOGUE, {"ADA": "correct horse"}, **options)


@pytest.mark.parametrize(("text", "line"), WIDENING.values(), ids=WIDENING)
async def test_what_a_file_opens_is_planned_and_refused(database: Database, text: str, line: str) -> None:
    await _apply(database, BEFORE)
    audited = await database.read(changes.audit_page)
    planned = await _apply(database, text, plan_only=True)
    assert planned.widens
    assert line in planned.reach
    with pytest.raises(Widens):
        await _apply(database, text, fail_on_widening=True)
    assert await database.read(changes.audit_page) == audited
    assert (await _apply(database, text)).reach == planned.reach


@pytest.mark.parametrize("text", NARROWING.values(), ids=NARROWING)
async def test_what_opens_nothing_is_applied(database: Database, text: str) -> None:
    await _apply(database, BEFORE)
    assert not (await _apply(database, text, fail_on_widening=True)).widens
