"""Trusted issuers and external authorization servers: rules, operations, audit, and what `apply` and `export` do with them."""

from typing import Any

import msgspec
import pytest

from gatewright.admin import external_servers
from gatewright.admin import scopes
from gatewright.admin import trusted_issuers
from gatewright.admin import users
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.apply import apply
from gatewright.admin.configuration import Refused
from gatewright.admin.configuration import read_configuration
from gatewright.admin.export import as_yaml
from gatewright.admin.export import configuration
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.sealing import Sealer
from gatewright.oauth.introspection_request import seal_context
from gatewright.store import changes
from gatewright.store.database import Database
from gatewright.store.records import Scope
from tests.admin.support import CATALOGUE
from tests.admin.support import NOW
from tests.running.signing import TestKey

KEY = TestKey("ES256")
SEALER = Sealer(b"\x07" * 32)
BY = By(Actor("admin"), NOW, lambda: SEALER)
ISSUER = {"issuer": "https://issuer.example", "jwks": KEY.jwks(), "scopes": ["orders"]}
SERVER = {
    "name": "Corporate",
    "issuer": "https://login.example",
    "introspection_endpoint": "https://login.example/introspect",
    "client_id": "gatewright",
    "default_scope": ["orders"],
}
BY_KEYS = {"name": "Keys", "issuer": "https://keys.example", "jwks_uri": "https://keys.example/jwks", "audience": "us"}


@pytest.fixture
async def seeded(database: Database) -> Database:
    await database.write(scopes.create, BY, Scope(name="orders"), CATALOGUE)
    await database.write(users.create, BY, "ada", None)
    await database.write(users.create, BY, "bob", None)
    return database


async def add_issuer(database: Database, **changes: Any) -> Any:
    new = trusted_issuers.read_issuer({**ISSUER, **changes}, trusted_issuers.NEW)
    return await database.write(trusted_issuers.create, BY, new)


async def add_server(database: Database, user: str = "ada", secret: str = "s3cret", **changes: Any) -> Any:
    new = external_servers.read_server({**SERVER, **changes}, external_servers.NEW)
    return await database.write(external_servers.create, BY, new, user=user, client_secret=secret)


def issuer_refused(**changes: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        trusted_issuers.read_issuer({**ISSUER, **changes}, trusted_issuers.NEW)
    return [error.field for error in caught.value.errors]


def server_refused(base: dict[str, Any], **changes: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        external_servers.read_server({**base, **changes}, external_servers.NEW)
    return [error.field for error in caught.value.errors]


class TestTrustedIssuers:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"issuer": ""}, "issuer"),
            ({"issuer": "a b"}, "issuer"),
            ({"issuer": "x" * 256}, "issuer"),
            ({"jwks": None}, "jwks_uri"),
            ({"jwks_uri": "https://x.example/"}, "jwks_uri"),
            ({"user_claim": ""}, "user_claim"),
            ({"enabled": "yes"}, "enabled"),
            ({"audience": "a b"}, "audience"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_what_will_not_do_is_named(self, changes: dict[str, Any], field: str) -> None:
        assert issuer_refused(**changes) == [field]

    async def test_it_is_made_changed_and_removed_with_an_audit_row_each(self, seeded: Database) -> None:
        made = await add_issuer(seeded)
        changed = msgspec.structs.replace(made, enabled=False)
        after = await seeded.write(trusted_issuers.update, BY, changed)
        assert (after.enabled, after.revision) == (False, 2)
        with pytest.raises(Conflict):
            await seeded.write(trusted_issuers.update, BY, msgspec.structs.replace(made, user_claim="email"))
        await seeded.write(trusted_issuers.delete, BY, made.issuer)
        with pytest.raises(NotFound):
            await seeded.read(trusted_issuers.find, made.issuer)
        actions = [row.action for row in await seeded.read(changes.audit_page)]
        assert actions[:3] == ["trusted_issuer.delete", "trusted_issuer.update", "trusted_issuer.create"]

    async def test_an_issuer_is_trusted_once_and_names_scopes_that_there_are(self, seeded: Database) -> None:
        await add_issuer(seeded)
        with pytest.raises(Invalid, match="already"):
            await add_issuer(seeded)
        with pytest.raises(Invalid, match="no scope"):
            await add_issuer(seeded, issuer="https://other.example", scopes=["ordres"])

    async def test_a_scope_that_is_deleted_goes_from_it(self, seeded: Database) -> None:
        made = await add_issuer(seeded)
        await seeded.write(scopes.delete, BY, "orders")
        assert (await seeded.read(trusted_issuers.find, made.issuer)).scopes == ()


class TestExternalServers:
    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "a:b"}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"issuer": ""}, "issuer"),
            ({"introspection_endpoint": ""}, "introspection_endpoint"),
            ({"introspection_endpoint": "ftp://x"}, "introspection_endpoint"),
            ({"jwks_uri": "https://login.example/jwks"}, "audience"),
            ({"token_typ": "jwt"}, "token_typ"),
            ({"introspection_cache": -1}, "introspection_cache"),
            ({"introspection_cache": 3601}, "introspection_cache"),
            ({"scope_mapping": "read"}, "scope_mapping"),
            ({"scope_mapping": {"a b": ["orders"]}}, "scope_mapping"),
            ({"scope_mapping": ["x"]}, "scope_mapping"),
            ({"scope_mapping": {"a": 7}}, "scope_mapping"),
        ],
    )
    def test_what_will_not_do_is_named(self, changes: dict[str, Any], field: str) -> None:
        assert server_refused(SERVER, **changes) == [field]

    def test_tokens_checked_by_keys_need_an_audience(self) -> None:
        assert server_refused(BY_KEYS, audience="") == ["audience"]
        assert external_servers.read_server(BY_KEYS, external_servers.NEW)

    def test_a_mapping_may_come_as_lines(self) -> None:
        text = "api.read = orders\n\napi.all = orders  customers"
        read = external_servers.read_server({**SERVER, "scope_mapping": text}, external_servers.NEW)
        assert read.scope_mapping == {"api.read": ("orders",), "api.all": ("orders", "customers")}

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ({"user": ""}, "user"),
            ({"user": "nobody"}, "no user"),
            ({"default_scope": ["ordres"]}, "orders"),
            ({"scope_mapping": {"x": ["ordres"]}}, "scope_mapping"),
            ({"client_id": ""}, "client_id"),
            ({"secret": "x" * 4097}, "client_secret"),
            ({"introspection_endpoint": "http://login.example/introspect"}, "https"),
        ],
    )
    async def test_what_it_names_must_be_there(self, seeded: Database, changes: dict[str, Any], told: str) -> None:
        with pytest.raises(Invalid, match=told):
            await add_server(seeded, **changes)

    async def test_name_and_issuer_are_each_taken_once(self, seeded: Database) -> None:
        await add_server(seeded)
        with pytest.raises(Invalid, match="already"):
            await add_server(seeded, issuer="https://other.example")
        with pytest.raises(Invalid, match="registered with this issuer"):
            await add_server(seeded, name="Other")

    async def test_the_secret_is_kept_sealed_and_stays_until_another_is_given(self, seeded: Database) -> None:
        made = await add_server(seeded)
        assert b"s3cret" not in made.sealed_secret
        assert SEALER.open(made.sealed_secret, seal_context("Corporate")) == b"s3cret"
        same = await seeded.write(external_servers.update, BY, made, client_secret="s3cret")
        assert same == made
        other = await seeded.write(external_servers.update, BY, made, user="bob", client_secret="other")
        assert SEALER.open(other.sealed_secret, seal_context("Corporate")) == b"other"
        kept = await seeded.write(external_servers.update, BY, msgspec.structs.replace(other, enabled=False))
        assert kept.sealed_secret == other.sealed_secret
        assert await seeded.read(external_servers.user_name, kept) == "bob"

    async def test_no_secret_and_no_seal_stands_in_the_audit_log(self, seeded: Database) -> None:
        made = await add_server(seeded)
        await seeded.write(external_servers.update, BY, made, client_secret="another")
        await seeded.write(external_servers.delete, BY, "Corporate")
        rows = await seeded.read(changes.audit_page)
        assert [row.action for row in rows[:3]] == [
            f"external_server.{verb}" for verb in ("delete", "update", "create")
        ]
        written = msgspec.json.encode(rows).decode()
        assert "s3cret" not in written
        assert "sealed" not in written
        assert '\\"user\\":\\"ada\\"' in written

    async def test_the_user_that_calls_run_as_cannot_be_deleted(self, seeded: Database) -> None:
        made = await add_server(seeded)
        with pytest.raises(Invalid, match="Corporate"):
            await seeded.write(users.delete, BY, made.user_id)

    async def test_a_scope_that_is_deleted_goes_from_it(self, seeded: Database) -> None:
        await add_server(seeded, scope_mapping={"read": ["orders"]})
        await seeded.write(scopes.delete, BY, "orders")
        found = await seeded.read(external_servers.find, "Corporate")
        assert (found.default_scope, found.scope_mapping) == ((), {"read": ()})


FILE = """
trusted_issuers:
  - issuer: https://issuer.example
    jwks_uri: https://issuer.example/jwks
    user_claim: email
    scopes: [orders]
external_authorization_servers:
  - name: Corporate
    issuer: https://login.example
    introspection_endpoint: https://login.example/introspect
    client_id: gatewright
    client_secret: {env: INTROSPECTION_SECRET}
    scope_mapping: {api.read: [orders], api.none: []}
    user: ada
"""


class TestFiles:
    async def applied(
        self, database: Database, text: str, *, secret: str | None = "s3cret", prune: bool = False
    ) -> list[str]:
        environment = {} if secret is None else {"INTROSPECTION_SECRET": secret}
        outcome = await apply(database, BY, read_configuration(text, "x.yaml"), CATALOGUE, environment, prune=prune)
        return [str(line) for line in outcome.lines]

    async def test_apply_makes_then_has_nothing_to_change(self, seeded: Database) -> None:
        assert await self.applied(seeded, FILE) == [
            "+ trusted issuer https://issuer.example",
            "+ external authorization server Corporate",
        ]
        assert await self.applied(seeded, FILE) == []

    async def test_apply_says_what_changes_but_never_a_secret(self, seeded: Database) -> None:
        await self.applied(seeded, FILE)
        changed = FILE.replace("user: ada", "user: bob").replace("email", "upn")
        lines = await self.applied(seeded, changed, secret="n3w")
        assert lines == [
            "~ trusted issuer https://issuer.example: user_claim email → upn",
            "~ external authorization server Corporate: user ada → bob, client_secret changed",
        ]

    async def test_apply_refuses_with_the_place(self, seeded: Database) -> None:
        with pytest.raises(Refused, match=r"x.yaml:6: .*ordres"):
            await self.applied(seeded, FILE.replace("scopes: [orders]", "scopes: [ordres]"))
        with pytest.raises(Refused, match="INTROSPECTION_SECRET is not set"):
            await self.applied(seeded, FILE, secret=None)
        with pytest.raises(Refused, match="not written in this file"):
            await self.applied(seeded, FILE.replace("{env: INTROSPECTION_SECRET}", "plain"))
        with pytest.raises(Refused, match="isuer"):
            await self.applied(seeded, FILE.replace("issuer: https://login", "isuer: https://login"))

    async def test_prune_removes_what_the_lists_do_not_name(self, seeded: Database) -> None:
        await self.applied(seeded, FILE)
        assert await self.applied(seeded, "acls: []", prune=True) == []
        empty = "trusted_issuers: []\nexternal_authorization_servers: []"
        assert await self.applied(seeded, empty, prune=True) == [
            "- trusted issuer https://issuer.example",
            "- external authorization server Corporate",
        ]

    async def test_an_export_holds_no_secret_and_changes_nothing(self, seeded: Database) -> None:
        await self.applied(seeded, FILE)
        exported = as_yaml(await seeded.read(configuration))
        assert "s3cret" not in exported
        assert "sealed" not in exported
        assert "user: ada" in exported
        assert await self.applied(seeded, exported, secret=None, prune=True) == []
