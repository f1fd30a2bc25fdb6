"""What may be kept as a connection; applying, exporting and removing connections; and that secrets stay in."""

import json

import msgspec
import pytest

from gatewright.admin import connections
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.apply import apply
from gatewright.admin.configuration import Refused
from gatewright.admin.configuration import read_configuration
from gatewright.admin.export import as_yaml
from gatewright.admin.export import configuration
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.kernel.sealing import Sealer
from gatewright.services.connections import Secrets
from gatewright.services.connections import seal_context
from gatewright.store import changes
from gatewright.store import connections as store
from gatewright.store.connections import Connection
from gatewright.store.database import Database
from tests.admin.support import CATALOGUE
from tests.admin.support import NOW

SEALER = Sealer(bytes(32))
BY = By(Actor("admin"), NOW, lambda: SEALER)
FILE = """\
connections:
  - name: crm
    kind: client_credentials
    hosts: [api.crm.example]
    token_endpoint: https://login.crm.example/token
    client_id: me
    secret: {env: CRM_SECRET}
    scopes: [read]
  - name: warehouse
    kind: sql
    url: sqlite:shop.db
"""
ENVIRONMENT = {"CRM_SECRET": "hunter2hunter2"}
GOOD = {
    "client_credentials": {"hosts": ["a.example"], "token_endpoint": "https://a.example/t", "client_id": "me"},
    "refresh_token": {"hosts": ["*.a.example:8443"], "token_endpoint": "https://a.example/t", "client_id": "me"},
    "basic": {"hosts": ["[::1]:8080"], "username": "ada"},
    "bearer": {"hosts": ["a.example"]},
    "api_key": {"hosts": ["a.example"], "parameter": "X-API-Key"},
    "sql": {"url": "postgresql://me@db.internal:5432/shop?sslmode=require"},
    "smtp": {"server": "mail.example:587", "sender": "orders@example.com", "username": "me"},
}


async def lines(database: Database, text: str, **options: bool) -> list[str]:
    given = read_configuration(text, "gatewright.yaml")
    return [str(line) for line in (await apply(database, BY, given, CATALOGUE, ENVIRONMENT, **options)).lines]


def read(kind: str, changes: dict[str, object] | None = None) -> Connection:
    return connections.read_connection({"name": "x", "kind": kind} | GOOD[kind] | (changes or {}), connections.NEW)


@pytest.mark.parametrize("kind", list(connections.KINDS))
async def test_each_kind_is_kept_with_its_secrets_sealed(database: Database, kind: str) -> None:
    secrets = Secrets("hunter2hunter2", "refresh2refresh2" if kind == "refresh_token" else "")
    saved = await database.write(connections.create, BY, read(kind), secrets)
    found = await database.read(store.find, "x")
    assert found == saved
    opened = SEALER.open(found.sealed, seal_context("x"))
    assert msgspec.json.decode(opened, type=Secrets) == secrets
    assert b"hunter2" not in found.sealed
    assert SEALER.open(found.sealed, seal_context("y")) is None


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("bearer", {"name": "my key"}, "name"),
        ("bearer", {"name": ""}, "name"),
        ("bearer", {"hosts": []}, "hosts"),
        ("bearer", {"hosts": ["https://a.example"]}, "hosts"),
        ("bearer", {"hosts": ["*"]}, "hosts"),
        ("bearer", {"kind": "ntlm"}, "kind"),
        ("bearer", {"colour": "red"}, "colour"),
        ("bearer", {"description": "x" * 3000}, "description"),
        ("bearer", {"test_address": "file:///etc/passwd"}, "test_address"),
        ("basic", {"username": "a:b"}, "username"),
        ("basic", {"username": ""}, "username"),
        ("api_key", {"parameter": "X Key"}, "parameter"),
        ("api_key", {"place": "body"}, "place"),
        ("client_credentials", {"token_endpoint": ""}, "token_endpoint"),
        ("client_credentials", {"client_id": ""}, "client_id"),
        ("client_credentials", {"scopes": ["a b"]}, "scopes"),
        ("sql", {"url": "postgresql://me:hunter2@db/shop"}, "url"),
        ("sql", {"url": "postgresql://db/shop?password=hunter2"}, "url"),
        ("sql", {"url": "mysql://db/shop"}, "url"),
        ("sql", {"url": "sqlite:data/gatewright.db"}, "url"),
        ("sql", {"url": "sqlite:../other.db"}, "url"),
        ("sql", {"url": "sqlite:/etc/passwd"}, "url"),
        ("sql", {"url": "sqlite:shop/../data/gatewright.db"}, "url"),
        ("sql", {"url": "sqlite:shop.db?mode=memory"}, "url"),
        ("smtp", {"server": "mail.example"}, "server"),
        ("smtp", {"sender": "orders@example.com\r\nBcc: all@example.com"}, "sender"),
        ("smtp", {"encryption": "none"}, "encryption"),
    ],
)
def test_what_cannot_be_a_connection_is_refused_by_its_field(kind: str, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(kind, changes)
    assert field in [error.field for error in refused.value.errors]
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("kind", ["client_credentials", "refresh_token", "basic", "bearer", "api_key", "smtp"])
async def test_a_missing_secret_is_told(database: Database, kind: str) -> None:
    with pytest.raises(Invalid) as refused:
        await database.write(connections.create, BY, read(kind), Secrets())
    assert "secret" in [error.field for error in refused.value.errors]


async def test_fields_of_another_kind_are_dropped(database: Database) -> None:
    found = read("bearer", {"username": "ada", "url": "sqlite:x.db"})
    assert (found.username, found.url) == ("", "")


async def test_an_empty_secret_keeps_the_one_there_is_and_another_kind_needs_its_own(database: Database) -> None:
    saved = await database.write(connections.create, BY, read("bearer"), Secrets("hunter2"))
    changed = await database.write(connections.update, BY, msgspec.structs.replace(saved, description="new"), Secrets())
    assert (changed.sealed, changed.revision) == (saved.sealed, 2)
    with pytest.raises(Conflict):
        await database.write(connections.update, BY, msgspec.structs.replace(saved, description="old"), Secrets())
    other = connections.read_connection({"kind": "basic", "username": "ada"}, changed)
    with pytest.raises(Invalid):
        await database.write(connections.update, BY, other, Secrets())


async def test_a_file_is_applied_once_and_names_no_secret(database: Database) -> None:
    assert await lines(database, FILE) == ["+ connection crm", "+ connection warehouse"]
    assert await lines(database, FILE) == []
    other = {"CRM_SECRET": "another2another2"}
    outcome = await apply(database, BY, read_configuration(FILE, "f"), CATALOGUE, other)
    assert [str(line) for line in outcome.lines] == ["~ connection crm: secret changed"]
    changed = FILE.replace("scopes: [read]", "scopes: [read, write]")
    assert await lines(database, changed, plan_only=True) == [
        "~ connection crm: scopes [read] → [read, write], secret changed"
    ]


async def test_pruning_removes_what_the_list_does_not_name(database: Database) -> None:
    await lines(database, FILE)
    kept = FILE.split("  - name: warehouse")[0]
    assert await lines(database, kept, prune=True) == ["- connection warehouse"]
    assert await lines(database, "scopes: []\n", prune=True) == []
    assert [each.name for each in await database.read(store.all_connections)] == ["crm"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("connections:\n  - {name: x, kind: bearer, hosts: [a], secret: hunter2}", "{env: NAME}"),
        ("connections:\n  - {name: x, kind: bearer, hosts: [a], secret: {env: NONE}}", "NONE is not set"),
        ("connections:\n  - {kind: bearer}", "name is missing"),
        ("connections:\n  - {name: x, kind: bearer, host: [a]}", "Did you mean 'hosts'?"),
        (
            "connections:\n  - {name: x, kind: bearer, hosts: [], secret: {env: CRM_SECRET}}",
            "f:2: hosts: Name the hosts",
        ),
    ],
)
async def test_a_file_that_cannot_be_applied_is_refused_with_its_place(database: Database, text: str, words: str):
    with pytest.raises(Refused) as refused:
        await apply(database, BY, read_configuration(text, "f"), CATALOGUE, ENVIRONMENT)
    assert words in str(refused.value)
    assert await database.read(store.all_connections) == ()


async def test_the_export_applies_again_and_holds_no_secret(database: Database) -> None:
    await lines(database, FILE)
    text = as_yaml({"connections": (await database.read(configuration))["connections"]})
    assert "hunter2" not in text
    assert await lines(database, text) == []


async def test_the_audit_log_tells_changes_and_no_secret(database: Database) -> None:
    saved = await database.write(connections.create, BY, read("bearer"), Secrets("hunter2"))
    await database.write(connections.update, BY, saved, Secrets("hunter3"))
    await database.write(connections.delete, BY, "x")
    rows = await database.read(changes.audit_page)
    assert [row.action for row in reversed(rows)] == ["connection.create", "connection.update", "connection.delete"]
    assert json.loads(rows[1].after)["secret"] == "changed"
    assert "hunter" not in str(rows)
