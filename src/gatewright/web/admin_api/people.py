"""Users over the Admin API."""

from typing import Final

import msgspec
from msgspec import UNSET
from msgspec import UnsetType

from gatewright.admin import sign_ins
from gatewright.admin import tokens
from gatewright.admin import users as operations
from gatewright.admin.users import hash_chosen_password
from gatewright.admin.users import make_password
from gatewright.kernel.passwords import hash_password
from gatewright.store import users
from gatewright.store.database import Transaction
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


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A login session. Times are seconds since the epoch; method: how the user signed in."""

    started_at: int
    seen_at: int
    expires_at: int
    method: str
    address: str
    agent: str


class SessionList(msgspec.Struct, frozen=True):
    """A user's live sessions, the one last seen first."""

    items: tuple[SessionView, ...]


class Reset(msgspec.Struct, frozen=True):
    """Whether there were second factors."""

    had_factors: bool


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


def _users(transaction: Transaction, call: AdminCall) -> UserPage:
    (after,) = key_of(call.query.cursor, 1)
    found = users.page(transaction, (after,), call.query.limit + 1, call.query.q)
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


def _sessions(transaction: Transaction, call: AdminCall) -> SessionList:
    user = operations.find(transaction, call.variables["id"])
    found = users.sessions(transaction, user.id, call.by.now)
    names = SessionView.__struct_fields__
    return SessionList(tuple(SessionView(**{name: getattr(each, name) for name in names}) for each in found))


def _end_sessions(transaction: Transaction, call: AdminCall) -> Ended:
    return Ended(sign_ins.end_sessions(transaction, call.by, call.variables["id"]))


def _reset_factors(transaction: Transaction, call: AdminCall) -> Reset:
    return Reset(sign_ins.reset_factors(transaction, call.by, call.variables["id"]))


def _user_path(user: UserView) -> str:
    return f"/users/{user.id}"


_USER: Final = "/users/{id}"

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
        name="users:list_sessions",
        method="GET",
        path=f"{_USER}/sessions",
        summary="List a user's login sessions",
        action="read",
        verb=_sessions,
        answer=SessionList,
    ),
    Operation(
        name="users:end_sessions",
        method="DELETE",
        path=f"{_USER}/sessions",
        summary="End all login sessions of a user",
        action="user.end_sessions",
        verb=_end_sessions,
        answer=Ended,
    ),
    Operation(
        name="users:reset_factors",
        method="DELETE",
        path=f"{_USER}/factors",
        summary="Remove a user's passkeys, authenticator app and recovery codes",
        action="user.reset_factors",
        verb=_reset_factors,
        answer=Reset,
    ),
)
