"""Users, groups and ACLs over the Admin API."""

from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import UNSET
from msgspec import UnsetType

from gatewright.admin import acls as acl_operations
from gatewright.admin import groups as group_operations
from gatewright.admin import tokens
from gatewright.admin import users as operations
from gatewright.admin.users import hash_chosen_password
from gatewright.admin.users import make_password
from gatewright.kernel.errors import NotFound
from gatewright.kernel.passwords import hash_password
from gatewright.store import access
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import Acl
from gatewright.store.records import Group
from gatewright.store.records import User
from gatewright.web.admin_api.clients import Ended
from gatewright.web.admin_api.clients import Names
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import PageQuery
from gatewright.web.admin_api.operation import cursor
from gatewright.web.admin_api.operation import key_of


class UserView(msgspec.Struct, frozen=True, kw_only=True):
    """A user. `id` is `sub` in tokens; created_at: seconds since the epoch."""

    id: str
    name: str
    enabled: bool
    must_change_password: bool
    created_at: int
    groups: Names


class UserPage(msgspec.Struct, frozen=True):
    """Users by name. next_cursor: null on the last page."""

    items: tuple[UserView, ...]
    next_cursor: str | None


class NewUser(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new user. Without a password one is made, good for one sign-in, and told in the answer."""

    name: str
    password: str | UnsetType = UNSET
    must_change_password: bool | UnsetType = UNSET
    groups: Names = ()


class MadeUser(UserView, frozen=True, kw_only=True):
    """A user as made. one_time_password: the one that was made; told only here."""

    one_time_password: str | None = None


class UserChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields to change; the others stay as they are. Disabling, or another password, ends all sessions."""

    enabled: bool | UnsetType = UNSET
    password: str | UnsetType = UNSET
    must_change_password: bool | UnsetType = UNSET
    groups: Names | UnsetType = UNSET


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


def _users(transaction: Transaction, call: AdminCall) -> UserPage:
    (after,) = key_of(call.query.cursor, 1)
    found = users.page(transaction, after, call.query.limit + 1, call.query.q)
    shown = found[: call.query.limit]
    more = cursor(shown[-1].name) if len(found) > len(shown) else None
    return UserPage(tuple(_shown(transaction, user) for user in shown), more)


def _shown(transaction: Transaction, user: User) -> UserView:
    return UserView(
        id=user.id,
        name=user.name,
        enabled=user.enabled,
        must_change_password=user.must_change_password,
        created_at=user.created_at,
        groups=tuple(sorted(users.groups(transaction, user.id))),
    )


def _user(transaction: Transaction, call: AdminCall) -> UserView:
    return _shown(transaction, operations.find(transaction, call.variables["id"]))


async def _hash_new(call: AdminCall) -> tuple[str, str | None]:
    """The hash of the password that was chosen, or was made, and the one that was made."""
    if call.body.password is not UNSET:
        return await hash_chosen_password(call.body.password), None
    made = make_password()
    return await hash_password(made), made


def _create(transaction: Transaction, call: AdminCall) -> MadeUser:
    hashed, made = call.prepared
    once = call.body.must_change_password if call.body.must_change_password is not UNSET else made is not None
    user = operations.create(
        transaction, call.by, call.body.name, hashed, groups=call.body.groups, must_change_password=once
    )
    return MadeUser(**msgspec.structs.asdict(_shown(transaction, user)), one_time_password=made)


async def _hash_changed(call: AdminCall) -> str | None:
    return await hash_chosen_password(call.body.password) if call.body.password is not UNSET else None


def _update(transaction: Transaction, call: AdminCall) -> None:
    user, body = operations.find(transaction, call.variables["id"]), call.body
    if body.groups is not UNSET:
        operations.set_groups(transaction, call.by, user.id, body.groups)
    once = user.must_change_password if body.must_change_password is UNSET else body.must_change_password
    hashed = call.prepared or user.password_hash
    if hashed and (call.prepared or once != user.must_change_password):
        operations.set_password(transaction, call.by, user.id, hashed, must_change_password=once)
    if body.enabled is not UNSET:
        operations.set_enabled(transaction, call.by, user.id, body.enabled)


def _delete(transaction: Transaction, call: AdminCall) -> None:
    operations.delete(transaction, call.by, call.variables["id"])


def _revoke(transaction: Transaction, call: AdminCall) -> Ended:
    return Ended(tokens.revoke_user(transaction, call.by, call.variables["id"]))


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


def _user_path(user: UserView) -> str:
    return f"/users/{user.id}"


def _group_path(group: Group) -> str:
    return f"/groups/{quote(group.name, safe='')}"


_USER: Final = "/users/{id}"
_GROUP: Final = "/groups/{name}"
_ACL: Final = "/acls/{target}"

OPERATIONS: Final = (
    Operation(
        name="users:list",
        method="GET",
        path="/users",
        summary="List users by name",
        action="read",
        verb=_users,
        query=PageQuery,
        answer=UserPage,
    ),
    Operation(
        name="users:create",
        method="POST",
        path="/users",
        summary="Make a user",
        action="user.create",
        prepare=_hash_new,
        verb=_create,
        body=NewUser,
        answer=MadeUser,
        status=201,
        location=_user_path,
    ),
    Operation(
        name="users:get",
        method="GET",
        path=_USER,
        summary="Show a user",
        action="read",
        verb=_user,
        resource=_user,
        answer=UserView,
    ),
    Operation(
        name="users:update",
        method="PATCH",
        path=_USER,
        summary="Change a user: enabled, password, groups",
        action="user.update",
        prepare=_hash_changed,
        verb=_update,
        resource=_user,
        body=UserChange,
        answer=UserView,
    ),
    Operation(
        name="users:delete",
        method="DELETE",
        path=_USER,
        summary="Delete a user; sessions, consents and tokens go with it",
        action="user.delete",
        verb=_delete,
        resource=_user,
        status=204,
    ),
    Operation(
        name="users:revoke_tokens",
        method="DELETE",
        path=f"{_USER}/tokens",
        summary="End a user's tokens, some thousands a call; repeat until ended is 0",
        action="token.revoke_user",
        verb=_revoke,
        answer=Ended,
    ),
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
