"""Associate Scopes to Clients: which clients may ask for which scopes, changed from either side."""

from collections.abc import Sequence

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.clients import find as find_client
from gatewright.admin.scopes import check_scopes
from gatewright.admin.scopes import find as find_scope
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.database import Transaction


def set_client_scopes(transaction: Transaction, by: By, client_id: str, names: Sequence[str]) -> None:
    """Associate a client with just these scopes. Raises NotFound, Invalid (field `scopes`)."""
    client = find_client(transaction, client_id)
    before, after = clients.scopes(transaction, client_id), tuple(sorted(set(names)))
    if before == after:
        return
    if errors := check_scopes(transaction, after):
        raise Invalid(errors)
    clients.set_scopes(transaction, client_id, after, by.now)
    _keep_defaults_associated(transaction, by, client_id)
    audit.record(transaction, by, "client.scopes", client.label, {"scopes": list(before)}, {"scopes": list(after)})


def set_scope_clients(transaction: Transaction, by: By, name: str, client_ids: Sequence[str]) -> None:
    """Associate a scope with just these clients. Raises NotFound, Invalid (field `clients`)."""
    find_scope(transaction, name)
    before, after = scopes.clients(transaction, name), tuple(sorted(set(client_ids)))
    if before == after:
        return
    unknown = [client_id for client_id in after if clients.find(transaction, client_id) is None]
    if unknown:
        raise Invalid([FieldError("clients", f"There is no client with the client_id {each}.") for each in unknown])
    scopes.set_clients(transaction, name, after, by.now)
    for client_id in before:
        _keep_defaults_associated(transaction, by, client_id)
    audit.record(transaction, by, "scope.clients", name, {"clients": list(before)}, {"clients": list(after)})


def _keep_defaults_associated(transaction: Transaction, by: By, client_id: str) -> None:
    """A scope that is no longer associated is no default scope either."""
    client = find_client(transaction, client_id)
    associated = clients.scopes(transaction, client_id)
    kept = tuple(name for name in client.default_scopes if name in associated)
    if kept != client.default_scopes:
        clients.update(transaction, msgspec.structs.replace(client, default_scopes=kept, updated_at=by.now))
