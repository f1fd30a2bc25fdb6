"""Tokens: what is issued and live, and ending it."""

from collections.abc import Sequence

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.clients import find as find_client
from gatewright.admin.users import find as find_user
from gatewright.kernel.errors import NotFound
from gatewright.store import cleanup
from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.keyset import Order


class TokenLine(msgspec.Struct, frozen=True, kw_only=True):
    """A live access token as lists show it. Its text is not known here; `id` names it.

    client, user: names as people know them; user is None when the client acts for itself.
    expires_at: None when it never expires.  refreshes_left: None when unlimited.
    """

    id: str
    client_id: str
    client: str
    user: str | None
    scope: tuple[str, ...]
    issued_at: int
    expires_at: int | None
    refreshable: bool
    refreshes_used: int
    refreshes_left: int | None


def page(
    transaction: Transaction,
    now: int,
    *,
    after: Sequence[object] = (),
    limit: int = 50,
    client_id: str | None = None,
    user_id: str | None = None,
    order: Order = tokens.NEWEST_FIRST,
) -> list[TokenLine]:
    """Up to `limit` live access tokens in an order (`store.tokens`), those after the place `after`."""
    found = tokens.page(transaction, now, after=after, limit=limit, client_id=client_id, user_id=user_id, order=order)
    return [_line(transaction, each) for each in found]


def revoke(transaction: Transaction, by: By, token_id: str) -> None:
    """End a token, and all that descend from its grant with it. Raises NotFound."""
    token = tokens.find_access_token_by_id(transaction, token_id)
    if token is None:
        raise NotFound(f"There is no token with the id {token_id}.")
    if token.grant_id is None:
        tokens.revoke_access_token(transaction, token, by.now)
    else:
        tokens.revoke_grant(transaction, token.grant_id, by.now)
    before = {"client_id": token.client_id, "user_id": token.user_id, "scope": list(token.scope)}
    audit.record(transaction, by, "token.revoke", token_id, before)


def revoke_client(transaction: Transaction, by: By, client_id: str) -> int:
    """End the tokens, grants and pending codes of a client; how many ended. Raises NotFound.

    One call ends some thousands, so as not to hold up others. Call again while it is not 0.
    """
    label = find_client(transaction, client_id).label
    ended = tokens.revoke_client(transaction, client_id, by.now)
    if ended:
        audit.record(transaction, by, "token.revoke_client", label, {"ended": ended})
    return ended


def revoke_user(transaction: Transaction, by: By, user_id: str) -> int:
    """End what was issued for a user, as `revoke_client` does for a client. Raises NotFound."""
    name = find_user(transaction, user_id).name
    ended = tokens.revoke_user(transaction, user_id, by.now)
    if ended:
        audit.record(transaction, by, "token.revoke_user", name, {"ended": ended})
    return ended


def remove_expired(transaction: Transaction, by: By, most: int) -> int:
    """Remove up to `most` expired access tokens, as the clean-up does in its time; how many went."""
    removed = cleanup.expired_access_tokens(transaction, by.now, most)
    if removed:
        audit.record(transaction, by, "token.remove_expired", "expired tokens", {"removed": removed})
    return removed


def _line(transaction: Transaction, listed: tokens.ListedToken) -> TokenLine:
    token = listed.token
    client = clients.find(transaction, token.client_id)
    user = users.find(transaction, token.user_id) if token.user_id else None
    limit = client.refresh_limit if client else 0
    return TokenLine(
        id=token.id,
        client_id=token.client_id,
        client=client.label if client else token.client_id,
        user=user.name if user else None,
        scope=token.scope,
        issued_at=token.issued_at,
        expires_at=token.expires_at,
        refreshable=listed.refreshable,
        refreshes_used=listed.refreshes_used,
        refreshes_left=None if limit == "unlimited" else max(0, limit - listed.refreshes_used),
    )
