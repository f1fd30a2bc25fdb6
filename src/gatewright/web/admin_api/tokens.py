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
        after=(before,) if before else (),
        limit=query.limit + 1,
        client_id=query.client_id or None,
        user_id=query.user_id or None,
    )
    shown = found[: query.limit]
    return TokenPage(tuple(shown), cursor(shown[-1].id) if len(found) > len(shown) else None)


def _revoke(transaction: Transaction, call: AdminCall) -> None:
    operations.revoke(transaction, call.by, call.variables["id"])


MOST_REMOVED: Final = 5000
"""At once: more would hold up every writer."""


class ExpiredQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many to remove."""

    most: Annotated[int, Meta(ge=1, le=MOST_REMOVED, description="The most tokens to remove.")] = MOST_REMOVED


class Removed(msgspec.Struct, frozen=True):
    """How many expired tokens went."""

    removed: int


def _remove_expired(transaction: Transaction, call: AdminCall) -> Removed:
    return Removed(operations.remove_expired(transaction, call.by, call.query.most))


REMOVE_EXPIRED: Final = Operation(
    name="tokens:remove_expired",
    method="POST",
    path="/tokens/remove_expired",
    summary="Remove expired access tokens now; they go by themselves within minutes",
    action="token.remove_expired",
    verb=_remove_expired,
    query=ExpiredQuery,
    answer=Removed,
)
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
    REMOVE_EXPIRED,
)
