"""Trusted issuers: whose assertions the JWT bearer grant takes (RFC 7523)."""

from collections.abc import Mapping
from typing import Any
from typing import Final

import msgspec

from gatewright.admin import audit
from gatewright.admin import key_sources
from gatewright.admin.actor import By
from gatewright.admin.fields import Fields
from gatewright.admin.fields import flag
from gatewright.admin.fields import text
from gatewright.admin.fields import texts
from gatewright.admin.scopes import check_scopes
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.oauth.assertion import LONGEST_TEXT
from gatewright.store import trusted_issuers as store
from gatewright.store.database import Transaction
from gatewright.store.trusted_issuers import TrustedIssuer

FIELDS: Final = ("issuer", "description", "jwks", "jwks_uri", "audience", "user_claim", "scopes", "enabled")
NEW: Final = TrustedIssuer(issuer="")
"""An empty form for a new one."""
_LONGEST_DESCRIPTION: Final = 1000


def read_issuer(values: Mapping[str, object], base: TrustedIssuer) -> TrustedIssuer:
    """`base` with the given values in place of its own. Raises Invalid, every wrong field named."""
    fields = Fields(values, FIELDS)
    issuer = msgspec.structs.replace(
        base,
        issuer=fields.read("issuer", base.issuer, text),
        description=fields.read("description", base.description, text),
        jwks=fields.read("jwks", base.jwks, key_sources.read_jwks),
        jwks_uri=fields.read("jwks_uri", base.jwks_uri, text),
        audience=fields.read("audience", base.audience, text),
        user_claim=fields.read("user_claim", base.user_claim, text),
        scopes=fields.read("scopes", base.scopes, texts),
        enabled=fields.read("enabled", base.enabled, flag),
    )
    fields.refuse_if_wrong(problems(issuer))
    return issuer


def problems(issuer: TrustedIssuer) -> list[FieldError]:
    """What is wrong with the issuer by itself."""
    errors = identifier_problems("issuer", issuer.issuer)
    if issuer.audience:
        errors += identifier_problems("audience", issuer.audience)
    if not 0 < len(issuer.user_claim) <= LONGEST_TEXT:
        errors.append(FieldError("user_claim", "Name the claim that holds the user's name, such as sub."))
    if len(issuer.description) > _LONGEST_DESCRIPTION:
        errors.append(FieldError("description", f"Description has at most {_LONGEST_DESCRIPTION} characters."))
    return errors + key_sources.problems(issuer, needed_by="A trusted issuer")


def identifier_problems(field: str, value: str) -> list[FieldError]:
    """What is wrong with an issuer or audience, which tokens must spell the same (RFC 7519 §2: StringOrURI)."""
    if not value:
        return [FieldError(field, "This is missing: it must be just what the tokens say.")]
    if len(value) > LONGEST_TEXT or " " in value or not value.isprintable():
        return [FieldError(field, f"This has 1 to {LONGEST_TEXT} printable characters, without blanks.")]
    return []


def create(transaction: Transaction, by: By, issuer: TrustedIssuer) -> TrustedIssuer:
    """Trust an issuer. Raises Invalid."""
    errors = problems(issuer) + _beyond(transaction, issuer)
    if store.find(transaction, issuer.issuer):
        errors.append(FieldError("issuer", f"{issuer.issuer} is trusted already."))
    if errors:
        raise Invalid(errors)
    new = msgspec.structs.replace(issuer, revision=1)
    store.insert(transaction, new, by.now)
    audit.record(transaction, by, "trusted_issuer.create", issuer.issuer, None, _audited(new))
    return new


def update(transaction: Transaction, by: By, issuer: TrustedIssuer) -> TrustedIssuer:
    """Change a trusted issuer, known by its `iss`, if its revision is the same. Raises Invalid, NotFound, Conflict."""
    before = find(transaction, issuer.issuer)
    if before == issuer:
        return before
    if errors := problems(issuer) + _beyond(transaction, issuer):
        raise Invalid(errors)
    if not store.update(transaction, issuer, by.now):
        raise Conflict(f"{issuer.issuer} was changed meanwhile. Load it again and repeat your change.")
    audit.record(transaction, by, "trusted_issuer.update", issuer.issuer, _audited(before), _audited(issuer))
    return find(transaction, issuer.issuer)


def delete(transaction: Transaction, by: By, issuer: str) -> None:
    """Trust an issuer no more; tokens that its assertions got go on until they expire. Raises NotFound."""
    before = find(transaction, issuer)
    store.delete(transaction, issuer, by.now)
    audit.record(transaction, by, "trusted_issuer.delete", issuer, _audited(before))


def find(transaction: Transaction, issuer: str) -> TrustedIssuer:
    """The trusted issuer of that `iss`. Raises NotFound."""
    found = store.find(transaction, issuer)
    if found is None:
        raise NotFound(f"There is no trusted issuer {issuer}.")
    return found


def _beyond(transaction: Transaction, issuer: TrustedIssuer) -> list[FieldError]:
    """What is wrong with what it names elsewhere."""
    errors = check_scopes(transaction, issuer.scopes)
    return errors + key_sources.insecure(transaction, "jwks_uri", issuer.jwks_uri)


def _audited(issuer: TrustedIssuer) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.to_builtins(issuer)
    del document["revision"]
    return document
