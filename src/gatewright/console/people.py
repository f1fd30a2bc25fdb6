"""Users and groups."""

from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import groups as group_operations
from gatewright.admin import users as operations
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.console.visit import errors_by_field
from gatewright.kernel.errors import Invalid
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.access import MemberKind
from gatewright.store.database import Transaction
from gatewright.store.records import Group
from gatewright.store.records import User

_USERS: Final = "/console/users"
_GROUPS: Final = "/console/groups"
_MOST: Final = 200


async def list_users(visit: Visit) -> Response:
    """The users by name."""
    q, cursor = visit.query("q"), visit.query("cursor")
    rows = await visit.read(_user_rows, cursor, q)
    shown = rows[:PAGE_SIZE]
    more = len(rows) > PAGE_SIZE
    next_cursor = shown[-1]["user"].name if more else ""
    return visit.page("people/users.html", rows=shown, q=q, next_cursor=next_cursor, is_first=not cursor)


async def add_user(visit: Visit) -> Response:
    """The form for a new user, and its answer."""
    values = {"name": "", "password": "", "must_change_password": True, "groups": []}
    if not visit.is_post:
        return await _user_form(visit, None, values)
    try:
        hashed = await operations.hash_chosen_password(visit.field("password"))
        await visit.write(
            operations.create,
            visit.by,
            visit.field("name").strip(),
            hashed,
            groups=visit.fields("groups"),
            must_change_password="must_change_password" in visit.form,
        )
    except Invalid as error:
        return await _user_form(visit, None, _typed_user(visit), errors_by_field(error), 422)
    return visit.go(_USERS, f"User {visit.field('name').strip()} added.")


async def edit_user(visit: Visit) -> Response:
    """The form of a user, and its answer."""
    user = await visit.read(operations.find_named, visit.query("user"))
    if not visit.is_post:
        groups = sorted(await visit.read(users.groups, user.id))
        shown = {"name": user.name, "password": "", "must_change_password": user.must_change_password, "groups": groups}
        return await _user_form(visit, user, shown)
    try:
        password, once = visit.field("password"), "must_change_password" in visit.form
        hashed = await operations.hash_chosen_password(password) if password else user.password_hash
        await visit.write(
            _change_user, visit, user, hashed if password or once != user.must_change_password else None, once
        )
    except Invalid as error:
        return await _user_form(visit, user, _typed_user(visit), errors_by_field(error), 422)
    return visit.go(_USERS, f"User {user.name} saved.")


def _change_user(transaction: Transaction, visit: Visit, user: User, hashed: str | None, once: bool) -> None:
    operations.set_groups(transaction, visit.by, user.id, visit.fields("groups"))
    if hashed:
        operations.set_password(transaction, visit.by, user.id, hashed, must_change_password=once)


async def enable_user(visit: Visit) -> Response:
    """Enable a user, after asking."""
    return await _switch_user(visit, True)


async def disable_user(visit: Visit) -> Response:
    """Disable a user, after asking."""
    return await _switch_user(visit, False)


async def _switch_user(visit: Visit, enabled: bool) -> Response:
    user = await visit.read(operations.find_named, visit.query("user"))
    word = "Enable" if enabled else "Disable"
    if visit.is_post:
        await visit.write(operations.set_enabled, visit.by, user.id, enabled)
        return visit.go(_USERS, f"User {user.name} {word.lower()}d.")
    sentence = "The user can sign in again, and the user's live tokens work again."
    if not enabled:
        sentence = "All sessions of this user end, and tokens issued for this user stop working until the user is enabled again."
    return _ask_user(visit, user, f"{word} {user.name}?", [sentence], word.lower(), f"{word} user", danger=not enabled)


async def delete_user(visit: Visit) -> Response:
    """Delete a user, after saying what goes."""
    user = await visit.read(operations.find_named, visit.query("user"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, user.id)
        return visit.go(_USERS, f"User {user.name} deleted.")
    sentences = ["Sessions, remembered consents and all tokens of this user go, too.", "This cannot be undone."]
    return _ask_user(visit, user, f"Delete {user.name}?", sentences, "delete", "Delete user", danger=True)


def _ask_user(
    visit: Visit, user: User, heading: str, sentences: list[str], action: str, button: str, *, danger: bool
) -> Response:
    return visit.ask(
        section="users",
        trail=[("Users and Groups", ""), ("Users", _USERS)],
        heading=heading,
        sentences=sentences,
        action=f"{_USERS}/{action}?user={quote(user.name, safe='')}",
        button=button,
        danger=danger,
        cancel=_USERS,
    )


async def list_groups(visit: Visit) -> Response:
    """The groups."""
    return visit.page("people/groups.html", rows=await visit.read(_group_rows))


async def add_group(visit: Visit) -> Response:
    """The form for a new group, and its answer."""
    if not visit.is_post:
        return await _group_form(visit, None, {"name": "", "description": ""})
    try:
        await visit.write(_create_group, visit)
    except Invalid as error:
        typed = {"name": visit.field("name"), "description": visit.field("description")}
        return await _group_form(visit, None, typed, errors_by_field(error), 422)
    return visit.go(_GROUPS, f"Group {visit.field('name').strip()} added.")


async def edit_group(visit: Visit) -> Response:
    """The form of a group, and its answer."""
    group = await visit.read(group_operations.find, visit.query("group"))
    if not visit.is_post:
        return await _group_form(visit, group, {"name": group.name, "description": group.description})
    try:
        await visit.write(_change_group, visit, group)
    except Invalid as error:
        typed = {"name": group.name, "description": visit.field("description")}
        return await _group_form(visit, group, typed, errors_by_field(error), 422)
    return visit.go(_GROUPS, f"Group {group.name} saved.")


async def delete_group(visit: Visit) -> Response:
    """Delete a group, after asking."""
    group = await visit.read(group_operations.find, visit.query("group"))
    if visit.is_post:
        await visit.write(group_operations.delete, visit.by, group.name)
        return visit.go(_GROUPS, f"Group {group.name} deleted.")
    return visit.ask(
        section="groups",
        trail=[("Users and Groups", ""), ("Groups", _GROUPS)],
        heading=f"Delete group {group.name}?",
        sentences=["Its members lose what access control lists give them through it."],
        action=f"{_GROUPS}/delete?group={quote(group.name, safe='')}",
        button="Delete group",
        cancel=_GROUPS,
    )


def _create_group(transaction: Transaction, visit: Visit) -> None:
    group = group_operations.create(transaction, visit.by, visit.field("name").strip(), visit.field("description"))
    _set_members(transaction, visit, group)


def _change_group(transaction: Transaction, visit: Visit, group: Group) -> None:
    group_operations.describe(transaction, visit.by, group.name, visit.field("description"))
    _set_members(transaction, visit, group)


def _set_members(transaction: Transaction, visit: Visit, group: Group) -> None:
    """Make what is ticked members; those not on the page stay."""
    ticked, shown = set(visit.fields("member")), set(visit.fields("shown"))
    before = access.members(transaction, group.name)
    kinds: tuple[MemberKind, ...] = ("user", "client")
    for kind in kinds:
        kept = {member for of, member in before if of == kind and f"{kind}:{member}" not in shown}
        chosen = {text.removeprefix(f"{kind}:") for text in ticked if text.startswith(f"{kind}:")}
        group_operations.set_members(transaction, visit.by, group.name, kind, sorted(kept | chosen))


def _user_rows(transaction: Transaction, after: str, q: str) -> list[dict[str, Any]]:
    found = users.page(transaction, after, PAGE_SIZE + 1, q)
    return [{"user": user, "groups": sorted(users.groups(transaction, user.id))} for user in found]


def _group_rows(transaction: Transaction) -> list[dict[str, Any]]:
    rows = []
    for group in access.all_groups(transaction):
        kinds = [kind for kind, _ in access.members(transaction, group.name)]
        rows.append({"group": group, "users": kinds.count("user"), "clients": kinds.count("client")})
    return rows


def _typed_user(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.field("name"),
        "password": "",
        "must_change_password": "must_change_password" in visit.form,
        "groups": visit.fields("groups"),
    }


async def _user_form(
    visit: Visit, user: User | None, values: dict[str, Any], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    every = await visit.read(access.all_groups)
    live = len(await visit.read(tokens.page, visit.now, limit=100, user_id=user.id)) if user else 0
    return visit.page(
        "people/user_form.html",
        status,
        user=user,
        values=values,
        errors=errors or {},
        groups=[group for group in every if group.name not in group_operations.EVERYONE],
        live_tokens="100+" if live >= 100 else live,
    )


async def _group_form(
    visit: Visit, group: Group | None, values: dict[str, str], errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    members, others, more = await visit.read(_panes, group, visit.query("q"))
    return visit.page(
        "people/group_form.html",
        status,
        group=group,
        values=values,
        errors=errors or {},
        members=members,
        others=others,
        others_more=more,
        q=visit.query("q"),
    )


def _panes(
    transaction: Transaction, group: Group | None, q: str
) -> tuple[list[dict[str, str]], list[dict[str, str]], bool]:
    inside = set(access.members(transaction, group.name)) if group else set()
    found_users = users.page(transaction, "", _MOST + 1, q)
    found_clients = clients.page(transaction, ("", ""), _MOST + 1, q)
    others = [_item("user", user.id, user.name) for user in found_users if ("user", user.id) not in inside]
    others += [
        _item("client", each.client_id, each.label)
        for each in found_clients
        if ("client", each.client_id) not in inside
    ]
    members = [_member(transaction, kind, member) for kind, member in sorted(inside)]
    return members, others, len(found_users) > _MOST or len(found_clients) > _MOST


def _member(transaction: Transaction, kind: str, member: str) -> dict[str, str]:
    if kind == "user":
        user = users.find(transaction, member)
        return _item(kind, member, user.name if user else member)
    client = clients.find(transaction, member)
    return _item(kind, member, client.label if client else member)


def _item(kind: str, key: str, text: str) -> dict[str, str]:
    return {"value": f"{kind}:{key}", "text": text, "help": kind.capitalize()}
