"""Pushed authorization requests (RFC 9126): for the first browser that brings one, and answered once."""

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json

_REQUEST = "digest, client_id, parameters, expires_at, browser"


class PushedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A pushed request that waits for its answer.

    digest: of what its `request_uri` ends in.
    parameters: the authorization request's, without those that authenticated the client.
    browser: the digest of the browser that brought it.
    """

    digest: bytes
    client_id: str
    parameters: dict[str, str]
    expires_at: int
    browser: bytes | None = None


def add(transaction: Transaction, request: PushedRequest) -> None:
    """Keep a request that no browser has brought yet."""
    transaction.execute(
        f"INSERT INTO pushed_requests ({_REQUEST}) VALUES (?, ?, ?, ?, NULL)",
        (request.digest, request.client_id, to_json(request.parameters), request.expires_at),
    )


def begin(
    transaction: Transaction, digest: bytes, client_id: str, browser: bytes, now: int, until: int
) -> PushedRequest | None:
    """The client's request, for this browser alone and until `until`. ATOMIC: of any number of browsers one gets it.

    The same browser gets it again, so that its user can sign in first, and load the page again.
    """
    transaction.execute(
        "UPDATE pushed_requests SET browser = ?, expires_at = ?"
        " WHERE digest = ? AND client_id = ? AND browser IS NULL AND expires_at > ?",
        (browser, until, digest, client_id, now),
    )
    row = transaction.row(
        f"SELECT {_REQUEST} FROM pushed_requests WHERE digest = ? AND client_id = ? AND browser = ? AND expires_at > ?",
        (digest, client_id, browser, now),
    )
    return _request(row) if row else None


def use(transaction: Transaction, digest: bytes) -> bool:
    """End a request, because it is answered now. ATOMIC: of any number of callers exactly one gets True."""
    return transaction.execute("DELETE FROM pushed_requests WHERE digest = ?", (digest,)) == 1


def _request(row: Row) -> PushedRequest:
    return PushedRequest(
        digest=row[0],
        client_id=row[1],
        parameters=msgspec.json.decode(row[2], type=dict[str, str]),
        expires_at=row[3],
        browser=row[4],
    )
