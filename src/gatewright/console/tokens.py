"""Tokens: the live ones, and revoking one, all of a client, all of a user."""

from collections.abc import Callable
from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import tokens as operations
from gatewright.admin.actor import By
from gatewright.admin.clients import find as find_client
from gatewright.admin.users import find_named
from gatewright.console.sorting import sorting
from gatewright.console.users import live_tokens
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.kernel.errors import NotFound
from gatewright.store import clients
from gatewright.store import keyset
from gatewright.store import tokens
from gatewright.store.database import Transaction

_LIST: Final = "/console/oauth/tokens"
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("Tokens", _LIST)]
_NARROWED: Final = {"Issued": "-issued"}
_COLUMNS: Final = {**_NARROWED, "Expiry Time": "expires"}
_ORDERS: Final = {"issued": tokens.OLDEST_FIRST, "expires": tokens.SOONEST_FIRST}
_LOOK_AHEAD: Final = 500


async def show_list(visit: Visit) -> Response:
    """Live tokens, newest first, narrowed to a client or a user; of all, also by when they expire."""
    q, cursor = visit.query("q"), visit.query("cursor")
    client_id, user = visit.query("client"), visit.query("user")
    client = await visit.read(find_client, client_id) if client_id else None
    owner = await visit.read(find_named, user) if user else None
    narrowed = bool(client_id or user)
    sort = sorting(visit, _NARROWED if narrowed else _COLUMNS, "-issued", q=q, client=client_id, user=user)
    order = sort.order(_ORDERS)
    found = await visit.read(
        operations.page,
        visit.now,
        after=order.place(cursor),
        order=order,
        limit=_LOOK_AHEAD if q else PAGE_SIZE + 1,
        client_id=client_id or None,
        user_id=owner.id if owner else None,
    )
    matching = [line for line in found if _matches(line, q)]
    shown = matching[:PAGE_SIZE]
    return visit.page(
        "oauth/tokens.html",
        rows=[_row(line) for line in shown],
        q=q,
        sort=sort,
        next_cursor=_next(sort.key, found, matching, q),
        is_first=not cursor,
        client={"client_id": client.client_id, "label": client.label} if client else None,
        user=user,
        any_tokens=bool(found or cursor or q or narrowed or sort.chosen),
    )


async def revoke(visit: Visit) -> Response:
    """End one token, or all of a client or user, after saying what stops working."""
    if token_id := visit.query("token"):
        return await _revoke_one(visit, token_id)
    if client_id := visit.query("client"):
        return await _revoke_client(visit, client_id)
    return await _revoke_user(visit, visit.query("user"))


async def _revoke_one(visit: Visit, token_id: str) -> Response:
    if visit.is_post:
        await visit.write(operations.revoke, visit.by, token_id)
        return visit.go(_LIST, "Token revoked. It stops working from the next request on.")
    token = await visit.read(tokens.find_access_token_by_id, token_id)
    if token is None:
        raise NotFound("This token is gone already.")
    client = await visit.read(clients.find, token.client_id)
    sentence = f"{client.label if client else token.client_id} cannot use it from the next request on."
    if token.grant_id:
        sentence += " All tokens of the same authorization, the refresh token too, go with it."
    return _ask(visit, "Revoke this token?", sentence, f"token={quote(token_id, safe='')}", "Revoke token")


async def _revoke_client(visit: Visit, client_id: str) -> Response:
    client = await visit.read(find_client, client_id)
    if visit.is_post:
        await _revoke_all(visit, operations.revoke_client, client_id)
        return visit.go(_LIST, f"All tokens of {client.label} revoked. They stop working from the next request on.")
    live = await visit.read(tokens.count_of_client, client_id, visit.now)
    sentence = f"It has {counted(live, 'live access token', 1000)}. Refresh tokens and pending codes go with them."
    return _ask(
        visit, f"Revoke all tokens of {client.label}?", sentence, f"client={quote(client_id, safe='')}", "Revoke all"
    )


async def _revoke_user(visit: Visit, name: str) -> Response:
    user = await visit.read(find_named, name)
    if visit.is_post:
        await _revoke_all(visit, operations.revoke_user, user.id)
        return visit.go(_LIST, f"All tokens of {user.name} revoked. They stop working from the next request on.")
    live = counted(await visit.read(live_tokens, user, visit.now), "live access token", 100)
    sentence = f"There are {live} issued for this user. Applications that act for the user must ask again."
    return _ask(visit, f"Revoke all tokens of {user.name}?", sentence, f"user={quote(name, safe='')}", "Revoke all")


async def _revoke_all(visit: Visit, revoke: Callable[[Transaction, By, str], int], subject: str) -> None:
    """Batch by batch, so that others can write between."""
    while await visit.write(revoke, visit.by, subject):
        pass


def _ask(visit: Visit, heading: str, sentence: str, query: str, button: str) -> Response:
    return visit.ask(
        section="tokens",
        trail=_TRAIL,
        heading=heading,
        sentences=[sentence],
        action=f"{_LIST}/revoke?{query}",
        button=button,
        cancel=_LIST,
    )


def _matches(line: operations.TokenLine, q: str) -> bool:
    return not q or any(q.lower() in text.lower() for text in (line.client, line.client_id, line.user or "", line.id))


def _next(key: str, found: list[operations.TokenLine], matching: list[operations.TokenLine], q: str) -> str:
    """Where the next page begins: after the last one shown, or, filtered, after the last one looked at."""
    if len(matching) > PAGE_SIZE:
        return _cursor(key, matching[PAGE_SIZE - 1])
    return _cursor(key, found[-1]) if q and len(found) == _LOOK_AHEAD else ""


def _cursor(key: str, line: operations.TokenLine) -> str:
    return keyset.cursor(line.expires_at, line.id) if key == "expires" else keyset.cursor(line.id)


def _row(line: operations.TokenLine) -> dict[str, Any]:
    left = line.refreshes_left
    return {
        "id": line.id,
        "client_id": line.client_id,
        "client": line.client,
        "owner": line.user or line.client,
        "is_user": line.user is not None,
        "token": f"…{line.id[-8:]}",
        "scope": line.scope,
        "issued_at": line.issued_at,
        "expires_at": line.expires_at,
        "refresh_token": line.refreshable,
        "remaining": "" if not line.refreshable else "Unlimited" if left is None else str(left),
        "refreshes_used": line.refreshes_used,
    }
