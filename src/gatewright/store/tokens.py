"""Access tokens, refresh tokens and the grants they descend from. Revoking deletes: a token not found is not active."""

from collections.abc import Sequence

import msgspec

from gatewright.store import token_groups
from gatewright.store import token_rows
from gatewright.store.database import Transaction
from gatewright.store.database import together
from gatewright.store.documents import marks
from gatewright.store.documents import names
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken
from gatewright.store.token_groups import Refreshed as Refreshed
from gatewright.store.token_rows import insert_access_tokens
from gatewright.store.token_rows import insert_grants
from gatewright.store.token_rows import insert_refresh_tokens


@together(token_groups.add_access_tokens)
def add_access_token(transaction: Transaction, token: AccessToken) -> None:
    """Keep an access token."""
    insert_access_tokens(transaction, [token])


def add_refresh_token(transaction: Transaction, token: RefreshToken) -> None:
    """Keep a fresh refresh token."""
    insert_refresh_tokens(transaction, [token])


def add_grant(
    transaction: Transaction, grant: Grant, access_token: AccessToken, refresh_token: RefreshToken | None
) -> None:
    """Keep a grant and the first tokens of its family."""
    insert_grants(transaction, [grant])
    insert_access_tokens(transaction, [access_token])
    if refresh_token is not None:
        insert_refresh_tokens(transaction, [refresh_token])


def find_access_token(transaction: Transaction, digest: bytes) -> AccessToken | None:
    """The access token of that digest, expired or not."""
    row = transaction.row(f"SELECT {token_rows.ACCESS} FROM access_tokens WHERE digest = ?", (digest,))
    return token_rows.access_token(row) if row else None


def find_access_token_by_id(transaction: Transaction, token_id: str) -> AccessToken | None:
    """The access token of that row id, as the console lists it."""
    row = transaction.row(f"SELECT {token_rows.ACCESS} FROM access_tokens WHERE id = ?", (token_id,))
    return token_rows.access_token(row) if row else None


def find_refresh_token(transaction: Transaction, digest: bytes) -> RefreshToken | None:
    """The refresh token of that digest, consumed, expired or not."""
    row = transaction.row(f"SELECT {token_rows.REFRESH} FROM refresh_tokens WHERE digest = ?", (digest,))
    return token_rows.refresh_token(row) if row else None


def find_grant(transaction: Transaction, grant_id: str) -> Grant | None:
    """The grant of that id."""
    row = transaction.row(f"SELECT {token_rows.GRANT} FROM grants WHERE id = ?", (grant_id,))
    return token_rows.grant(row) if row else None


class SameAnswer(msgspec.Struct, frozen=True):
    """The preceding token, inside grace: give its sealed answer again."""

    sealed: bytes


def refresh(transaction: Transaction, grant_id: str, access_token: AccessToken, limit: int | None) -> Refreshed:
    """Use a refresh token that is not rotated: count the refresh, keep the new access token. `limit` None: unlimited."""
    if not _count_refresh(transaction, grant_id, limit):
        return Refreshed.EXHAUSTED
    add_access_token(transaction, access_token)
    return Refreshed.DONE


@together(token_groups.rotate_refresh_tokens)
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
    grant_id = access_token.grant_id
    # The grant first: whoever revokes it waits until this family's new tokens are there to be revoked.
    if grant_id is None or not _count_refresh(transaction, grant_id, limit):
        return _refused(transaction, digest, grace, now)
    consumed = transaction.execute(
        "UPDATE refresh_tokens SET consumed_at = ?, successor = ?, sealed_answer = ? WHERE digest = ? AND consumed_at IS NULL",
        (now, successor and successor.digest, sealed_answer, digest),
    )
    if consumed == 0:
        transaction.execute("UPDATE grants SET refreshes_used = refreshes_used - 1 WHERE id = ?", (grant_id,))
        return _refused(transaction, digest, grace, now)
    add_access_token(transaction, access_token)
    if successor is not None:
        add_refresh_token(transaction, successor)
    return Refreshed.DONE


def _refused(transaction: Transaction, digest: bytes, grace: int, now: int) -> Refreshed | SameAnswer:
    token = find_refresh_token(transaction, digest)
    if token is None or token.consumed_at is None:
        return Refreshed.EXHAUSTED
    successor = token.successor and find_refresh_token(transaction, token.successor)
    unused = not successor or successor.consumed_at is None
    if token.sealed_answer and unused and now < token.consumed_at + grace:
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
    if token.grant_id is not None:
        end_spent_grants(transaction, [token.grant_id])
    transaction.announce("token", token.digest.hex(), now)


def revoke_grant(transaction: Transaction, grant_id: str, now: int) -> None:
    """End a grant: its family's access and refresh tokens go together."""
    transaction.execute("DELETE FROM grants WHERE id = ?", (grant_id,))  # waits for a refresh that is under way
    _end_families(transaction, [grant_id])
    transaction.announce("grant", grant_id, now)


def revoke_client(transaction: Transaction, client_id: str, now: int, batch: int = 5000) -> int:
    """End what was issued to a client, pending codes too; how many things ended. Call again while it is not 0.

    One call ends at most `batch` codes, grants and tokens without a grant: millions would hold up every writer.
    """
    return _revoke_all(transaction, "client_id", client_id, now, batch)


def revoke_user(transaction: Transaction, user_id: str, now: int, batch: int = 5000) -> int:
    """End what was issued for a user, as `revoke_client` does for a client. Call again while it is not 0."""
    return _revoke_all(transaction, "user_id", user_id, now, batch)


def revoke_user_client(transaction: Transaction, user_id: str, client_id: str, now: int) -> int:
    """End what was issued to one client for one user, pending codes too; how many things ended."""
    of_both, both = "user_id = ? AND client_id = ?", (user_id, client_id)
    ended = sum(
        transaction.execute(f"DELETE FROM {table} WHERE {of_both}", both)
        for table in ("authorization_codes", "device_codes")
    )
    ended_grants = transaction.rows(f"DELETE FROM grants WHERE {of_both} RETURNING id", both)
    ended += len(ended_grants) + _end_families(transaction, names(ended_grants))
    ended += transaction.execute(f"DELETE FROM access_tokens WHERE {of_both}", both)
    transaction.announce("tokens", f"user_id={user_id}", now)
    return ended


def _revoke_all(transaction: Transaction, column: str, value: str, now: int, batch: int) -> int:
    # Codes first, then grants, then tokens: what is being redeemed or refreshed meanwhile ends up in the next step.
    ended = sum(
        transaction.execute(
            f"DELETE FROM {table} WHERE digest IN (SELECT digest FROM {table} WHERE {column} = ? LIMIT ?)",
            (value, batch),
        )
        for table in ("authorization_codes", "device_codes")
    )
    ended_grants = transaction.rows(
        f"DELETE FROM grants WHERE id IN (SELECT id FROM grants WHERE {column} = ? LIMIT ?) RETURNING id",
        (value, batch),
    )
    ended += len(ended_grants) + _end_families(transaction, names(ended_grants))
    ended += transaction.execute(
        f"DELETE FROM access_tokens WHERE digest IN (SELECT digest FROM access_tokens WHERE {column} = ? LIMIT ?)",
        (value, batch),
    )
    transaction.announce("tokens", f"{column}={value}", now)
    return ended


def _end_families(transaction: Transaction, grant_ids: Sequence[str]) -> int:
    if not grant_ids:
        return 0
    of_them = f"grant_id IN ({marks(grant_ids)})"
    ended = transaction.execute(f"DELETE FROM refresh_tokens WHERE {of_them}", grant_ids)
    return ended + transaction.execute(f"DELETE FROM access_tokens WHERE {of_them}", grant_ids)


def end_spent_grants(transaction: Transaction, grant_ids: Sequence[str]) -> None:
    """Remove those of the grants that have no token left, and so can never have one again."""
    if grant_ids:
        transaction.execute(
            f"DELETE FROM grants WHERE id IN ({marks(grant_ids)})"
            " AND NOT EXISTS (SELECT 1 FROM access_tokens WHERE grant_id = grants.id)"
            " AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE grant_id = grants.id)",
            grant_ids,
        )


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
    wanted = (("id <", before), ("client_id =", client_id), ("user_id =", user_id))
    given = [(condition, value) for condition, value in wanted if value is not None]
    columns = ", ".join(f"a.{name}" for name in token_rows.ACCESS.split(", "))
    found = transaction.rows(
        f"SELECT {columns}, coalesce(g.refreshes_used, 0), EXISTS (SELECT 1 FROM refresh_tokens r"
        " WHERE r.grant_id = a.grant_id AND r.consumed_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > ?))"
        " FROM access_tokens a LEFT JOIN grants g ON g.id = a.grant_id"
        f" WHERE (a.expires_at IS NULL OR a.expires_at > ?){''.join(f' AND a.{condition} ?' for condition, _ in given)}"
        " ORDER BY a.id DESC LIMIT ?",
        (now, now, *(value for _, value in given), limit),
    )
    return [ListedToken(token_rows.access_token(row), bool(row[-1]), row[-2]) for row in found]


class HeldGrant(msgspec.Struct, frozen=True):
    """A grant as its user sees it: `live` access tokens of it, and whether the client can get more by itself."""

    grant: Grant
    live: int
    refreshable: bool


def held_grants(transaction: Transaction, user_id: str, now: int, limit: int = 500) -> list[HeldGrant]:
    """The user's grants that have a live token, up to `limit`."""
    columns = ", ".join(f"g.{name}" for name in token_rows.GRANT.split(", "))
    found = transaction.rows(
        f"SELECT {columns}, (SELECT count(*) FROM access_tokens a WHERE a.grant_id = g.id"
        " AND (a.expires_at IS NULL OR a.expires_at > ?)), EXISTS (SELECT 1 FROM refresh_tokens r"
        " WHERE r.grant_id = g.id AND r.consumed_at IS NULL AND (r.expires_at IS NULL OR r.expires_at > ?))"
        " FROM grants g WHERE g.user_id = ? LIMIT ?",
        (now, now, user_id, limit),
    )
    held = [HeldGrant(token_rows.grant(row), row[-2], bool(row[-1])) for row in found]
    return [each for each in held if each.live or each.refreshable]
