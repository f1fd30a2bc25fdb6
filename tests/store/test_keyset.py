"""Lists in an order of choice: each page begins where the one before ended, in either direction, on every engine."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from gatewright.store import changes
from gatewright.store import client_use
from gatewright.store import clients
from gatewright.store import refusals
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.keyset import Order
from gatewright.store.keyset import cursor
from gatewright.store.records import AuditRow
from gatewright.store.refusals import Refusal
from tests.store.makers import NOW
from tests.store.makers import client
from tests.store.makers import own_token
from tests.store.makers import user


def _fill(transaction: Transaction) -> None:
    """Things whose order by name, by id and by time all differ, and of which some times are the same."""
    for n, (name, at) in enumerate([("c", 3), ("a", 1), ("d", 1), ("b", 2), ("e", 1)]):
        clients.insert(transaction, client(f"c{n}", name=name, created_at=NOW + at))
        users.insert(transaction, user(f"u{n}", name=name, created_at=NOW + at))
        tokens.add_access_token(transaction, own_token(f"at{n}", id=f"id-{n}", expires_at=NOW + at))
        refusal = Refusal(
            id=f"{n}", reference=name, at=NOW, endpoint="token", method="POST", path="/", client_id=name * (n % 2)
        )
        refusals.add(transaction, [refusal])
        changes.add_audit(transaction, AuditRow(id=f"id-{n}", at=NOW, actor="ada", action="a.b", target=name))
    tokens.add_access_token(transaction, own_token("never", id="id-9", expires_at=None))
    client_use.saw(transaction, {"c1": NOW + 9})


LISTS: list[tuple[str, Order, Callable[..., Any], Callable[[Any], tuple[object, ...]], str]] = [
    ("clients by name", clients.BY_NAME, clients.page, lambda c: (c.name, c.version), "a b c d e"),
    ("clients by id", clients.BY_ID, clients.page, lambda c: (c.client_id,), "c0 c1 c2 c3 c4"),
    ("users by name", users.BY_NAME, users.page, lambda u: (u.name,), "a b c d e"),
    ("users by creation", users.BY_CREATION, users.page, lambda u: (u.created_at, u.name), f"{NOW + 1}a {NOW + 1}d {NOW + 1}e {NOW + 2}b {NOW + 3}c"),
    ("refusals by time", refusals.OLDEST_FIRST, refusals.page, lambda r: (r.id,), "0 1 2 3 4"),
    ("refusals by client", refusals.BY_CLIENT, refusals.page, lambda r: (r.client_id, r.id), "0 2 4 a1 b3"),
    ("tokens by issue", tokens.OLDEST_FIRST, lambda t, *given, **named: tokens.page(t, NOW, after=given[0], limit=given[1], **named), lambda t: (t.token.id,), "id-0 id-1 id-2 id-3 id-4 id-9"),
    (
        "tokens by expiry", tokens.SOONEST_FIRST, lambda t, *given, **named: tokens.page(t, NOW, after=given[0], limit=given[1], **named),
        lambda t: (t.token.expires_at, t.token.id), f"{NOW + 1}id-1 {NOW + 1}id-2 {NOW + 1}id-4 {NOW + 2}id-3 {NOW + 3}id-0",
    ),
]  # fmt: skip


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize(("order", "page", "key", "expected"), [each[1:] for each in LISTS], ids=[each[0] for each in LISTS])  # fmt: skip
async def test_pages_follow_each_other_in_every_order(
    database: Database,
    order: Order,
    page: Callable[..., Any],
    key: Callable[[Any], tuple[object, ...]],
    expected: str,
    descending: bool,
) -> None:
    await database.write(_fill)
    order = replace(order, descending=descending)
    found: list[str] = []
    place: tuple[object, ...] = ()
    while rows := await database.read(page, place, 2, order=order):
        found += ["".join(map(str, key(row))).removesuffix("1.0") for row in rows]
        place = order.place(cursor(*key(rows[-1])))
    assert found == (expected.split()[::-1] if descending else expected.split())


async def test_clients_are_listed_by_when_they_last_got_a_token(database: Database) -> None:
    await database.write(_fill)
    latest = replace(clients.BY_USE, descending=True)
    first = await database.read(clients.page, (), 2, order=latest)
    assert [each.client_id for each in first] == ["c1", "c0"]
    used = await database.read(client_use.used, ["c1", "c0", "nobody"])
    assert used == {"c1": NOW + 9, "c0": NOW + 3}
    rest = await database.read(clients.page, (used["c0"], "c0"), 9, order=latest)
    assert [each.client_id for each in rest] == ["c3", "c4", "c2"]
    assert [each.name for each in await database.read(clients.page, (), 9, "d", latest)] == ["d"]


async def test_the_audit_log_is_read_from_its_beginning_too(database: Database) -> None:
    await database.write(_fill)
    first = await database.read(changes.audit_page, None, 2, oldest_first=True)
    assert [row.id for row in first] == ["id-0", "id-1"]
    assert [row.id for row in await database.read(changes.audit_page, "id-1", 2, oldest_first=True)] == ["id-2", "id-3"]


@pytest.mark.parametrize("text", ["", "x", "1", "x\x1fa", "-1\x1fa", "1.5\x1fa", "²\x1fa", f"{'9' * 30}\x1fa", "1\x1fa\x1fb", "1\x1f\0"])  # fmt: skip
def test_a_cursor_that_cannot_be_read_is_the_beginning(text: str) -> None:
    assert Order(("at", "name"), number=True).place(text) == ()
