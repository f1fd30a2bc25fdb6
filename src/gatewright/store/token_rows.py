"""Between tokens and grants and the rows they are kept as."""

from collections.abc import Callable
from collections.abc import Sequence
from functools import cache
from typing import Final
from typing import TypeVar

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import resource_names
from gatewright.store.documents import resource_text
from gatewright.store.documents import scope_names
from gatewright.store.documents import scope_text
from gatewright.store.documents import to_json
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken

ACCESS: Final = (
    "digest, id, client_id, user_id, grant_id, scope, issued_at, expires_at, jkt, exchanged_from, actors, resource"
)
GRANT: Final = "id, client_id, user_id, grant_type, scope, authenticated_at, created_at, refreshes_used, resource"
_FRESH: Final = "digest, grant_id, client_id, user_id, scope, issued_at, expires_at, jkt, resource"
REFRESH: Final = f"{_FRESH}, consumed_at, successor, sealed_answer"

R = TypeVar("R")


def insert_access_tokens(transaction: Transaction, tokens: Sequence[AccessToken]) -> None:
    """Keep access tokens, by one statement."""
    _insert(transaction, "access_tokens", ACCESS, tokens, _of_access_token)


def insert_refresh_tokens(transaction: Transaction, tokens: Sequence[RefreshToken]) -> None:
    """Keep fresh refresh tokens, by one statement."""
    _insert(transaction, "refresh_tokens", _FRESH, tokens, _of_refresh_token)


def insert_grants(transaction: Transaction, grants: Sequence[Grant]) -> None:
    """Keep grants, by one statement."""
    _insert(transaction, "grants", GRANT, grants, _of_grant)


def _insert(
    transaction: Transaction, table: str, columns: str, records: Sequence[R], values: Callable[[R], tuple[object, ...]]
) -> None:
    if len(records) == 1:
        transaction.execute(_statement(table, columns, 1), values(records[0]))
    elif records:
        given: list[object] = []
        for record in records:
            given += values(record)
        transaction.execute(_statement(table, columns, len(records)), given)


@cache
def _statement(table: str, columns: str, count: int) -> str:
    row = f"({', '.join('?' * (columns.count(',') + 1))})"
    return f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * count)}"


def _of_access_token(token: AccessToken) -> tuple[object, ...]:
    return (
        token.digest,
        token.id,
        token.client_id,
        token.user_id,
        token.grant_id,
        scope_text(token.scope),
        token.issued_at,
        token.expires_at,
        token.jkt,
        token.exchanged_from,
        to_json(token.actors) if token.actors else None,
        resource_text(token.resource),
    )


def _of_refresh_token(token: RefreshToken) -> tuple[object, ...]:
    return (
        token.digest,
        token.grant_id,
        token.client_id,
        token.user_id,
        scope_text(token.scope),
        token.issued_at,
        token.expires_at,
        token.jkt,
        resource_text(token.resource),
    )


def _of_grant(grant: Grant) -> tuple[object, ...]:
    return (
        grant.id,
        grant.client_id,
        grant.user_id,
        grant.grant_type,
        scope_text(grant.scope),
        grant.authenticated_at,
        grant.created_at,
        grant.refreshes_used,
        resource_text(grant.resource),
    )


def access_token(row: Row) -> AccessToken:
    """The access token of a row of ACCESS."""
    return AccessToken(
        digest=row[0],
        id=row[1],
        client_id=row[2],
        user_id=row[3],
        grant_id=row[4],
        scope=scope_names(row[5]),
        issued_at=row[6],
        expires_at=row[7],
        jkt=row[8],
        exchanged_from=row[9],
        actors=msgspec.json.decode(row[10], type=tuple[str, ...]) if row[10] else (),
        resource=resource_names(row[11]),
    )


def refresh_token(row: Row) -> RefreshToken:
    """The refresh token of a row of REFRESH."""
    return RefreshToken(
        digest=row[0],
        grant_id=row[1],
        client_id=row[2],
        user_id=row[3],
        scope=scope_names(row[4]),
        issued_at=row[5],
        expires_at=row[6],
        jkt=row[7],
        resource=resource_names(row[8]),
        consumed_at=row[9],
        successor=row[10],
        sealed_answer=row[11],
    )


def grant(row: Row) -> Grant:
    """The grant of a row of GRANT."""
    return Grant(
        id=row[0],
        client_id=row[1],
        user_id=row[2],
        grant_type=row[3],
        scope=scope_names(row[4]),
        authenticated_at=row[5],
        created_at=row[6],
        refreshes_used=row[7],
        resource=resource_names(row[8]),
    )
