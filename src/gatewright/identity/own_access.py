"""What applications may do for a user, as that user sees and ends it."""

from collections.abc import Iterable
from collections.abc import Sequence

import msgspec

from gatewright.identity.notes import note
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from gatewright.store.records import Consent
from gatewright.store.records import User
from gatewright.store.tokens import HeldGrant


class Held(msgspec.Struct):
    """What one client holds for the user, its grants taken together."""

    client_id: str
    since: int
    live: int = 0
    refreshable: bool = False
    scope: tuple[str, ...] = ()


def note_decision(
    transaction: Transaction, user: User, client: Client, asked: Sequence[str], granted: Sequence[str], now: int
) -> None:
    """Note what the user allowed a client, of what it asked; nothing: that he or she refused."""
    action = "consent.give" if granted else "consent.refuse"
    note(transaction, user, action, now, {"client": client.label, "scope": list(granted or asked)})


def remember_consent(transaction: Transaction, user: User, consent: Consent) -> None:
    """Remember what the user allowed a client for the times to come, in place of what was remembered before."""
    users.remember_consent(transaction, consent)
    note(
        transaction,
        user,
        "consent.remember",
        consent.created_at,
        {"client_id": consent.client_id, "scope": list(consent.scope)},
    )


def forget_consent(transaction: Transaction, user: User, client_id: str, now: int) -> bool:
    """Forget what the user allowed a client for the times to come; whether there was anything. Its tokens stay."""
    forgotten = users.forget_consent(transaction, user.id, client_id)
    if forgotten:
        note(transaction, user, "consent.forget", now, {"client_id": client_id})
    return forgotten


def end_access(transaction: Transaction, user: User, client_id: str, now: int) -> bool:
    """End all tokens that a client holds for the user, and forget the consent; whether there was anything."""
    forgotten = users.forget_consent(transaction, user.id, client_id)
    ended = tokens.revoke_user_client(transaction, user.id, client_id, now)
    if ended or forgotten:
        note(transaction, user, "access.end", now, {"client_id": client_id, "ended": ended})
    return bool(ended or forgotten)


def by_client(grants: Iterable[HeldGrant]) -> list[Held]:
    """What each client holds, the newest grant's client first."""
    found: dict[str, Held] = {}
    for each in sorted(grants, key=lambda held: held.grant.created_at, reverse=True):
        held = found.setdefault(each.grant.client_id, Held(each.grant.client_id, each.grant.created_at))
        held.since = min(held.since, each.grant.created_at)
        held.live += each.live
        held.refreshable = held.refreshable or each.refreshable
        held.scope = tuple(dict.fromkeys((*held.scope, *each.grant.scope)))
    return list(found.values())
