"""Groups and ACLs over the Admin API."""

from typing import Final
from urllib.parse import quote

import msgspec

from gatewright.admin import acls as acl_operations
from gatewright.admin import groups as group_operations
from gatewright.kernel.errors import NotFound
from gatewright.store import access
from gatewright.store.database import Transaction
from gatewright.store.records import Acl
from gatewright.store.records import Group
from gatewright.web.admin_api.clients import Names
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation


class GroupList(msgspec.Struct, frozen=True):
    """Every group."""

    items: tuple[Group, ...]


class NewGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new group."""

    name: str
    description: str = ""


class GroupChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group's description."""

    description: str


class Members(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group's members, all of them: users by id, clients by client_id."""

    users: Names
    clients: Names


class AclList(msgspec.Struct, frozen=True):
    """Every ACL, by its target."""

    items: tuple[Acl, ...]


class AclChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The groups that may execute; none: nobody."""

    execute: Names


def _groups(transaction: Transaction, call: AdminCall) -> GroupList:
    return GroupList(access.all_groups(transaction))


def _group(transaction: Transaction, call: AdminCall) -> Group:
    return group_operations.find(transaction, call.variables["name"])


def _make_group(transaction: Transaction, call: AdminCall) -> Group:
    return group_operations.create(transaction, call.by, call.body.name, call.body.description)


def _describe(transaction: Transaction, call: AdminCall) -> None:
    group_operations.describe(transaction, call.by, call.variables["name"], call.body.description)


def _delete_group(transaction: Transaction, call: AdminCall) -> None:
    group_operations.delete(transaction, call.by, call.variables["name"])


def _members(transaction: Transaction, call: AdminCall) -> Members:
    found = access.members(transaction, group_operations.find(transaction, call.variables["name"]).name)
    return Members(
        users=tuple(member for kind, member in found if kind == "user"),
        clients=tuple(member for kind, member in found if kind == "client"),
    )


def _set_members(transaction: Transaction, call: AdminCall) -> None:
    group_operations.set_members(transaction, call.by, call.variables["name"], "user", call.body.users)
    group_operations.set_members(transaction, call.by, call.variables["name"], "client", call.body.clients)


def _acls(transaction: Transaction, call: AdminCall) -> AclList:
    found = access.all_acls(transaction)
    return AclList(tuple(Acl(target=target, execute=execute) for target, execute in sorted(found.items())))


def _acl(transaction: Transaction, call: AdminCall) -> Acl:
    target = call.variables["target"]
    found = access.all_acls(transaction).get(target)
    if found is None:
        raise NotFound(f"There is no ACL of {target}.")
    return Acl(target=target, execute=found)


def _save_acl(transaction: Transaction, call: AdminCall) -> Acl:
    acl_operations.save(transaction, call.by, call.variables["target"], call.body.execute, call.parts.catalogue)
    return _acl(transaction, call)


def _delete_acl(transaction: Transaction, call: AdminCall) -> None:
    acl_operations.delete(transaction, call.by, call.variables["target"])


def _group_path(group: Group) -> str:
    return f"/groups/{quote(group.name, safe='')}"


_GROUP: Final = "/groups/{name}"
_ACL: Final = "/acls/{target}"

OPERATIONS: Final = (
    Operation(
        name="groups:list",
        method="GET",
        path="/groups",
        summary="List all groups",
        action="read",
        verb=_groups,
        answer=GroupList,
    ),
    Operation(
        name="groups:create",
        method="POST",
        path="/groups",
        summary="Make a group",
        action="group.create",
        verb=_make_group,
        body=NewGroup,
        answer=Group,
        status=201,
        location=_group_path,
    ),
    Operation(
        name="groups:get",
        method="GET",
        path=_GROUP,
        summary="Show a group",
        action="read",
        verb=_group,
        resource=_group,
        answer=Group,
    ),
    Operation(
        name="groups:update",
        method="PATCH",
        path=_GROUP,
        summary="Change a group's description",
        action="group.update",
        verb=_describe,
        resource=_group,
        body=GroupChange,
        answer=Group,
    ),
    Operation(
        name="groups:delete",
        method="DELETE",
        path=_GROUP,
        summary="Delete a group that no ACL names",
        action="group.delete",
        verb=_delete_group,
        resource=_group,
        status=204,
    ),
    Operation(
        name="groups:get_members",
        method="GET",
        path=f"{_GROUP}/members",
        summary="List a group's members",
        action="read",
        verb=_members,
        resource=_members,
        answer=Members,
    ),
    Operation(
        name="groups:set_members",
        method="PUT",
        path=f"{_GROUP}/members",
        summary="Make just these a group's members",
        action="group.members",
        verb=_set_members,
        resource=_members,
        body=Members,
        answer=Members,
    ),
    Operation(
        name="acls:list",
        method="GET",
        path="/acls",
        summary="List all access control lists",
        action="read",
        verb=_acls,
        answer=AclList,
    ),
    Operation(
        name="acls:get",
        method="GET",
        path=_ACL,
        summary="Show the ACL of a folder or service",
        action="read",
        verb=_acl,
        resource=_acl,
        answer=Acl,
    ),
    Operation(
        name="acls:save",
        method="PUT",
        path=_ACL,
        summary="Let just these groups execute a folder or service",
        action="acl.save",
        verb=_save_acl,
        body=AclChange,
        answer=Acl,
    ),
    Operation(
        name="acls:delete",
        method="DELETE",
        path=_ACL,
        summary="Delete an ACL: the nearest one above holds again",
        action="acl.delete",
        verb=_delete_acl,
        resource=_acl,
        status=204,
    ),
)
