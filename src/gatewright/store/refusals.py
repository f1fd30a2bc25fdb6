"""Refusal receipts: what was asked and which rule refused, kept for a while so that people find out why."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json
from gatewright.store.keyset import Order


class Refusal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One refused request. It holds no secret, token, code or assertion, nor what somebody typed as a name or password.

    reference: the request's id, which the answer carried.
    endpoint: `call` for the guard, else of `oauth.rules.Endpoint`; rule: of `oauth.rules` or `services.rules`.
    sentence: what the caller was told; detail: the log's reason; found, wanted: of the rule that refused.
    client_id, user: empty when they are none of ours.  peer: the caller's address.
    acl: the target of the ACL that decided.  parameters: names, and the values that are no secrets.  scopes, groups: what the token and its principal have.
    """

    id: str
    reference: str
    at: int
    endpoint: str
    method: str
    path: str
    rule: str = ""
    status: int = 0
    error: str = ""
    sentence: str = ""
    detail: str = ""
    found: str = ""
    wanted: str = ""
    grant_type: str = ""
    client_id: str = ""
    user: str = ""
    peer: str = ""
    service: str = ""
    template: str = ""
    acl: str = ""
    scopes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()


_decode = msgspec.json.Decoder(Refusal).decode


def add(transaction: Transaction, refusals: list[Refusal]) -> None:
    """Keep some."""
    for refusal in refusals:
        transaction.execute(
            "INSERT INTO refusals (id, reference, at, client_id, error, document) VALUES (?, ?, ?, ?, ?, ?)",
            (refusal.id, refusal.reference, refusal.at, refusal.client_id, refusal.error, to_json(refusal)),
        )


def find(transaction: Transaction, reference: str) -> Refusal | None:
    """The receipt of a reference."""
    row = transaction.row("SELECT document FROM refusals WHERE reference = ?", (reference,))
    return None if row is None else _refusal(row)


NEWEST_FIRST: Final = Order(("id",), descending=True)
OLDEST_FIRST: Final = Order(("id",))
BY_CLIENT: Final = Order(("client_id", "id"))
"""The orders that receipts are listed in; those that are known of no client come first by client."""


def page(
    transaction: Transaction,
    after: Sequence[object] = (),
    limit: int = 50,
    *,
    client_id: str = "",
    error: str = "",
    since: int = 0,
    order: Order = NEWEST_FIRST,
) -> list[Refusal]:
    """Up to `limit` receipts in an order: those after the place `after`, of that client, error code and time on."""
    wanted = [(column, text) for column, text in (("client_id", client_id), ("error", error)) if text]
    found = transaction.rows(
        f"SELECT document FROM refusals WHERE {order.after(after)} AND at >= ?"
        f"{''.join(f' AND {column} = ?' for column, _ in wanted)} ORDER BY {order.by} LIMIT ?",
        (*after, since, *(text for _, text in wanted), limit),
    )
    return [_refusal(row) for row in found]


def remove_old(transaction: Transaction, before: int, most: int, batch: int = 500) -> int:
    """Remove up to `batch` receipts from before a time, and those beyond the newest `most`; how many went."""
    newest = transaction.row("SELECT id FROM refusals ORDER BY id DESC LIMIT 1 OFFSET ?", (most,))
    beyond = str(newest[0]) if newest else ""
    return transaction.execute(
        "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals WHERE at < ? OR id <= ? ORDER BY id LIMIT ?)",
        (before, beyond, batch),
    )


def _refusal(row: Row) -> Refusal:
    return _decode(row[0])
