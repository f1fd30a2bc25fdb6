"""What a client may call: for exports, examples and lists."""

from collections.abc import Mapping

import msgspec

from gatewright.admin.clients import find
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.coverage import is_open
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.coverage import opens_service
from gatewright.services.template import UrlTemplate
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.clients import RegisteredClient
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.records import Scope


class Reachable(msgspec.Struct, frozen=True):
    """A service the client may call: at its own address, or only through some of its URL templates."""

    service: Service
    by_name: bool
    templates: tuple[UrlTemplate, ...]
    is_open: bool


async def reachable_by(
    database: Database, client_id: str, catalogue: Catalogue
) -> tuple[RegisteredClient, list[Reachable]]:
    """A client, and what it may call acting for itself, by full name. Raises NotFound."""
    registered, opened, acls = await database.read(_known, client_id)
    return registered, _reachable(registered, opened, acls, catalogue)


def _known(
    transaction: Transaction, client_id: str
) -> tuple[RegisteredClient, list[Scope], Mapping[str, tuple[str, ...]]]:
    find(transaction, client_id)
    registered = clients.registered(transaction, client_id)
    assert registered is not None
    associated = [scope for scope in scopes.all_scopes(transaction) if scope.name in registered.scopes]
    return registered, associated, access.all_acls(transaction)


def _reachable(
    registered: RegisteredClient,
    opened: list[Scope],
    acls: Mapping[str, tuple[str, ...]],
    catalogue: Catalogue,
) -> list[Reachable]:
    caller = Caller(kind="client", groups=registered.groups)
    found = []
    for name, service in sorted(catalogue.services.items()):
        acl = nearest_acl(acls, name)
        if not service.enabled or not may_execute(acl, caller):
            continue
        anyone = is_open(acl)
        by_name = anyone or any(opens_service(scope, name) for scope in opened)
        templates = tuple(
            template
            for template in catalogue.templates_of(name)
            if anyone or any(opens_service(scope, name, template) for scope in opened)
        )
        if by_name or templates:
            found.append(Reachable(service, by_name, templates, anyone))
    return found
