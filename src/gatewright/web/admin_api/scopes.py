"""Scopes over the Admin API: Scope Management, and which clients may ask for a scope."""

from typing import Final
from urllib.parse import quote

import msgspec

from gatewright.admin import associations
from gatewright.admin import scopes as operations
from gatewright.admin.scopes import FIELDS
from gatewright.admin.scopes import read_scope
from gatewright.services.coverage import Reach
from gatewright.store import scopes
from gatewright.store.database import Transaction
from gatewright.store.records import Scope
from gatewright.web.admin_api.clients import NameList
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import change_of


class ScopeList(msgspec.Struct, frozen=True):
    """Every scope, by name."""

    items: tuple[Scope, ...]


class ReachView(msgspec.Struct, frozen=True):
    """What a scope opens today."""

    services: tuple[str, ...]
    url_templates: tuple[str, ...]


NewScope: Final = change_of("NewScope", Scope, FIELDS, "A new scope.")
ScopeChange: Final = change_of(
    "ScopeChange",
    Scope,
    [field for field in FIELDS if field != "name"],
    "The fields to change; the others stay as they are.",
)


def _list(transaction: Transaction, call: AdminCall) -> ScopeList:
    return ScopeList(scopes.all_scopes(transaction))


def _get(transaction: Transaction, call: AdminCall) -> Scope:
    return operations.find(transaction, call.variables["name"])


def _create(transaction: Transaction, call: AdminCall) -> Scope:
    return operations.create(transaction, call.by, read_scope(call.given, Scope(name="")), call.parts.catalogue)


def _update(transaction: Transaction, call: AdminCall) -> Scope:
    changed = read_scope(call.given, operations.find(transaction, call.variables["name"]))
    return operations.update(transaction, call.by, changed, call.parts.catalogue)


def _delete(transaction: Transaction, call: AdminCall) -> None:
    operations.delete(transaction, call.by, call.variables["name"])


def _reach(transaction: Transaction, call: AdminCall) -> ReachView:
    found = Reach(operations.find(transaction, call.variables["name"]), call.parts.catalogue)
    return ReachView(tuple(found.services), tuple(found.url_templates))


def _clients(transaction: Transaction, call: AdminCall) -> NameList:
    return NameList(scopes.clients(transaction, operations.find(transaction, call.variables["name"]).name))


def _set_clients(transaction: Transaction, call: AdminCall) -> None:
    associations.set_scope_clients(transaction, call.by, call.variables["name"], call.body.items)


_ONE: Final = "/scopes/{name}"


def _own_path(scope: Scope) -> str:
    return f"/scopes/{quote(scope.name, safe='')}"


OPERATIONS: Final = (
    Operation(
        name="scopes:list",
        method="GET",
        path="/scopes",
        summary="List all scopes",
        action="read",
        verb=_list,
        answer=ScopeList,
    ),
    Operation(
        name="scopes:create",
        method="POST",
        path="/scopes",
        summary="Make a scope",
        action="scope.create",
        verb=_create,
        body=NewScope,
        answer=Scope,
        status=201,
        location=_own_path,
    ),
    Operation(
        name="scopes:get",
        method="GET",
        path=_ONE,
        summary="Show a scope",
        action="read",
        verb=_get,
        resource=_get,
        answer=Scope,
    ),
    Operation(
        name="scopes:update",
        method="PATCH",
        path=_ONE,
        summary="Change what a scope lists",
        action="scope.update",
        verb=_update,
        resource=_get,
        body=ScopeChange,
        answer=Scope,
    ),
    Operation(
        name="scopes:delete",
        method="DELETE",
        path=_ONE,
        summary="Delete a scope and its associations",
        action="scope.delete",
        verb=_delete,
        resource=_get,
        status=204,
    ),
    Operation(
        name="scopes:reach",
        method="GET",
        path=f"{_ONE}/reach",
        summary="Show which services and URL templates a scope opens today",
        action="read",
        verb=_reach,
        answer=ReachView,
    ),
    Operation(
        name="scopes:get_clients",
        method="GET",
        path=f"{_ONE}/clients",
        summary="List the clients (by client_id) that may ask for a scope",
        action="read",
        verb=_clients,
        resource=_clients,
        answer=NameList,
    ),
    Operation(
        name="scopes:set_clients",
        method="PUT",
        path=f"{_ONE}/clients",
        summary="Let just these clients ask for a scope",
        action="scope.clients",
        verb=_set_clients,
        resource=_clients,
        body=NameList,
        answer=NameList,
    ),
)
