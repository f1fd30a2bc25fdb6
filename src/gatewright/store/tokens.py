"""Access tokens, and the grants they descend from with their refresh tokens. Revoking deletes.

A token not found is not active, nor is one whose grant is not: to end a family is to delete its grant. What is left
of its access tokens goes when it would have expired.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.store import token_groups
from gatewright.store import token_rows
from gatewright.store.database import Transaction
from gatewright.store.database import together
from gatewright.store.documents import names
from gatewright.store.keyset import Order
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant
from gatewright.store.records import PresentedRefreshToken
from gatewright.store.records import RefreshToken
from gatewright.store.token_groups import Refreshed as Refreshed
from gatewright.store.token_rows import insert_access_tokens
from gatewright.store.token_rows import insert_grants
from gatewright.store.token_rows import last_end

_HELD: Final = "(grant_id IS NULL OR EXISTS (SELECT 1 FROM grants WHERE grants.id = access_tokens.grant_id))"
_REFRESHABLE: Final = "g.refresh_digest IS NOT NULL AND (g.refresh_expires_at IS NULL OR g.refresh_expires_at > ?)"
_COUNTED: Final = "refreshes_used = refreshes_used + 1, ends_at = CASE WHEN ends_at < ? THEN ? ELSE ends_at END"
_SUCCESSOR: Final = "refresh_digest = ?, refresh_expires_at = ?, refresh_jkt = ?, refresh_issued_at = ?"
_NO_SUCCESSOR: Final = "refresh_digest = NULL"
_MOST_COUNTED: Final = 10_000


@together(token_groups.add_access_tokens)
def add_access_token(transaction: Transaction, token: AccessToken) -> None:
    """Keep an access token."""
    insert_access_tokens(transaction, [token])


def add_grant(
    transaction: Transaction, grant: Grant, access_token: AccessToken, refresh_token: RefreshToken | None
) -> None:
    """Keep a grant and the first tokens of its family."""
    insert_grants(transaction, [(grant, access_token, refresh_token)])


def find_access_token(transaction: Transaction, digest: bytes) -> AccessToken | None:
    """The access token of that digest, expired or not."""
    row = transaction.row(f"SELECT {token_rows.ACCESS} FROM access_tokens WHERE digest = ? AND {_HELD}", (digest,))
    return token_rows.access_token(row) if row else None


def find_access_token_by_id(transaction: Transaction, token_id: str) -> AccessToken | None:
    """The access token of that row id, as the console lists it."""
    row = transaction.row(f"SELECT {token_rows.ACCESS} FROM access_tokens WHERE id = ? AND {_HELD}", (token_id,))
    return token_rows.access_token(row) if row else None


def find_refresh_token(transaction: Transaction, family: bytes, digest: bytes) -> PresentedRefreshToken | None:
    """What a refresh token is of whose family began with the token of digest `family`; expired or not."""
    row = transaction.row(f"SELECT {token_rows.FAMILY} FROM grants WHERE refresh_family = ?", (family,))
    return token_rows.presented_refresh_token(row, digest) if row else None


def find_grant(transaction: Transaction, grant_id: str) -> Grant | None:
    """The grant of that id."""
    row = transaction.row(f"SELECT {token_rows.GRANT} FROM grants WHERE id = ?", (grant_id,))
    return token_rows.grant(row) if row else None


class SameAnswer(msgspec.Struct, frozen=True):
    """The preceding token, inside grace: give its sealed answer again."""

    sealed: bytes


def refresh(transaction: Transaction, grant_id: str, access_token: AccessToken, limit: int | None) -> Refreshed:
    """Use a refresh token that is not rotated: count the refresh, keep the new access token. `limit` None: unlimited."""
    ends_at = last_end(access_token, None)
    refreshed = transaction.execute(
        f"UPDATE grants SET {_COUNTED} WHERE id = ?{_below(limit)}", (ends_at, ends_at, grant_id, *_given(limit))
    )
    if refreshed == 0:
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
    ends_at = last_end(access_token, successor)
    replaced, given = _NO_SUCCESSOR, tuple[object, ...]()
    if successor is not None:
        replaced, given = _SUCCESSOR, (successor.digest, successor.expires_at, successor.jkt, now)
    rotated = transaction.execute(
        f"UPDATE grants SET {_COUNTED}, preceding_digest = refresh_digest, rotated_at = ?, sealed_answer = ?, {replaced}"
        f" WHERE id = ? AND refresh_digest = ?{_below(limit)}",
        (ends_at, ends_at, now, sealed_answer, *given, access_token.grant_id, digest, *_given(limit)),
    )
    if rotated == 0:
        return _refused(transaction, access_token.grant_id, digest, grace, now)
    add_access_token(transaction, access_token)
    return Refreshed.DONE


def _below(limit: int | None) -> str:
    return "" if limit is None else " AND refreshes_used < ?"


def _given(limit: int | None) -> tuple[int, ...]:
    return () if limit is None else (limit,)


def _refused(
    transaction: Transaction, grant_id: str | None, digest: bytes, grace: int, now: int
) -> Refreshed | SameAnswer:
    row = transaction.row(
        "SELECT refresh_digest, preceding_digest, rotated_at, sealed_answer FROM grants WHERE id = ?", (grant_id,)
    )
    if grant_id is None or row is None or row[0] == digest:
        return Refreshed.EXHAUSTED
    _, preceding, rotated_at, sealed_answer = row
    if preceding == digest and now < rotated_at + grace:
        return SameAnswer(sealed_answer)
    revoke_grant(transaction, grant_id, now)
    return Refreshed.REUSED


def revoke_access_token(transaction: Transaction, token: AccessToken, now: int) -> None:
    """End one access token alone."""
    transaction.execute("DELETE FROM access_tokens WHERE digest = ?", (token.digest,))
    transaction.announce("token", token.digest.hex(), now)


def revoke_grant(transaction: Transaction, grant_id: str, now: int) -> None:
    """End a grant: its family's access and refresh tokens go together."""
    transaction.execute("DELETE FROM grants WHERE id = ?", (grant_id,))
    # What no clean-up would ever take away. A refresh that was under way has ended: the line above waited for it.
    transaction.execute("DELETE FROM access_tokens WHERE grant_id = ? AND expires_at IS NULL", (grant_id,))
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
        for table in ("authorization_codes", "device_codes", "grants", "access_tokens")
    )
    transaction.announce("tokens", f"user_id={user_id}", now)
    return ended


def _revoke_all(transaction: Transaction, column: str, value: str, now: int, batch: int) -> int:
    # Codes first, then grants, then tokens: what is being redeemed or refreshed meanwhile ends up in the next step.
    ended = sum(
        transaction.execute(
            f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE {column} = ? LIMIT ?)",
            (value, batch),
        )
        for table, key in (
            ("authorization_codes", "digest"),
            ("device_codes", "digest"),
            ("grants", "id"),
            ("access_tokens", "digest"),
        )
    )
    transaction.announce("tokens", f"{column}={value}", now)
    return ended


def count_of_client(transaction: Transaction, client_id: str, now: int, at_most: int = 1000) -> int:
    """How many live access tokens the client has, counted to `at_most`."""
    return len(
        transaction.rows(
            "SELECT 1 FROM access_tokens WHERE client_id = ? AND (expires_at IS NULL OR expires_at > ?)"
            f" AND {_HELD} LIMIT ?",
            (client_id, now, at_most),
        )
    )


class ListedToken(msgspec.Struct, frozen=True):
    """An access token as lists show it, with its family's refresh state."""

    token: AccessToken
    refreshable: bool
    refreshes_used: int


NEWEST_FIRST: Final = Order(("a.id",), descending=True)
OLDEST_FIRST: Final = Order(("a.id",))
SOONEST_FIRST: Final = Order(("a.expires_at", "a.id"), number=True)
"""The orders that tokens are listed in. By expiry: those alone that expire, and of a client or user never."""


def page(
    transaction: Transaction,
    now: int,
    *,
    after: Sequence[object] = (),
    limit: int = 50,
    client_id: str | None = None,
    user_id: str | None = None,
    order: Order = NEWEST_FIRST,
) -> list[ListedToken]:
    """Up to `limit` live access tokens in an order, those after the place `after`."""
    live = "a.expires_at > ?" if order.number else "(a.expires_at IS NULL OR a.expires_at > ?)"
    wanted = (("client_id =", client_id), ("user_id =", user_id))
    given = [(condition, value) for condition, value in wanted if value is not None]
    columns = ", ".join(f"a.{name}" for name in token_rows.ACCESS.split(", "))
    found = transaction.rows(
        f"SELECT {columns}, coalesce(g.refreshes_used, 0), {_REFRESHABLE}"
        " FROM access_tokens a LEFT JOIN grants g ON g.id = a.grant_id WHERE (a.grant_id IS NULL OR g.id IS NOT NULL)"
        f" AND {live} AND {order.after(after)}{''.join(f' AND a.{condition} ?' for condition, _ in given)}"
        f" ORDER BY {order.by} LIMIT ?",
        (now, now, *after, *(value for _, value in given), limit),
    )
    return [ListedToken(token_rows.access_token(row), bool(row[-1]), row[-2]) for row in found]


class HeldGrant(msgspec.Struct, frozen=True):
    """A grant as its user sees it: whether the client can get more access tokens by itself, and how many are live.

    live: counted among the user's newest, of which there may be a great many.
    """

    grant: Grant
    live: int
    refreshable: bool


def held_grants(transaction: Transaction, user_id: str, now: int, limit: int = 500) -> list[HeldGrant]:
    """The user's grants that have a live token, up to `limit`."""
    columns = ", ".join(f"g.{name}" for name in token_rows.GRANT.split(", "))
    found = transaction.rows(
        f"SELECT {columns}, {_REFRESHABLE} FROM grants g WHERE g.user_id = ? AND g.ends_at > ? LIMIT ?",
        (now, user_id, now, limit),
    )
    live = Counter(
        names(
            transaction.rows(
                "SELECT grant_id FROM access_tokens WHERE user_id = ? AND grant_id IS NOT NULL AND (expires_at IS NULL OR expires_at > ?)"
                " ORDER BY id DESC LIMIT ?",
                (user_id, now, _MOST_COUNTED),
            )
        )
    )
    held = [HeldGrant(token_rows.grant(row), live[row[0]], bool(row[-1])) for row in found]
    return [each for each in held if each.live or each.refreshable]
