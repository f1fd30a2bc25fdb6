"""What many requests wait for at once, done by one statement for each table: keeping tokens, rotating, redeeming."""

from enum import Enum
from functools import cache
from typing import TypeVar

from gatewright.store.database import Calls
from gatewright.store.database import NotTogether
from gatewright.store.database import Transaction
from gatewright.store.documents import marks
from gatewright.store.token_rows import insert_access_tokens
from gatewright.store.token_rows import insert_grants
from gatewright.store.token_rows import last_end

T = TypeVar("T")


class Refreshed(Enum):
    """How an attempt to use a refresh token ended."""

    DONE = "done"
    EXHAUSTED = "exhausted"  # the client's Refresh Count is used up, or the grant is gone
    REUSED = "reused"  # a consumed token outside grace: its family is revoked


def add_access_tokens(transaction: Transaction, calls: Calls) -> list[None]:
    """Several calls of `tokens.add_access_token`."""
    insert_access_tokens(transaction, [token for (token,), _ in calls])
    return [None] * len(calls)


def rotate_refresh_tokens(transaction: Transaction, calls: Calls) -> list[Refreshed]:
    """Several calls of `tokens.rotate_refresh_token` that are all the first with their token, and unlimited."""
    now = _same([named["now"] for _, named in calls])
    access_tokens = [access_token for (_, access_token, _, _), _ in calls]
    successors = [successor for (_, _, successor, _), _ in calls]
    if None in successors or any(named["limit"] is not None for _, named in calls):
        raise NotTogether
    given: list[object] = [now, now]
    for (digest, access_token, new, sealed_answer), _ in calls:
        given += (access_token.grant_id, digest, new.digest, new.expires_at, new.jkt, sealed_answer)
        given.append(last_end(access_token, new))
    if transaction.execute(_rotate(len(calls)), given) != len(calls):
        raise NotTogether
    insert_access_tokens(transaction, access_tokens)
    return [Refreshed.DONE] * len(calls)


def redeem_codes(transaction: Transaction, calls: Calls) -> list[bool]:
    """Several calls of `codes.redeem` that are all the first with their code."""
    now = _same([now for (_, _, _, _, now), _ in calls])
    digests = [digest for (digest, _, _, _, _), _ in calls]
    redeemed = transaction.execute(
        f"UPDATE authorization_codes SET redeemed_at = ? WHERE redeemed_at IS NULL AND digest IN ({marks(digests)})",
        (now, *digests),
    )
    if redeemed != len(calls):
        raise NotTogether
    insert_grants(transaction, [(grant, access, refresh) for (_, grant, access, refresh, _), _ in calls])
    return [True] * len(calls)


def _same(values: list[T]) -> T:
    if len(set(values)) > 1:
        raise NotTogether
    return values[0]


@cache
def _rotate(count: int) -> str:
    return (
        "UPDATE grants SET refreshes_used = refreshes_used + 1, preceding_digest = refresh_digest, rotated_at = ?,"
        " refresh_issued_at = ?, refresh_digest = new.column3, refresh_expires_at = new.column4,"
        " refresh_jkt = new.column5, sealed_answer = new.column6,"
        " ends_at = CASE WHEN ends_at < new.column7 THEN new.column7 ELSE ends_at END"
        f" FROM (VALUES {', '.join(['(?, ?, ?, ?, ?, ?, ?)'] * count)}) AS new"
        " WHERE grants.id = new.column1 AND grants.refresh_digest = new.column2"
    )
