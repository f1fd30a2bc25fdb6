"""Refusals: the receipts of refused requests, and the whole decision under a reference."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright.admin.explanations import explain
from gatewright.console.sorting import sorting
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.kernel.errors import NotFound
from gatewright.store import clients
from gatewright.store import keyset
from gatewright.store import refusals
from gatewright.store.refusals import Refusal

_PERIODS: Final = (
    ("", "All that are kept", 0),
    ("hour", "The last hour", 3600),
    ("day", "The last day", 86_400),
    ("week", "The last week", 604_800),
)
_COLUMNS: Final = {"Time": "-time", "Client": "client"}
_ORDERS: Final = {"time": refusals.OLDEST_FIRST, "client": refusals.BY_CLIENT}
_ERRORS: Final = (
    "invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client", "invalid_token",
    "insufficient_scope", "access_denied", "no_token", "not_found", "too_many_requests", "temporarily_unavailable",
)  # fmt: skip
WHAT: Final = {
    "call": "Call of a service",
    "token": "Token request",
    "introspect": "Introspection",
    "revoke": "Revocation",
    "par": "Pushed request",
    "device_authorization": "Device's request",
    "authorize": "Authorization request",
    "device": "Connecting a device",
    "register": "Registration",
}
"""What a request asked for, by its endpoint."""


async def show_list(visit: Visit) -> Response:
    """The receipts, newest first, narrowed to a client, an error code or a time."""
    await visit.parts.refusals.flush()
    chosen = {name: visit.query(name) for name in ("client", "error", "period")}
    seconds = next((seconds for key, _, seconds in _PERIODS if key == chosen["period"]), 0)
    sort = sorting(visit, _COLUMNS, "-time", **chosen)
    order = sort.order(_ORDERS)
    found = await visit.read(
        refusals.page,
        order.place(visit.query("cursor")),
        PAGE_SIZE + 1,
        client_id=chosen["client"],
        error=chosen["error"],
        since=visit.now - seconds if seconds else 0,
        order=order,
    )
    shown = found[:PAGE_SIZE]
    labels = await _labels(visit, shown)
    return visit.page(
        "explain/refusals.html",
        rows=[{"refusal": each, "what": WHAT.get(each.endpoint, each.endpoint)} for each in shown],
        labels=labels,
        chosen=chosen,
        periods=[(key, text) for key, text, _ in _PERIODS],
        codes=_ERRORS,
        sort=sort,
        next_cursor=_cursor(sort.key, shown[-1]) if len(found) > PAGE_SIZE else "",
        is_first=not visit.query("cursor"),
    )


def _cursor(key: str, refusal: Refusal) -> str:
    return keyset.cursor(refusal.client_id, refusal.id) if key == "client" else keyset.cursor(refusal.id)


async def show(visit: Visit) -> Response:
    """The whole decision under a reference."""
    await visit.parts.refusals.flush()
    reference = visit.query("reference").strip()
    refusal = await visit.read(refusals.find, reference)
    if refusal is None:
        raise NotFound(
            f"No receipt is kept under {reference[:40] or 'no reference'}. It may be too old (refusal_lifetime, refusals_kept), "
            "or there were too many refusals at that time."
        )
    return visit.page(
        "explain/refusal.html",
        refusal=refusal,
        what=WHAT.get(refusal.endpoint, refusal.endpoint),
        checks=explain(refusal),
        asked=_asked(refusal),
        client=(await _labels(visit, [refusal])).get(refusal.client_id, ""),
    )


async def _labels(visit: Visit, found: list[Refusal]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for client_id in {each.client_id for each in found if each.client_id}:
        client = await visit.read(clients.find, client_id)
        labels[client_id] = client.label if client else client_id
    return labels


def _asked(refusal: Refusal) -> list[tuple[str, Any]]:
    facts = [
        ("Address", f"{refusal.method} {refusal.path}"),
        ("From", refusal.peer),
        ("Service", refusal.service),
        ("URL template", refusal.template),
        ("User", refusal.user),
        ("Grant", refusal.grant_type),
        ("Token's scopes", " ".join(refusal.scopes)),
        ("Caller's groups", ", ".join(refusal.groups)),
    ]
    return [(name, text) for name, text in facts if text]
