"""Authorization codes. A redeemed one stays as a tombstone until it would have expired, so that a replay is seen."""

from gatewright.store import token_groups
from gatewright.store import tokens
from gatewright.store.database import Transaction
from gatewright.store.database import together
from gatewright.store.documents import resource_names
from gatewright.store.documents import resource_text
from gatewright.store.documents import scope_names
from gatewright.store.documents import scope_text
from gatewright.store.records import AccessToken
from gatewright.store.records import AuthorizationCode
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken

_CODE = (
    "digest, grant_id, client_id, user_id, scope, redirect_uri, code_challenge, code_challenge_method,"
    " authenticated_at, issued_at, expires_at, jkt, resource, redeemed_at"
)


def add(transaction: Transaction, code: AuthorizationCode) -> None:
    """Keep a pending code."""
    transaction.execute(
        f"INSERT INTO authorization_codes ({_CODE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            code.digest,
            code.grant_id,
            code.client_id,
            code.user_id,
            scope_text(code.scope),
            code.redirect_uri,
            code.code_challenge,
            code.code_challenge_method,
            code.authenticated_at,
            code.issued_at,
            code.expires_at,
            code.jkt,
            resource_text(code.resource),
        ),
    )


def find(transaction: Transaction, digest: bytes) -> AuthorizationCode | None:
    """The code of that digest, redeemed, expired or not."""
    row = transaction.row(f"SELECT {_CODE} FROM authorization_codes WHERE digest = ?", (digest,))
    if row is None:
        return None
    return AuthorizationCode(
        digest=row[0],
        grant_id=row[1],
        client_id=row[2],
        user_id=row[3],
        scope=scope_names(row[4]),
        redirect_uri=row[5],
        code_challenge=row[6],
        code_challenge_method=row[7],
        authenticated_at=row[8],
        issued_at=row[9],
        expires_at=row[10],
        jkt=row[11],
        resource=resource_names(row[12]),
        redeemed_at=row[13],
    )


@together(token_groups.redeem_codes)
def redeem(
    transaction: Transaction,
    digest: bytes,
    grant: Grant,
    access_token: AccessToken,
    refresh_token: RefreshToken | None,
    now: int,
) -> bool:
    """Consume the code and keep its tokens. ATOMIC: of any number of callers exactly one gets True.

    For every other caller the code was used before: what came from it is revoked (RFC 6749 §4.1.2).
    """
    redeemed = transaction.execute(
        "UPDATE authorization_codes SET redeemed_at = ? WHERE digest = ? AND redeemed_at IS NULL", (now, digest)
    )
    if redeemed == 0:
        tokens.revoke_grant(transaction, grant.id, now)
        return False
    tokens.add_grant(transaction, grant, access_token, refresh_token)
    return True
