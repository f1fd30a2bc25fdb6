"""Access tokens, refresh tokens and the grants they descend from. Revoking deletes: a token not found is not active."""

from enum import Enum

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import scope_names
from gatewright.store.documents import scope_text
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken

_ACCESS = "digest, id, client_id, user_id, grant_id, scope, issued_at, expires_at"
_REFRESH = "digest, grant_id, client_id, user_id, scope, issued_at, expires_at, consumed_at, successor, sealed_answer"
_GRANT = "id, client_id, user_id, grant_type, scope, authenticated_at, created_at, refreshes_used"


def add_access_token(transaction: Transaction, token: AccessToken) -> None:
    """Keep an access token."""
    transaction.execute(
        f"INSERT INTO access_tokens ({_ACCESS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            token.digest,
            token.id,
            token.client_id,
            token.user_id,
            token.grant_id,
            scope_text(token.scope),
            token.issued_at,
            token.expires_at,
        ),
    )


def add_refresh_token(transaction: Transaction, token: RefreshToken) -> None:
    """Keep a fresh refresh token."""
    transaction.execute(
        f"INSERT INTO refresh_tokens ({_REFRESH}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL, NULL)",
        (
            token.digest,
            token.grant_id,
            token.client_id,
            token.user_id,
            scope_text(token.scope),
            token.issued_at,
            token.expires_at,
        ),
    )


def add_grant(
    transaction: Transaction, grant: Grant, access_token: AccessToken, refresh_token: RefreshToken | None
) -> None:
    """Keep a grant and the first tokens of its family."""
    transaction.execute(
        f"INSERT INTO grants ({_GRANT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            grant.id,
            grant.client_id,
            grant.user_id,
            grant.grant_type,
            scope_text(grant.scope),
            grant.authenticated_at,
            grant.created_at,
            grant.refreshes_used,
        ),
    )
    add_access_token(transaction, access_token)
    if refresh_token is not None:
        add_refresh_token(transaction, refresh_token)


def find_access_token(transaction: Transaction, digest: bytes) -> AccessToken | None:
    """The access token of that digest, expired or not."""
    row = transaction.row(f"SELECT {_ACCESS} FROM access_tokens WHERE digest = ?", (digest,))
    return _access_token(row) if row else None


def find_access_token_by_id(transaction: Transaction, token_id: str) -> AccessToken | None:
    """The access token of that row id, as the console lists it."""
    row = transaction.row(f"SELECT {_ACCESS} FROM access_tokens WHERE id = ?", (token_id,))
    return _access_token(row) if row else None


def find_refresh_token(transaction: Transaction, digest: bytes) -> RefreshToken | None:
    """The refresh token of that digest, consumed, expired or not."""
    row = transaction.row(f"SELECT {_REFRESH} FROM refresh_tokens WHERE digest = ?", (digest,))
    return _refresh_token(row) if row else None


def find_grant(transaction: Transaction, grant_id: str) -> Grant | None:
    """The grant of that id."""
    row = transaction.row(f"SELECT {_GRANT} FROM grants WHERE id = ?", (grant_id,))
    return _grant(row) if row else None


class Refreshed(Enum):
    """How an attempt to use a refresh token ended."""

    DONE = "done"
    EXHAUSTED = "exhausted"  # the client's Refresh Count is used up, or the grant is gone
    REUSED = "reused"  # a consumed token outside grace: its family is revoked


class SameAnswer(msgspec.Struct, frozen=True):
    """The preceding token, inside grace: give its sealed answer again."""

    sealed: bytes


def refresh(transaction: Transaction, grant_id: str, access_token: AccessToken, limit: int | None) -> Refreshed:
    """Use a refresh token that is not rotated: count the refresh, keep the new access token. `limit` None: unlimited."""
    if not _count_refresh(transaction, grant_id, limit):
        return Refreshed.EXHAUSTED
    add_access_token(transaction, access_token)
    return Refreshed.DONE


def rotate_refresh_token(
    transaction: Transaction,
    digest: bytes,
    access_token: AccessToken,
    successor: RefreshToken | None,
    sealed_answer: bytes,
    *,
    limit: int | None,
    grace: int,
    now: int,
) -> Refreshed | SameAnswer:
    """Consume the refresh token and keep what its answer carries. ATOMIC: of any number of callers one gets DONE.

    The others get the same answer within `grace` seconds and before the successor is used; after that the family
    is revoked (RFC 9700 §4.14.2). `limit`: refreshes the grant may see, None for unlimited.
    """
    consumed = transaction.execute(
        "UPDATE refresh_tokens SET consumed_at = ?, successor = ?, sealed_answer = ? WHERE digest = ? AND consumed_at IS NULL",
        (now, successor and successor.digest, sealed_answer, digest),
    )
    if consumed == 0:
        return _replayed(transaction, digest, grace, now)
    grant_id = access_token.grant_id
    if grant_id is None or not _count_refresh(transaction, grant_id, limit):
        return Refreshed.EXHAUSTED
    add_access_token(transaction, access_token)
    if successor is not None:
        add_refresh_token(transaction, successor)
    return Refreshed.DONE


def _replayed(transaction: Transaction, digest: bytes, grace: int, now: int) -> Refreshed | SameAnswer:
    token = find_refresh_token(transaction, digest)
    if token is None:
        return Refreshed.EXHAUSTED
    successor = token.successor and find_refresh_token(transaction, token.successor)
    unused = not successor or successor.consumed_at is None
    if token.sealed_answer and unused and now < (token.consumed_at or 0) + grace:
        return SameAnswer(token.sealed_answer)
    revoke_grant(transaction, token.grant_id, now)
    return Refreshed.REUSED


def _count_refresh(transaction: Transaction, grant_id: str, limit: int | None) -> bool:
    counted = "UPDATE grants SET refreshes_used = refreshes_used + 1 WHERE id = ?"
    if limit is None:
        return transaction.execute(counted, (grant_id,)) == 1
    return transaction.execute(f"{counted} AND refreshes_used < ?", (grant_id, limit)) == 1


def revoke_access_token(transaction: Transaction, token: AccessToken, now: int) -> None:
    """End one access token alone."""
    transaction.execute("DELETE FROM access_tokens WHERE digest = ?", (token.digest,))
    transaction.announce("token", token.digest.hex(), now)


def revoke_grant(transaction: Transaction, grant_id: str, now: int) -> None:
    """End a grant: its family's access and refresh tokens go together."""
    transaction.execute("DELETE FROM access_tokens WHERE grant_id = ?", (grant_id,))
    transaction.execute("DELETE FROM refresh_tokens WHERE grant_id = ?", (grant_id,))
    transaction.execute("DELETE FROM grants WHERE id = ?", (grant_id,))
    transaction.announce("grant", grant_id, now)


def revoke_client(transaction: Transaction, client_id: str, now: int) -> int:
    """End everything issued to a client, pending codes too; the number of access tokens that ended."""
    return _revoke_all(transaction, "client_id", client_id, now)


def revoke_user(transaction: Transaction, user_id: str, now: int) -> int:
    """End everything issued for a user, pending codes too; the number of access tokens that ended."""
    return _revoke_all(transaction, "user_id", user_id, now)


def _revoke_all(transaction: Transaction, column: str, value: str, now: int) -> int:
    ended = transaction.execute(f"DELETE FROM access_tokens WHERE {column} = ?", (value,))
    for table in ("refresh_tokens", "authorization_codes"):
        transaction.execute(
            f"DELETE FROM {table} WHERE grant_id IN (SELECT id FROM grants WHERE {column} = ?)", (value,)
        )
    transaction.execute(f"DELETE FROM authorization_codes WHERE {column} = ?", (value,))
    transaction.execute(f"DELETE FROM grants WHERE {column} = ?", (value,))
    transaction.announce("tokens", f"{column}={value}", now)
    return ended


def count_of_client(transaction: Transaction, client_id: str, now: int, at_most: int = 1000) -> int:
    """How many live access tokens the client has, counted to `at_most`."""
    return len(
        transaction.rows(
            "SELECT 1 FROM access_tokens WHERE client_id = ? AND (expires_at IS NULL OR expires_at > ?) LIMIT ?",
            (client_id, now, at_most),
        )
    )


class ListedToken(msgspec.Struct, frozen=True):
    """An access token as lists show it, with its family's refresh state."""

    token: AccessToken
    refreshable: bool
    refreshes_used: int


def page(
    transaction: Transaction,
    now: int,
    *,
    before: str | None = None,
    limit: int = 50,
    client_id: str | None = None,
    user_id: str | None = None,
) -> list[ListedToken]:
    """Up to `limit` live access tokens, newest first, those with ids before `before`."""
    conditions, parameters = ["(a.expires_at IS NULL OR a.expires_at > ?)"], [now]
    filters: list[object] = [*parameters]
    for column, operator, value in (("id", "<", before), ("client_id", "=", client_id), ("user_id", "=", user_id)):
        if value is not None:
            conditions.append(f"a.{column} {operator} ?")
            filters.append(value)
    columns = ", ".join(f"a.{name}" for name in _ACCESS.split(", "))
    found = transaction.rows(
        f"SELECT {columns}, coalesce(g.refreshes_used, 0), EXISTS (SELECT 1 FROM refresh_tokens r"
        " WHERE r.grant_id = a.grant_id AND r.consumed_at IS NULL) FROM access_tokens a LEFT JOIN grants g ON g.id = a.grant_id"
        f" WHERE {' AND '.join(conditions)} ORDER BY a.id DESC LIMIT ?",
        (*filters, limit),
    )
    return [ListedToken(_access_token(row), bool(row[9]), row[8]) for row in found]


def _access_token(row: Row) -> AccessToken:
    return AccessToken(
        digest=row[0],
        id=row[1],
        client_id=row[2],
        user_id=row[3],
        grant_id=row[4],
        scope=scope_names(row[5]),
        issued_at=row[6],
        expires_at=row[7],
    )


def _refresh_token(row: Row) -> RefreshToken:
    return RefreshToken(
        digest=row[0],
        grant_id=row[1],
        client_id=row[2],
        user_id=row[3],
        scope=scope_names(row[4]),
        issued_at=row[5],
        expires_at=row[6],
        consumed_at=row[7],
        successor=row[8],
        sealed_answer=row[9],
    )


def _grant(row: Row) -> Grant:
    return Grant(
        id=row[0],
        client_id=row[1],
        user_id=row[2],
        grant_type=row[3],
        scope=scope_names(row[4]),
        authenticated_at=row[5],
        created_at=row[6],
        refreshes_used=row[7],
    )
