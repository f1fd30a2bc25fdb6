"""Device codes (RFC 8628). A redeemed one stays as a tombstone until it would have expired, so that a replay is seen.

What a person types, the user code, is kept as it is: it is short, so that a digest would hide nothing, and good for
nothing but showing the request to somebody who has signed in.
"""

from collections.abc import Sequence
from typing import Final
from typing import Literal

import msgspec

from gatewright.store import tokens
from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import resource_names
from gatewright.store.documents import resource_text
from gatewright.store.documents import scope_names
from gatewright.store.documents import scope_text
from gatewright.store.records import AccessToken
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken

State = Literal["pending", "approved", "denied", "redeemed"]
SLOWER: Final = 5
"""Seconds by which a device that asks too soon has to wait longer from then on (RFC 8628 §3.5)."""
_EARLY: Final = 1  # our clock counts whole seconds
_CODE: Final = (
    "digest, user_code, client_id, scope, resource, grant_id, issued_at, expires_at, interval_seconds, next_poll_at,"
    " state, user_id, authenticated_at"
)


class DeviceCode(msgspec.Struct, frozen=True, kw_only=True):
    """A device's request. It carries the grant that redeeming it makes.

    scope: what is asked for; once approved, what was granted.
    interval: seconds the device waits between two polls.  next_poll_at: when the next one is in time.
    user_id, authenticated_at: who approved, and when he or she had signed in.
    """

    digest: bytes
    user_code: str
    client_id: str
    scope: tuple[str, ...]
    grant_id: str
    issued_at: int
    expires_at: int
    interval: int
    resource: tuple[str, ...] = ()
    next_poll_at: int = 0
    state: State = "pending"
    user_id: str | None = None
    authenticated_at: int | None = None


def add(transaction: Transaction, code: DeviceCode) -> None:
    """Keep a pending code. Fails when its user code is in use."""
    transaction.execute(
        f"INSERT INTO device_codes ({_CODE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
        (
            code.digest,
            code.user_code,
            code.client_id,
            scope_text(code.scope),
            resource_text(code.resource),
            code.grant_id,
            code.issued_at,
            code.expires_at,
            code.interval,
            code.next_poll_at,
            code.state,
        ),
    )


def find(transaction: Transaction, digest: bytes) -> DeviceCode | None:
    """The code of that digest, in whatever state, expired or not."""
    row = transaction.row(f"SELECT {_CODE} FROM device_codes WHERE digest = ?", (digest,))
    return _code(row) if row else None


def find_typed(transaction: Transaction, user_code: str) -> DeviceCode | None:
    """The code of that user code, in whatever state, expired or not."""
    row = transaction.row(f"SELECT {_CODE} FROM device_codes WHERE user_code = ?", (user_code,))
    return _code(row) if row else None


def poll(transaction: Transaction, digest: bytes, now: int) -> bool:
    """Count that the device asked. ATOMIC. False: too soon, and from now on it has to wait longer."""
    in_time = transaction.execute(
        "UPDATE device_codes SET next_poll_at = ? + interval_seconds WHERE digest = ? AND next_poll_at <= ?",
        (now - _EARLY, digest, now),
    )
    if in_time == 0:
        transaction.execute(
            "UPDATE device_codes SET next_poll_at = ? + interval_seconds, interval_seconds = interval_seconds + ?"
            " WHERE digest = ?",
            (now - _EARLY + SLOWER, SLOWER, digest),
        )
    return in_time == 1


def approve(
    transaction: Transaction, digest: bytes, user_id: str, authenticated_at: int, scope: Sequence[str], now: int
) -> bool:
    """Let the device have a token with this scope for the user. ATOMIC: of all decisions about a code one counts."""
    approved = transaction.execute(
        "UPDATE device_codes SET state = 'approved', user_id = ?, authenticated_at = ?, scope = ?"
        " WHERE digest = ? AND state = 'pending' AND expires_at > ?",
        (user_id, authenticated_at, scope_text(scope), digest, now),
    )
    return approved == 1


def deny(transaction: Transaction, digest: bytes, now: int) -> bool:
    """Refuse the device. ATOMIC: of all decisions about a code one counts."""
    denied = transaction.execute(
        "UPDATE device_codes SET state = 'denied' WHERE digest = ? AND state = 'pending' AND expires_at > ?",
        (digest, now),
    )
    return denied == 1


def redeem(
    transaction: Transaction,
    digest: bytes,
    grant: Grant,
    access_token: AccessToken,
    refresh_token: RefreshToken | None,
    now: int,
) -> bool:
    """Consume an approved code and keep its tokens. ATOMIC: of any number of callers exactly one gets True.

    For every other caller the code was used before: what came from it is revoked, as with authorization codes.
    """
    redeemed = transaction.execute(
        "UPDATE device_codes SET state = 'redeemed' WHERE digest = ? AND state = 'approved'", (digest,)
    )
    if redeemed == 0:
        tokens.revoke_grant(transaction, grant.id, now)
        return False
    tokens.add_grant(transaction, grant, access_token, refresh_token)
    return True


def _code(row: Row) -> DeviceCode:
    return DeviceCode(
        digest=row[0],
        user_code=row[1],
        client_id=row[2],
        scope=scope_names(row[3]),
        resource=resource_names(row[4]),
        grant_id=row[5],
        issued_at=row[6],
        expires_at=row[7],
        interval=row[8],
        next_poll_at=row[9],
        state=row[10],
        user_id=row[11],
        authenticated_at=row[12],
    )
