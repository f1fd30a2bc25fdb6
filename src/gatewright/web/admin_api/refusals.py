"""Refusal receipts over the Admin API: what was asked, and which check refused."""

from typing import Annotated
from typing import Final

import msgspec
from msgspec import Meta

from gatewright.kernel.errors import NotFound
from gatewright.store import refusals
from gatewright.store.database import Transaction
from gatewright.store.refusals import Refusal
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import cursor
from gatewright.web.admin_api.operation import key_of


class RefusalQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which refusals. since: seconds since the epoch."""

    client_id: Annotated[str, Meta(max_length=100, description="Of this client alone.")] = ""
    error: Annotated[str, Meta(max_length=100, description="With this error code alone.")] = ""
    since: Annotated[int, Meta(ge=0, le=253402300799, description="From this time on.")] = 0
    cursor: Annotated[str, Meta(max_length=1000, description="`next_cursor` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="The most items to give.")] = 50


class RefusalPage(msgspec.Struct, frozen=True):
    """Receipts, the newest first. next_cursor: null on the last page."""

    items: tuple[Refusal, ...]
    next_cursor: str | None


def _page(transaction: Transaction, call: AdminCall) -> RefusalPage:
    query = call.query
    (before,) = key_of(query.cursor, 1)
    found = refusals.page(
        transaction,
        (before,) if before else (),
        query.limit + 1,
        client_id=query.client_id,
        error=query.error,
        since=query.since,
    )
    shown = found[: query.limit]
    return RefusalPage(tuple(shown), cursor(shown[-1].id) if len(found) > len(shown) else None)


def _get(transaction: Transaction, call: AdminCall) -> Refusal:
    reference = call.variables["reference"]
    found = refusals.find(transaction, reference)
    if found is None:
        raise NotFound(f"There is no receipt of the reference {reference}; it may be too old.")
    return found


OPERATIONS: Final = (
    Operation(
        name="refusals:list",
        method="GET",
        path="/refusals",
        summary="List refused requests, the newest first",
        action="read",
        verb=_page,
        query=RefusalQuery,
        answer=RefusalPage,
    ),
    Operation(
        name="refusals:get",
        method="GET",
        path="/refusals/{reference}",
        summary="Show which check refused the request of a reference",
        action="read",
        verb=_get,
        answer=Refusal,
    ),
)
