"""Groups and who is in them."""

import re
from collections.abc import Sequence
from typing import Final

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.admin.administrators import one_administrator_kept
from gatewright.admin.fields import did_you_mean
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import users
from gatewright.store.access import MemberKind
from gatewright.store.database import Transaction
from gatewright.store.records import Group

EVERYONE: Final = ("Anonymous", "Everybody")
"""Groups whose members follow from who is asking, and are never listed."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,98}[A-Za-z0-9_.-]\Z|[A-Za-z0-9_]\Z")
_LONGEST_DESCRIPTION: Final = 1000


def create(transaction: Transaction, by: By, name: str, description: str = "") -> Group:
    """Make a group. Raises Invalid."""
    errors = _description(description)
    if not _NAME.match(name):
        errors.append(FieldError("name", "Name must have 1 to 100 letters, digits, blanks or . _ - ."))
    if any(group.name.lower() == name.lower() for group in access.all_groups(transaction)):
        errors.append(FieldError("name", f"There is a group {name} already."))
    if errors:
        raise Invalid(errors)
    group = Group(name=name, description=description)
    access.save_group(transaction, group, by.now)
    audit.record(transaction, by, "group.create", name, None, {"description": description})
    return group


def describe(transaction: Transaction, by: By, name: str, description: str) -> None:
    """Change a group's description. Raises NotFound, Invalid."""
    before = find(transaction, name)
    if before.description == description:
        return
    if errors := _description(description):
        raise Invalid(errors)
    access.save_group(transaction, Group(name=name, description=description, predefined=before.predefined), by.now)
    audit.record(
        transaction, by, "group.update", name, {"description": before.description}, {"description": description}
    )


def set_members(transaction: Transaction, by: By, name: str, kind: MemberKind, ids: Sequence[str]) -> None:
    """Make just these users (by id) or clients (by client_id) the group's members of that kind.

    Raises NotFound, Invalid (field `members`).
    """
    find(transaction, name)
    before = [member for member_kind, member in access.members(transaction, name) if member_kind == kind]
    after = sorted(set(ids))
    if before == after:
        return
    look = users.find if kind == "user" else clients.find
    errors = [FieldError("members", f"There is no {kind} {each}.") for each in after if look(transaction, each) is None]
    if name in EVERYONE and after:
        errors.append(FieldError("members", _follows(name)))
    if errors:
        raise Invalid(errors)
    with one_administrator_kept(transaction, "members", by.now):
        access.set_members(transaction, name, kind, after, by.now)
    audit.record(transaction, by, "group.members", name, {f"{kind}s": before}, {f"{kind}s": after})


def delete(transaction: Transaction, by: By, name: str) -> None:
    """Remove a group that is not predefined and that no ACL names. Raises NotFound, Conflict."""
    before = find(transaction, name)
    if before.predefined:
        raise Conflict(f"The group {name} is predefined and cannot be deleted.")
    naming = [target for target, groups in access.all_acls(transaction).items() if name in groups]
    if naming:
        raise Conflict(f"The ACL of {', '.join(naming)} names the group {name}. Change that first.")
    access.delete_group(transaction, name, by.now)
    audit.record(transaction, by, "group.delete", name, {"description": before.description})


def find(transaction: Transaction, name: str) -> Group:
    """The group of that name. Raises NotFound."""
    for group in access.all_groups(transaction):
        if group.name == name:
            return group
    raise NotFound(f"There is no group {name}.")


def check_groups(
    transaction: Transaction, names: Sequence[str], field: str = "groups", *, members: bool = True
) -> list[FieldError]:
    """An error for each name that is no group's, or, with `members`, of a group nobody is listed in."""
    known = [group.name for group in access.all_groups(transaction)] if names else []
    errors = [
        FieldError(field, f"There is no group {name!r}.{did_you_mean(name, known)}")
        for name in names
        if name not in known
    ]
    return errors + [FieldError(field, _follows(name)) for name in names if members and name in EVERYONE]


def _follows(name: str) -> str:
    return f"Nobody is listed in the group {name}: who belongs to it follows from the request."


def _description(description: str) -> list[FieldError]:
    if len(description) <= _LONGEST_DESCRIPTION:
        return []
    return [FieldError("description", f"Description has at most {_LONGEST_DESCRIPTION} characters.")]
