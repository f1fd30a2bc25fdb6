"""Tokens over the Admin API: what is live, and ending it."""

from typing import Annotated
from typing import Final

import msgspec
from msgspec import Meta

from gatewright.admin import tokens as operations
from gatewright.admin.tokens import TokenLine
from gatewright.store.database import Transaction
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import cursor
from gatewright.web.admin_api.operation import key_of


class TokenQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whose tokens, and which part of the list."""

    client_id: Annotated[str, Meta(max_length=100, description="Of this client alone.")] = ""
    user_id: Annotated[str, Meta(max_length=100, description="Of this user alone.")] = ""
    cursor: Annotated[str, Meta(max_length=1000, description="`next_cursor` of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=200, description="The most items to give.")] = 50


class TokenPage(msgspec.Struct, frozen=True):
    """Live access tokens, the newest first. next_cursor: null on the last page."""

    items: tuple[TokenLine, ...]
    next_cursor: str | None


def _page(transaction: Transaction, call: AdminCall) -> TokenPage:
    query = call.query
    (before,) = key_of(query.cursor, 1)
    found = operations.page(
        transaction,
        call.by.now,
        before=before or None,
        limit=query.limit + 1,
        client_id=query.client_id or None,
        user_id=query.user_id or None,
    )
    shown = found[: query.limit]
    return TokenPage(tuple(shown), cursor(shown[-1].id) if len(found) > len(shown) else None)


def _revoke(transaction: Transaction, call: AdminCall) -> None:
    operations.revoke(transaction, call.by, call.variables["id"])


OPERATIONS: Final = (
    Operation(
        name="tokens:list",
        method="GET",
        path="/tokens",
        summary="List live access tokens, the newest first",
        action="read",
        verb=_page,
        query=TokenQuery,
        answer=TokenPage,
    ),
    Operation(
        name="tokens:revoke",
        method="DELETE",
        path="/tokens/{id}",
        summary="End a token, and all of its grant with it",
        action="token.revoke",
        verb=_revoke,
        status=204,
    ),
)
