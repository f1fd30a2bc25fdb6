"""Looking at a change before it is made: it is made, the difference is taken, and it is taken back."""

from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.services.catalogue import Catalogue
from gatewright.services.coverage import opens_service
from gatewright.services.reach import ways_to
from gatewright.services.widening import Access
from gatewright.services.widening import Difference
from gatewright.services.widening import difference
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import disabled
from gatewright.store import scopes
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import P
from gatewright.store.database import Transaction
from gatewright.store.database import Verb

_MOST_LABELS: Final = 20
_MOST_CLIENTS: Final = 1000
_OTHERS: Final = "others with this scope alone"


class _Seen(Exception):
    """Takes the transaction back and brings the difference out."""

    def __init__(self, found: Difference) -> None:
        super().__init__()
        self.found = found


class Concerned(msgspec.Struct, frozen=True):
    """The clients whose reach a change can alter; of very many, the first.

    more: how many there are beside them; scope: one that these have in common, for which a client with that scope alone
    stands.
    """

    client_ids: Sequence[str] = ()
    more: int = 0
    scope: str = ""


def concerned_by_scope(transaction: Transaction, name: str) -> Concerned:
    """The clients that a change of a scope concerns."""
    first, number = scopes.first_clients(transaction, name, _MOST_CLIENTS), scopes.count_clients(transaction, name)
    return Concerned(first, number - len(first), name)


def concerned_by_target(transaction: Transaction, target: str, catalogue: Catalogue) -> Concerned:
    """The clients that it concerns when a package or a service (by its full name) comes into use or goes out of it."""
    services = [each for each in catalogue.services.values() if target in (each.name, each.package)]
    reached = [(each.name, template) for each in services for _, template in ways_to(each.name, catalogue)]
    opening = [
        scope.name
        for scope in scopes.all_scopes(transaction)
        if any(opens_service(scope, name, template) for name, template in reached)
    ]
    first, number = scopes.first_clients_of(transaction, opening, _MOST_CLIENTS)
    return Concerned(first, number - len(first))


async def preview(
    database: Database,
    catalogue: Catalogue,
    concerned: Concerned,
    change: Verb[P, object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Difference:
    """What a change would open and close. Raises what the change raises.

    It blocks other writes for as long as it looks, which is why `concerned` is bounded.
    """

    def look(transaction: Transaction) -> None:
        before = load(transaction, concerned)
        change(transaction, *args, **kwargs)
        raise _Seen(difference(before, load(transaction, concerned), catalogue))

    try:
        await database.write(look)
    except _Seen as seen:
        return seen.found
    raise AssertionError("what was only looked at was written")


def load(transaction: Transaction, concerned: Concerned | None = None) -> Access:
    """Who may call what now. concerned: of these clients alone; None: of all."""
    acls = access.all_acls(transaction)
    named = sorted({group for groups in acls.values() for group in groups})
    return Access(
        clients=_associations(transaction, concerned),
        scopes={scope.name: scope for scope in scopes.all_scopes(transaction)},
        acls=acls,
        members={name: _members(transaction, name) for name in named},
        off=frozenset(disabled.all_disabled(transaction)),
    )


def _associations(transaction: Transaction, concerned: Concerned | None) -> dict[str, frozenset[str]]:
    found = scopes.associations(transaction, None if concerned is None else concerned.client_ids)
    for client_id in clients.disabled(transaction, None if concerned is None else concerned.client_ids):
        found.pop(client_id, None)
    if concerned is not None and concerned.scope and concerned.more:
        found[_OTHERS] = frozenset((concerned.scope,))
    return found


def labels(transaction: Transaction, found: Difference) -> dict[str, str]:
    """The labels of the first clients that a difference names, and of the members of its groups."""
    ids = [each.client_id for each in (*found.opened[:_MOST_LABELS], *found.closed[:_MOST_LABELS])]
    kept = (clients.find(transaction, client_id) for client_id in ids)
    members = [each for joined in found.joined.values() for each in joined[:_MOST_LABELS]]
    return {client.client_id: client.label for client in kept if client} | {
        each: _label(transaction, each) for each in members
    }


def _label(transaction: Transaction, member: str) -> str:
    kind, _, key = member.partition(":")
    client = clients.find(transaction, key) if kind == "client" else None
    user = users.find(transaction, key) if kind == "user" else None
    return client.label if client else user.name if user else key


def _members(transaction: Transaction, group: str) -> frozenset[str]:
    """Those that are enabled: the others execute nothing."""
    found = access.members(transaction, group)
    off = {f"client:{each}" for each in clients.disabled(transaction, [key for kind, key in found if kind == "client"])}
    off |= {f"user:{each}" for each in users.disabled(transaction, group)}
    return frozenset(f"{kind}:{key}" for kind, key in found) - off
