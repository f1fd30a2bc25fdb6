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
from gatewright.store.records import PresentedRefreshToken
from gatewright.store.records import RefreshToken

ACCESS: Final = (
    "digest, id, client_id, user_id, grant_id, scope, issued_at, expires_at, jkt, exchanged_from, actors, resource"
)
GRANT: Final = "id, client_id, user_id, grant_type, scope, authenticated_at, created_at, refreshes_used, resource"
_REFRESH: Final = "refresh_family, refresh_digest, refresh_issued_at, refresh_expires_at, refresh_jkt"
FAMILY: Final = f"{GRANT}, {_REFRESH}"
_NEW_GRANT: Final = f"{FAMILY}, ends_at, look_at"
_NEVER: Final = 2**63 - 1
_NO_REFRESH: Final = (None, None, None, None, None)

NewGrant = tuple[Grant, AccessToken, RefreshToken | None]
"""A grant and the first tokens of its family."""

R = TypeVar("R")


def insert_access_tokens(transaction: Transaction, tokens: Sequence[AccessToken]) -> None:
    """Keep access tokens, by one statement."""
    _insert(transaction, "access_tokens", ACCESS, tokens, _of_access_token)


def insert_grants(transaction: Transaction, made: Sequence[NewGrant]) -> None:
    """Keep grants and the first tokens of their families, by one statement for each table."""
    _insert(transaction, "grants", _NEW_GRANT, made, _of_grant)
    insert_access_tokens(transaction, [access_token for _, access_token, _ in made])


def last_end(access_token: AccessToken, refresh_token: RefreshToken | None) -> int:
    """When the later one of the two expires; one that never does, at the end of time."""
    ends = _NEVER if access_token.expires_at is None else access_token.expires_at
    if refresh_token is None:
        return ends
    return max(ends, _NEVER if refresh_token.expires_at is None else refresh_token.expires_at)


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


def _of_grant(made: NewGrant) -> tuple[object, ...]:
    grant, access_token, token = made
    ends_at = last_end(access_token, token)
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
        *((token.family, token.digest, token.issued_at, token.expires_at, token.jkt) if token else _NO_REFRESH),
        ends_at,
        ends_at,
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


def presented_refresh_token(row: Row, digest: bytes) -> PresentedRefreshToken:
    """The token of that digest, of the family of a row of FAMILY."""
    return PresentedRefreshToken(
        digest=digest, grant=grant(row), issued_at=row[11], expires_at=row[12], jkt=row[13], consumed=row[10] != digest
    )


def grant(row: Row) -> Grant:
    """The grant of a row of GRANT, or of what begins with it."""
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
