"""Clients that registered themselves (RFC 7591), and the tokens that let others do so."""

import msgspec

from gatewright.store.database import Transaction
from gatewright.store.documents import names
from gatewright.store.documents import to_json


class Registration(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of a self-registered client beside the client.

    by_token: whether an initial access token allowed it.
    """

    by_token: bool = False
    software_id: str = ""
    software_version: str = ""


def find(transaction: Transaction, client_id: str, digest: bytes) -> Registration | None:
    """The registration of that client, if its registration access token has that digest."""
    row = transaction.row("SELECT document FROM registrations WHERE client_id = ? AND digest = ?", (client_id, digest))
    return msgspec.json.decode(row[0], type=Registration) if row else None


def insert(transaction: Transaction, client_id: str, digest: bytes, registration: Registration, now: int) -> None:
    """Keep the registration of a client that is there."""
    transaction.execute(
        "INSERT INTO registrations (client_id, digest, document, seen_at) VALUES (?, ?, ?, ?)",
        (client_id, digest, to_json(registration), now),
    )


def update(transaction: Transaction, client_id: str, registration: Registration) -> None:
    """Replace what is kept."""
    transaction.execute("UPDATE registrations SET document = ? WHERE client_id = ?", (to_json(registration), client_id))


def see_used(transaction: Transaction, seen_before: int, now: int, batch: int) -> int:
    """Note `now` for up to `batch` clients, not seen since, that hold a token or grant; how many."""
    return transaction.execute(
        "UPDATE registrations SET seen_at = ? WHERE client_id IN (SELECT client_id FROM registrations r"
        " WHERE seen_at <= ? AND (EXISTS (SELECT 1 FROM access_tokens WHERE client_id = r.client_id)"
        " OR EXISTS (SELECT 1 FROM grants WHERE client_id = r.client_id)) LIMIT ?)",
        (now, seen_before, batch),
    )


def unused(transaction: Transaction, seen_before: int, batch: int) -> tuple[str, ...]:
    """Up to `batch` clients that were last seen to hold a token at `seen_before` or earlier."""
    return names(
        transaction.rows(
            "SELECT client_id FROM registrations WHERE seen_at <= ? ORDER BY seen_at LIMIT ?", (seen_before, batch)
        )
    )


def add_initial_token(transaction: Transaction, digest: bytes, expires_at: int) -> None:
    """Keep an initial access token."""
    transaction.execute("INSERT INTO initial_access_tokens (digest, expires_at) VALUES (?, ?)", (digest, expires_at))


def is_initial_token(transaction: Transaction, digest: bytes, now: int) -> bool:
    """Whether an initial access token of that digest is valid."""
    return (
        transaction.row("SELECT 1 FROM initial_access_tokens WHERE digest = ? AND expires_at > ?", (digest, now))
        is not None
    )
