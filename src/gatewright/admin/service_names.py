"""What the database says of a service by its name, when it is renamed or deleted: scopes, ACL, versions, examples."""

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.service_versions import record_deleted
from gatewright.store import access
from gatewright.store import scopes
from gatewright.store import service_versions
from gatewright.store.database import Transaction
from gatewright.store.records import Acl


class Named(msgspec.Struct, frozen=True):
    """The scopes that list a service by its name, and the groups of an ACL of its own; None: it has none."""

    scopes: tuple[str, ...]
    acl: tuple[str, ...] | None


def find(transaction: Transaction, name: str) -> Named:
    """What names the service."""
    listed = tuple(scope.name for scope in scopes.all_scopes(transaction) if name in scope.services)
    return Named(listed, access.all_acls(transaction).get(name))


def rename(transaction: Transaction, by: By, name: str, to: str) -> None:
    """Let everything that names the service name it by its new name."""
    _replace_in_scopes(transaction, by, name, (to,))
    groups = access.all_acls(transaction).get(name)
    if groups is not None:
        access.save_acl(transaction, Acl(target=to, execute=groups), by.now)
        access.delete_acl(transaction, name, by.now)
    service_versions.move(transaction, name, to)
    audit.record(transaction, by, "service.rename", name, {"name": name}, {"name": to})


def delete(transaction: Transaction, by: By, name: str, file: str, text: str) -> None:
    """Let nothing name the service any more. Its last text stays among the versions, should the name come back."""
    _replace_in_scopes(transaction, by, name, ())
    if access.all_acls(transaction).get(name) is not None:
        access.delete_acl(transaction, name, by.now)
    record_deleted(transaction, by, name, file, text)
    audit.record(transaction, by, "service.delete", name, {"file": file})


def _replace_in_scopes(transaction: Transaction, by: By, name: str, others: tuple[str, ...]) -> None:
    for scope in scopes.all_scopes(transaction):
        if name not in scope.services:
            continue
        services = tuple(
            dict.fromkeys(other for each in scope.services for other in (others if each == name else (each,)))
        )
        scopes.update(transaction, msgspec.structs.replace(scope, services=services), by.now)
        before, after = {"services": list(scope.services)}, {"services": list(services)}
        audit.record(transaction, by, "scope.update", scope.name, before, after)
