"""Issuers whose assertions the JWT bearer grant takes (RFC 7523 §2.1), by their `iss`."""

from typing import Any

import msgspec

from gatewright.store.database import Row
from gatewright.store.database import Transaction
from gatewright.store.documents import to_json

_ISSUER = "document, revision"


class TrustedIssuer(msgspec.Struct, frozen=True, kw_only=True):
    """An issuer of assertions.

    jwks, jwks_uri: its keys (RFC 7517 §5), or where they are; one of the two.
    audience: what its assertions name as `aud`; empty: this server's issuer or token endpoint.
    user_claim: the claim that holds the name of one of our users.
    scopes: the most that an assertion of this issuer gets.
    """

    issuer: str
    description: str = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    audience: str = ""
    user_claim: str = "sub"
    scopes: tuple[str, ...] = ()
    enabled: bool = True
    revision: int = 1


def all_issuers(transaction: Transaction) -> tuple[TrustedIssuer, ...]:
    """Every trusted issuer, by `iss`."""
    return tuple(_issuer(row) for row in transaction.rows(f"SELECT {_ISSUER} FROM trusted_issuers ORDER BY issuer"))


def find(transaction: Transaction, issuer: str) -> TrustedIssuer | None:
    """The trusted issuer of that `iss`."""
    row = transaction.row(f"SELECT {_ISSUER} FROM trusted_issuers WHERE issuer = ?", (issuer,))
    return _issuer(row) if row else None


def insert(transaction: Transaction, issuer: TrustedIssuer, now: int) -> None:
    """Keep a new one."""
    transaction.execute(
        "INSERT INTO trusted_issuers (issuer, document, revision) VALUES (?, ?, ?)",
        (issuer.issuer, to_json(issuer), issuer.revision),
    )
    transaction.announce("trusted_issuer", issuer.issuer, now)


def update(transaction: Transaction, issuer: TrustedIssuer, now: int) -> bool:
    """Replace it if its revision is still `issuer.revision`; the kept one's is the next."""
    changed = transaction.execute(
        "UPDATE trusted_issuers SET document = ?, revision = revision + 1 WHERE issuer = ? AND revision = ?",
        (to_json(issuer), issuer.issuer, issuer.revision),
    )
    transaction.announce("trusted_issuer", issuer.issuer, now)
    return changed == 1


def delete(transaction: Transaction, issuer: str, now: int) -> bool:
    """Trust it no more."""
    transaction.announce("trusted_issuer", issuer, now)
    return transaction.execute("DELETE FROM trusted_issuers WHERE issuer = ?", (issuer,)) == 1


def forget_scope(transaction: Transaction, scope: str, now: int) -> None:
    """Take a scope that is deleted from every trusted issuer."""
    for issuer in all_issuers(transaction):
        if scope in issuer.scopes:
            kept = tuple(each for each in issuer.scopes if each != scope)
            update(transaction, msgspec.structs.replace(issuer, scopes=kept), now)


def _issuer(row: Row) -> TrustedIssuer:
    return msgspec.structs.replace(msgspec.json.decode(row[0], type=TrustedIssuer), revision=row[1])
