"""No query that serves a request, a list or the clean-up reads a whole table or sorts one: at ten million rows it would."""

import sqlite3
from collections.abc import Callable
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from gatewright.kernel.telemetry import Cell
from gatewright.store import access
from gatewright.store import activity
from gatewright.store import audit_chain
from gatewright.store import changes
from gatewright.store import cleanup
from gatewright.store import client_use
from gatewright.store import clients
from gatewright.store import codes
from gatewright.store import device_codes
from gatewright.store import factors
from gatewright.store import failures
from gatewright.store import passkeys
from gatewright.store import pushed_requests
from gatewright.store import refusals
from gatewright.store import registrations
from gatewright.store import scopes
from gatewright.store import single_use
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.postgresql import PostgresqlTransaction
from gatewright.store.postgresql_connection import Connection
from gatewright.store.postgresql_connection import connect as connect_postgresql
from gatewright.store.postgresql_connection import with_numbered_parameters
from gatewright.store.records import Totp
from gatewright.store.registrations import Registration
from gatewright.store.sqlite import connect
from tests.store.makers import NOW
from tests.store.makers import access_token
from tests.store.makers import client
from tests.store.makers import code
from tests.store.makers import consent
from tests.store.makers import device_code
from tests.store.makers import grant
from tests.store.makers import own_token
from tests.store.makers import passkey
from tests.store.makers import pushed_request
from tests.store.makers import refresh_token
from tests.store.makers import session
from tests.store.makers import sha
from tests.store.makers import user

ROTATE = {"limit": 5, "grace": 10, "now": NOW}
EVERYTHING: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
    (codes.add, (code(),), {}),
    (codes.find, (sha("code1"),), {}),
    (codes.redeem, (sha("code1"), grant(), access_token(), refresh_token(), NOW), {}),
    (codes.redeem, (sha("code1"), grant(), access_token(), refresh_token(), NOW), {}),
    (device_codes.add, (device_code(),), {}),
    (device_codes.find, (sha("dc1"),), {}),
    (device_codes.find_typed, ("BCDFGHJK",), {}),
    (device_codes.poll, (sha("dc1"), NOW), {}),
    (device_codes.approve, (sha("dc1"), "u1", NOW, ("a",), NOW), {}),
    (device_codes.deny, (sha("dc1"), NOW), {}),
    (
        device_codes.redeem,
        (sha("dc1"), grant("g3"), access_token("at6", grant_id="g3"), refresh_token("rt6"), NOW),
        {},
    ),
    (pushed_requests.add, (pushed_request(),), {}),
    (pushed_requests.begin, (sha("pr1"), "c1", sha("b1"), NOW, NOW + 600), {}),
    (pushed_requests.use, (sha("pr1"),), {}),
    (tokens.add_grant, (grant("g2"), access_token("at2", grant_id="g2"), refresh_token("rt2")), {}),
    (tokens.find_access_token, (sha("at1"),), {}),
    (tokens.find_access_token_by_id, ("id",), {}),
    (tokens.find_refresh_token, (sha("rt1"), sha("rt2")), {}),
    (tokens.find_grant, ("g1",), {}),
    (tokens.refresh, ("g2", access_token("at3", grant_id="g2"), 5), {}),
    (
        tokens.rotate_refresh_token,
        (sha("rt2"), access_token("at4", grant_id="g2"), refresh_token("rt4"), b""),
        ROTATE,
    ),
    (tokens.rotate_refresh_token, (sha("rt2"), access_token("at5", grant_id="g2"), None, b""), ROTATE),
    (tokens.count_of_client, ("c1", NOW), {}),
    *[(tokens.page, (NOW,), filters) for filters in ({}, {"after": ("x",)})],
    *[
        (tokens.page, (NOW,), {"after": ("x",)} | filters)
        for filters in ({"client_id": "c1"}, {"user_id": "u1"}, {"client_id": "c1", "user_id": "u1"})
    ],
    (tokens.revoke_access_token, (access_token("at3", grant_id="g2"), NOW), {}),
    (tokens.held_grants, ("u1", NOW), {}),
    (tokens.revoke_user_client, ("u1", "c1", NOW), {}),
    (cleanup.expired_rows, (NOW + 10**6,), {}),
    (tokens.revoke_client, ("c1", NOW), {}),
    (tokens.revoke_user, ("u1", NOW), {}),
    (clients.insert, (client(),), {}),
    (clients.update, (client(),), {}),
    (clients.registered, ("c1",), {}),
    (clients.find_named, ("C1", "1.0"), {}),
    (clients.page, (("a", "b"),), {}),
    (clients.page, (("c1",),), {"order": clients.BY_ID}),
    (clients.page, ((NOW, "c1"),), {"order": clients.BY_USE}),
    (clients.page, ((NOW, "c1"),), {"order": replace(clients.BY_USE, descending=True)}),
    (client_use.used, (["c1", "c2"],), {}),
    (users.insert, (user(),), {}),
    (users.find_named, ("x",), {}),
    (users.with_groups, ("u1",), {}),
    (users.page, (("a",),), {}),
    (users.page, ((NOW, "a"),), {"order": users.BY_CREATION}),
    (users.add_session, (session(),), {}),
    (users.find_session, (sha("se1"),), {}),
    (users.end_sessions, ("u1",), {}),
    (users.sessions, ("u1", NOW), {}),
    (users.see_session, (sha("se1"), "192.0.2.1", NOW), {}),
    (users.confirm_session, (sha("se1"), NOW), {}),
    (users.consents, ("u1",), {}),
    (factors.save_totp, (Totp(user_id="u1", sealed=b"s", last_step=1, created_at=NOW),), {}),
    (factors.find_totp, ("u1",), {}),
    (factors.use_step, ("u1", 2), {}),
    (factors.having, (["u1", "u2"],), {}),
    (factors.set_recovery_codes, ("u1", [sha("r1")]), {}),
    (factors.use_recovery_code, ("u1", sha("r1")), {}),
    (factors.count_recovery_codes, ("u1",), {}),
    (factors.add_pending, (sha("p1"), "u1", NOW), {}),
    (factors.find_pending, (sha("p1"), NOW), {}),
    (factors.end_pending, (sha("p1"),), {}),
    (factors.remove_totp, ("u1",), {}),
    (passkeys.insert, (passkey(),), {}),
    (passkeys.find, (b"k1",), {}),
    (passkeys.of_user, ("u1",), {}),
    (passkeys.use, (b"k1", 1, NOW), {}),
    (passkeys.rename, ("u1", b"k1", "x"), {}),
    (passkeys.remove, ("u1", b"k1"), {}),
    (passkeys.remove_all, ("u1",), {}),
    (users.remember_consent, (consent(),), {}),
    (users.find_consent, ("u1", "c1"), {}),
    (failures.count, (["a", "b"], 60, NOW), {}),
    (failures.blocked_until, (["a", "b"], 3, NOW), {}),
    (single_use.use, (sha("jti"), NOW), {}),
    (activity.add, ([Cell("service", "a", "", 1, 1, 0.1)], NOW), {}),
    (activity.forget, (NOW,), {}),
    (activity.forget_hours, (NOW,), {}),
    (registrations.insert, ("c1", sha("ra1"), Registration(), NOW), {}),
    (registrations.find, ("c1", sha("ra1")), {}),
    (registrations.update, ("c1", Registration(by_token=True)), {}),
    (registrations.see_used, (NOW, NOW + 1, 100), {}),
    (registrations.unused, (NOW + 1, 100), {}),
    (registrations.add_initial_token, (sha("ia1"), NOW), {}),
    (registrations.is_initial_token, (sha("ia1"), NOW), {}),
    (access.members, ("Developers",), {}),
    (scopes.clients, ("a",), {}),
    (scopes.count_clients, ("a",), {}),
    (scopes.first_clients, ("a", 10), {}),
    (scopes.associations, (["c1", "c2"],), {}),
    (scopes.set_clients, ("a", ["c1"], NOW), {}),
    (changes.newest, (), {}),
    (changes.since, (1,), {}),
    (changes.audit_page, ("x",), {}),
    (changes.audit_page, ("x",), {"oldest_first": True}),
    (audit_chain.head, (), {}),
    (audit_chain.hash_of, (1,), {}),
    (refusals.find, ("r1",), {}),
    (refusals.page, (("x",), 50), {"client_id": "c1"}),
    (refusals.page, (("c1", "x"), 50), {"order": refusals.BY_CLIENT}),
    (client_use.saw, ({"c1": NOW},), {}),
    (client_use.unused_since, (NOW,), {}),
    (client_use.expiring_secrets, (NOW, NOW + 1), {}),
    (cleanup.old_changes, (NOW,), {}),
    (clients.delete, ("c1", NOW), {}),
    (users.delete, ("u1", NOW), {}),
]
# They stop at the limit or at the first row they look for, in the order of the index they go by.
IN_ORDER = {"SCAN a USING INDEX access_tokens_id", "SCAN changes"}


class Explaining:
    """A transaction that asks for the plan of each statement before it runs it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.steps: list[tuple[str, str]] = []

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        explained = self._connection.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        self.steps += [(row[3], sql) for row in explained]
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        found = self.rows(sql, parameters)
        return found[0] if found else None

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        self.rows(sql, parameters)
        row = self._connection.execute("SELECT changes()").fetchone()
        return int(row[0])

    def announce(self, kind: str, key: str, now: int) -> None:
        self.execute("INSERT INTO changes (kind, name, at) VALUES (?, ?, ?)", (kind, key, now))


def test_every_statement_goes_by_an_index_and_sorts_nothing(sqlite_path: Path) -> None:
    connection = connect(sqlite_path)
    connection.execute("PRAGMA foreign_keys=OFF")
    transaction: Transaction = (explaining := Explaining(connection))
    for verb, arguments, options in EVERYTHING:
        verb(transaction, *arguments, **options)
    connection.close()
    assert len(explaining.steps) > len(EVERYTHING)
    slow = [
        (step, sql)
        for step, sql in explaining.steps
        if step not in IN_ORDER and (step.startswith("SCAN ") or "TEMP B-TREE" in step or "MULTI-INDEX" in step)
    ]
    assert slow == []


class ExplainingPostgresql(PostgresqlTransaction):
    """The same on PostgreSQL, where no index may be missing that the planner would have wanted."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._connection = connection
        self.steps: list[tuple[str, str]] = []

    def _run(self, sql: str, parameters: Sequence[object]) -> None:
        explain = f"EXPLAIN (COSTS OFF) {with_numbered_parameters(sql).decode()}".encode()
        self.steps += [(row[0].strip(" ->"), sql) for row in self._connection.execute(explain, parameters)]
        super()._run(sql, parameters)


def test_every_statement_has_an_index_to_go_by_on_postgresql(postgresql_url: str) -> None:
    with connect_postgresql(postgresql_url) as connection:
        connection.execute("SET enable_seqscan = off; SET enable_sort = off; SET session_replication_role = replica")
        explaining = ExplainingPostgresql(connection)
        for verb, arguments, options in EVERYTHING:
            verb(explaining, *arguments, **options)
    assert len(explaining.steps) > len(EVERYTHING)
    assert [found for found in explaining.steps if found[0].startswith(("Seq Scan", "Sort"))] == []


def children_without_index(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    missing = []
    for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
        first_columns = {
            connection.execute(f"PRAGMA index_info('{index[1]}')").fetchone()[2]
            for index in connection.execute(f"PRAGMA index_list('{table}')").fetchall()
        }
        keys = connection.execute(f"PRAGMA foreign_key_list('{table}')").fetchall()
        missing += [(table, key[3]) for key in keys if key[3] not in first_columns]
    return missing


def test_deleting_a_parent_finds_its_children_by_an_index(sqlite_path: Path) -> None:
    connection = connect(sqlite_path)
    assert children_without_index(connection) == []
    connection.execute("CREATE TABLE probe (client_id TEXT REFERENCES clients (client_id))")
    assert children_without_index(connection) == [("probe", "client_id")]
    connection.close()


@pytest.mark.parametrize("kept", ["client", "user"])
def test_revoking_a_principal_goes_by_an_index_with_statistics_too(sqlite_path: Path, kept: str) -> None:
    connection = connect(sqlite_path)
    transaction: Transaction = (explaining := Explaining(connection))
    for n in range(200):
        tokens.add_access_token(transaction, own_token(f"at{n}", client_id=f"c{n % 7}", user_id=f"u{n % 5}"))
    connection.execute("ANALYZE")
    explaining.steps.clear()
    revoke = tokens.revoke_client if kept == "client" else tokens.revoke_user
    revoke(transaction, "c1", NOW)
    connection.close()
    assert [step for step, _ in explaining.steps if step.startswith("SCAN access_tokens")] == []
