"""Users: who may sign in, and the groups they are in. Passwords come here hashed (`identity.users`)."""

import secrets
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.admin import audit
from gatewright.admin import external_servers
from gatewright.admin.actor import By
from gatewright.admin.administrators import one_administrator_kept
from gatewright.admin.groups import check_groups
from gatewright.identity.users import check_new_password
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.ids import row_id
from gatewright.kernel.passwords import hash_password
from gatewright.store import access
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import User

_LONGEST_NAME: Final = 100
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is taken for another


def make_password() -> str:
    """A one-time password that is easy to type: 80 random bits as four groups of four characters."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


async def hash_chosen_password(password: str) -> str:
    """The hash of a password that somebody chose. Raises Invalid (field `password`) when it is too short or too long."""
    check_new_password(password)
    return await hash_password(password)


def create(
    transaction: Transaction,
    by: By,
    name: str,
    password_hash: str | None,
    *,
    groups: Sequence[str] = (),
    must_change_password: bool = False,
    user_id: str = "",
) -> User:
    """Make a user. With must_change_password the password is good for one sign-in, to choose another. Raises Invalid.

    user_id: for what is only looked at beforehand; it is made when empty.
    """
    errors = _name(transaction, name) + check_groups(transaction, groups)
    if errors:
        raise Invalid(errors)
    user = User(
        id=user_id or row_id(),
        name=name,
        password_hash=password_hash,
        must_change_password=must_change_password,
        created_at=by.now,
    )
    users.insert(transaction, user)
    access.set_groups(transaction, "user", user.id, groups, by.now)
    audit.record(transaction, by, "user.create", name, None, {"groups": list(groups)})
    return user


def set_groups(transaction: Transaction, by: By, user_id: str, groups: Sequence[str]) -> None:
    """Make the user a member of just these groups. Raises NotFound, Invalid (field `groups`)."""
    user = find(transaction, user_id)
    before, after = sorted(users.groups(transaction, user_id)), sorted(set(groups))
    if before == after:
        return
    if errors := check_groups(transaction, after):
        raise Invalid(errors)
    with one_administrator_kept(transaction, "groups", by.now):
        access.set_groups(transaction, "user", user_id, after, by.now)
    audit.record(transaction, by, "user.groups", user.name, {"groups": before}, {"groups": after})


def set_password(
    transaction: Transaction, by: By, user_id: str, password_hash: str, *, must_change_password: bool = True
) -> None:
    """Give the user another password; all sessions of the user end. Raises NotFound."""
    user = find(transaction, user_id)
    new = msgspec.structs.replace(user, password_hash=password_hash, must_change_password=must_change_password)
    users.update(transaction, new, by.now)
    users.end_sessions(transaction, user_id)
    audit.record(transaction, by, "user.password", user.name)


def set_enabled(transaction: Transaction, by: By, user_id: str, enabled: bool) -> None:
    """Enable a user, or disable: then all sessions end, and the user's tokens are inactive. Raises NotFound, Invalid."""
    user = find(transaction, user_id)
    if user.enabled == enabled:
        return
    with one_administrator_kept(transaction, "enabled", by.now):
        users.update(transaction, msgspec.structs.replace(user, enabled=enabled), by.now)
    if not enabled:
        users.end_sessions(transaction, user_id)
    audit.record(transaction, by, "user.enable" if enabled else "user.disable", user.name)


def delete(transaction: Transaction, by: By, user_id: str) -> None:
    """Remove a user; sessions, consents and tokens go with it. Raises NotFound, Invalid (field `name`)."""
    user = find(transaction, user_id)
    if runs := external_servers.of_user(transaction, user_id):
        message = (
            f"Calls from the external authorization server {runs[0]} run as this user; let them run as another first."
        )
        raise Invalid([FieldError("name", message)])
    groups = sorted(users.groups(transaction, user_id))
    tokens.revoke_user(transaction, user_id, by.now)
    with one_administrator_kept(transaction, "name", by.now):
        users.delete(transaction, user_id, by.now)
    audit.record(transaction, by, "user.delete", user.name, {"groups": groups})


def find(transaction: Transaction, user_id: str) -> User:
    """The user of that id. Raises NotFound."""
    user = users.find(transaction, user_id)
    if user is None:
        raise NotFound(f"There is no user with the id {user_id}.")
    return user


def find_named(transaction: Transaction, name: str) -> User:
    """The user of that name. Raises NotFound."""
    user = users.find_named(transaction, name)
    if user is None:
        raise NotFound(f"There is no user {name}.")
    return user


def _name(transaction: Transaction, name: str) -> list[FieldError]:
    if not name:
        return [FieldError("name", "Name is missing.")]
    if len(name) > _LONGEST_NAME or name != name.strip() or not name.isprintable():
        message = f"Name has 1 to {_LONGEST_NAME} printable characters, without blanks around it."
        return [FieldError("name", message)]
    if users.find_named(transaction, name):
        return [FieldError("name", f"There is a user {name} already.")]
    return []
