"""Groups, their members, and the ACLs that name them."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Literal

import msgspec

from gatewright.store.database import Transaction
from gatewright.store.documents import to_json
from gatewright.store.records import Acl
from gatewright.store.records import Group

MemberKind = Literal["user", "client"]


def all_groups(transaction: Transaction) -> tuple[Group, ...]:
    """Every group, by name."""
    found = transaction.rows("SELECT name, description, predefined FROM groups ORDER BY name")
    return tuple(Group(name=row[0], description=row[1], predefined=bool(row[2])) for row in found)


def save_group(transaction: Transaction, group: Group, now: int) -> None:
    """Keep a group, new or changed."""
    transaction.execute(
        "INSERT INTO groups (name, description, predefined) VALUES (?, ?, ?)"
        " ON CONFLICT (name) DO UPDATE SET description = excluded.description",
        (group.name, group.description, int(group.predefined)),
    )
    transaction.announce("group", group.name, now)


def delete_group(transaction: Transaction, name: str, now: int) -> bool:
    """Remove a group that is not predefined, with its memberships."""
    transaction.announce("group", name, now)
    return transaction.execute("DELETE FROM groups WHERE name = ? AND predefined = 0", (name,)) == 1


def members(transaction: Transaction, group: str) -> list[tuple[MemberKind, str]]:
    """The group's members: kind and id."""
    found = transaction.rows(
        "SELECT kind, member_id FROM group_members WHERE group_name = ? ORDER BY kind, member_id", (group,)
    )
    return [(row[0], row[1]) for row in found]


def count_members(transaction: Transaction) -> dict[tuple[str, MemberKind], int]:
    """How many members of each kind the groups have, by group and kind."""
    found = transaction.rows("SELECT group_name, kind, count(*) FROM group_members GROUP BY group_name, kind")
    return {(row[0], row[1]): int(row[2]) for row in found}


def set_members(transaction: Transaction, group: str, kind: MemberKind, ids: Sequence[str], now: int) -> None:
    """Make just these principals the group's members of that kind."""
    transaction.announce("group", group, now)
    transaction.execute("DELETE FROM group_members WHERE group_name = ? AND kind = ?", (group, kind))
    for member_id in ids:
        _join(transaction, group, kind, member_id)


def set_groups(transaction: Transaction, kind: MemberKind, member_id: str, groups: Sequence[str], now: int) -> None:
    """Make the principal a member of just these groups."""
    transaction.announce(kind, member_id, now)
    transaction.execute("DELETE FROM group_members WHERE kind = ? AND member_id = ?", (kind, member_id))
    for group in groups:
        _join(transaction, group, kind, member_id)


def _join(transaction: Transaction, group: str, kind: MemberKind, member_id: str) -> None:
    transaction.execute(
        "INSERT INTO group_members (group_name, kind, member_id) VALUES (?, ?, ?)", (group, kind, member_id)
    )


def all_acls(transaction: Transaction) -> Mapping[str, tuple[str, ...]]:
    """Every ACL: target (a folder or a service) to the groups that may execute it."""
    found = transaction.rows("SELECT target, execute FROM acls ORDER BY target")
    return {row[0]: msgspec.json.decode(row[1], type=tuple[str, ...]) for row in found}


def save_acl(transaction: Transaction, acl: Acl, now: int) -> None:
    """Keep an ACL, in place of the former one of its target."""
    transaction.execute(
        "INSERT INTO acls (target, execute) VALUES (?, ?) ON CONFLICT (target) DO UPDATE SET execute = excluded.execute",
        (acl.target, to_json(acl.execute)),
    )
    transaction.announce("acl", acl.target, now)


def delete_acl(transaction: Transaction, target: str, now: int) -> bool:
    """Remove the ACL of a folder or service."""
    transaction.announce("acl", target, now)
    return transaction.execute("DELETE FROM acls WHERE target = ?", (target,)) == 1
