"""Trusted Issuers, whose assertions the JWT bearer grant takes: the list, the form, deleting."""

import json
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import trusted_issuers as operations
from gatewright.admin.trusted_issuers import NEW
from gatewright.admin.trusted_issuers import read_issuer
from gatewright.console.visit import Visit
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.store import trusted_issuers
from gatewright.store.trusted_issuers import TrustedIssuer

_LIST: Final = "/console/oauth/issuers"
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("Trusted Issuers", _LIST)]


async def show_list(visit: Visit) -> Response:
    """The trusted issuers by identifier."""
    return visit.page("oauth/trusted_issuers.html", rows=await visit.read(trusted_issuers.all_issuers))


async def add(visit: Visit) -> Response:
    """The form for a new one, and its answer."""
    if not visit.is_post:
        return _form(visit, None, _values(NEW))
    try:
        saved = await visit.write(operations.create, visit.by, read_issuer(_read(visit), NEW))
    except Invalid as refused:
        return _form(visit, None, _typed(visit), refused)
    return visit.go(_LIST, f"{saved.issuer} is trusted from the next request on.")


async def edit(visit: Visit) -> Response:
    """The form of one, and its answer."""
    issuer = await visit.read(operations.find, visit.query("issuer"))
    if not visit.is_post:
        return _form(visit, issuer, _values(issuer))
    revision = visit.field("revision")
    base = msgspec.structs.replace(issuer, revision=int(revision) if revision.isdigit() else 0)
    try:
        await visit.write(operations.update, visit.by, read_issuer(_read(visit) | {"issuer": issuer.issuer}, base))
    except (Invalid, Conflict) as refused:
        return _form(visit, issuer, _typed(visit), refused)
    return visit.go(_LIST, f"{issuer.issuer} saved. In force from the next request on.")


async def delete(visit: Visit) -> Response:
    """Delete one, after saying what stops."""
    issuer = await visit.read(operations.find, visit.query("issuer"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, issuer.issuer)
        return visit.go(_LIST, f"{issuer.issuer} is trusted no more.")
    return visit.ask(
        section="issuers",
        trail=_TRAIL,
        heading=f"Delete {issuer.issuer}?",
        sentences=[
            "Its assertions get no more tokens, from the next request on. Tokens they got work until they expire.",
            "This cannot be undone.",
        ],
        action=f"{_LIST}/delete?issuer={quote(issuer.issuer, safe='')}",
        button="Delete issuer",
        cancel=_LIST,
    )


def _form(
    visit: Visit, issuer: TrustedIssuer | None, values: dict[str, str], refused: Invalid | Conflict | None = None
) -> Response:
    return visit.form_page("oauth/trusted_issuer_form.html", refused, issuer=issuer, values=values)


def _values(issuer: TrustedIssuer) -> dict[str, str]:
    return {
        "issuer": issuer.issuer,
        "description": issuer.description,
        "jwks_uri": issuer.jwks_uri,
        "jwks": json.dumps(issuer.jwks, indent=1) if issuer.jwks else "",
        "audience": issuer.audience,
        "user_claim": issuer.user_claim,
        "scopes": " ".join(issuer.scopes),
        "enabled": str(issuer.enabled).lower(),
        "revision": str(issuer.revision),
    }


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.field(name) for name in _values(NEW)}


def _read(visit: Visit) -> dict[str, Any]:
    """What the form means."""
    texts = ("issuer", "description", "jwks_uri", "jwks", "audience", "user_claim")
    return {
        **{name: visit.field(name).strip() for name in texts},
        "scopes": visit.field("scopes").split(),
        "enabled": visit.field("enabled") == "true",
    }
