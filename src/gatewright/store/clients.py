"""Clients, their secrets and their scopes."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import containing
from gatewright.store.documents import marks
from gatewright.store.documents import names
from gatewright.store.documents import to_json
from gatewright.store.keyset import Order
from gatewright.store.records import Client
from gatewright.store.records import ClientSecret

_CLIENT = "client_id, document, revision"
BY_NAME: Final = Order(("name", "version"))
BY_ID: Final = Order(("client_id",))
BY_USE: Final = Order(("u.used_at", "u.client_id"), number=True)
"""The orders that clients are listed in; by use: when they last got a token, or were registered."""
_DISABLED: Final = '%"enabled":false%'
"""What the documents of disabled clients hold, and few others."""
_AT_ONCE: Final = 500
_SECRET = "id, client_id, digest, hash, created_at, expires_at, sealed"


class RegisteredClient(msgspec.Struct, frozen=True):
    """A client with all that requests ask of it: secrets, associated scopes, groups."""

    client: Client
    secrets: tuple[ClientSecret, ...]
    scopes: tuple[str, ...]
    groups: frozenset[str]


def find(transaction: Transaction, client_id: str) -> Client | None:
    """The client of that id."""
    row = transaction.row(f"SELECT {_CLIENT} FROM clients WHERE client_id = ?", (client_id,))
    return _client(row) if row else None


def find_named(transaction: Transaction, name: str, version: str) -> Client | None:
    """The client of that name and version, which together are unique."""
    row = transaction.row(f"SELECT {_CLIENT} FROM clients WHERE name = ? AND version = ?", (name, version))
    return _client(row) if row else None


def registered(transaction: Transaction, client_id: str) -> RegisteredClient | None:
    """The client of that id with its secrets, scopes and groups."""
    client = find(transaction, client_id)
    if client is None:
        return None
    return RegisteredClient(
        client, secrets(transaction, client_id), scopes(transaction, client_id), groups(transaction, client_id)
    )


def page(
    transaction: Transaction,
    after: Sequence[object] = (),
    limit: int = 50,
    search: str = "",
    order: Order = BY_NAME,
) -> list[Client]:
    """Up to `limit` clients in an order, those after the place `after`; `search` is a part of name or id."""
    pattern = containing(search)
    # CROSS JOIN: SQLite then goes by the order's index, and asks for each client in turn.
    table, joined = (
        ("client_use u CROSS JOIN clients c", "c.client_id = u.client_id AND ") if _of_use(order) else ("clients c", "")
    )
    found = transaction.rows(
        f"SELECT c.client_id, c.document, c.revision FROM {table} WHERE {joined}{order.after(after)}"
        " AND (lower(c.name) LIKE lower(?) ESCAPE '!' OR lower(c.client_id) LIKE lower(?) ESCAPE '!')"
        f" ORDER BY {order.by} LIMIT ?",
        (*after, pattern, pattern, limit),
    )
    return [_client(row) for row in found]


def _of_use(order: Order) -> bool:
    return order.columns == BY_USE.columns


def disabled(transaction: Transaction, client_ids: Sequence[str] | None = None) -> list[str]:
    """The ids of clients that are disabled. client_ids: of these alone; None: of all."""
    if client_ids is None:
        return _disabled(transaction.rows(f"SELECT {_CLIENT} FROM clients WHERE document LIKE ?", (_DISABLED,)))
    found: list[str] = []
    for start in range(0, len(client_ids), _AT_ONCE):
        some = client_ids[start : start + _AT_ONCE]
        sql = f"SELECT {_CLIENT} FROM clients WHERE client_id IN ({marks(some)}) AND document LIKE ?"
        found += _disabled(transaction.rows(sql, (*some, _DISABLED)))
    return found


def _disabled(rows: Sequence[Row]) -> list[str]:
    return [client.client_id for client in map(_client, rows) if not client.enabled]


def insert(transaction: Transaction, client: Client) -> None:
    """Keep a new client."""
    transaction.execute(
        "INSERT INTO clients (client_id, name, version, document, created_at, revision) VALUES (?, ?, ?, ?, ?, ?)",
        (client.client_id, client.name, client.version, to_json(client), client.created_at, client.revision),
    )
    transaction.execute(
        "INSERT INTO client_use (client_id, used_at) VALUES (?, ?)", (client.client_id, client.created_at)
    )
    transaction.announce("client", client.client_id, client.updated_at)


def update(transaction: Transaction, client: Client) -> bool:
    """Replace the client if its revision is still `client.revision`; the kept one's is the next."""
    changed = transaction.execute(
        "UPDATE clients SET name = ?, version = ?, document = ?, revision = revision + 1"
        " WHERE client_id = ? AND revision = ?",
        (client.name, client.version, to_json(client), client.client_id, client.revision),
    )
    transaction.announce("client", client.client_id, client.updated_at)
    return changed == 1


def delete(transaction: Transaction, client_id: str, now: int) -> bool:
    """Remove the client with its secrets, associations, memberships and consents (its tokens: `tokens.revoke_client`)."""
    transaction.execute("DELETE FROM group_members WHERE kind = 'client' AND member_id = ?", (client_id,))
    transaction.announce("client", client_id, now)
    return transaction.execute("DELETE FROM clients WHERE client_id = ?", (client_id,)) == 1


def secrets(transaction: Transaction, client_id: str) -> tuple[ClientSecret, ...]:
    """The client's secrets, newest first, expired ones too."""
    found = transaction.rows(f"SELECT {_SECRET} FROM client_secrets WHERE client_id = ? ORDER BY id DESC", (client_id,))
    return tuple(_secret(row) for row in found)


def add_secret(transaction: Transaction, secret: ClientSecret, others_expire_at: int, now: int) -> None:
    """Keep a new secret; the client's other secrets end at `others_expire_at` unless they end before."""
    transaction.announce("client", secret.client_id, now)
    transaction.execute(
        "UPDATE client_secrets SET expires_at = ? WHERE client_id = ? AND (expires_at IS NULL OR expires_at > ?)",
        (others_expire_at, secret.client_id, others_expire_at),
    )
    transaction.execute("DELETE FROM client_secrets WHERE client_id = ? AND expires_at <= ?", (secret.client_id, now))
    transaction.execute(
        f"INSERT INTO client_secrets ({_SECRET}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            secret.id,
            secret.client_id,
            secret.digest,
            secret.hash,
            secret.created_at,
            secret.expires_at,
            secret.sealed,
        ),
    )


def remove_secrets(transaction: Transaction, client_id: str, now: int) -> None:
    """Remove all secrets of the client (it became public)."""
    transaction.execute("DELETE FROM client_secrets WHERE client_id = ?", (client_id,))
    transaction.announce("client", client_id, now)


def forget_sealed(transaction: Transaction, client_id: str, now: int) -> None:
    """Remove the readable copies of the client's secrets; the secrets go on (it needs them for nothing but their digests)."""
    transaction.execute("UPDATE client_secrets SET sealed = NULL WHERE client_id = ?", (client_id,))
    transaction.announce("client", client_id, now)


def scopes(transaction: Transaction, client_id: str) -> tuple[str, ...]:
    """The scopes associated with the client, by name."""
    return names(transaction.rows("SELECT scope FROM client_scopes WHERE client_id = ? ORDER BY scope", (client_id,)))


def set_scopes(transaction: Transaction, client_id: str, scope: Sequence[str], now: int) -> None:
    """Associate the client with just these scopes."""
    transaction.announce("client", client_id, now)
    transaction.execute("DELETE FROM client_scopes WHERE client_id = ?", (client_id,))
    for name in scope:
        transaction.execute("INSERT INTO client_scopes (client_id, scope) VALUES (?, ?)", (client_id, name))


def groups(transaction: Transaction, client_id: str) -> frozenset[str]:
    """The groups the client is a member of."""
    return frozenset(
        names(
            transaction.rows(
                "SELECT group_name FROM group_members WHERE kind = 'client' AND member_id = ?", (client_id,)
            )
        )
    )


def _client(row: Row) -> Client:
    client = msgspec.json.decode(row[1], type=Client)
    return msgspec.structs.replace(client, revision=row[2])


def _secret(row: Row) -> ClientSecret:
    return ClientSecret(
        id=row[0],
        client_id=row[1],
        digest=row[2],
        hash=row[3],
        created_at=row[4],
        expires_at=row[5],
        sealed=row[6],
    )
