"""Groups: the list, the form with its members, deleting."""

from collections.abc import Callable
from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import groups as operations
from gatewright.admin.widening import Concerned
from gatewright.console.sorting import sorting
from gatewright.console.visit import Visit
from gatewright.console.visit import changed_members
from gatewright.console.visit import counted
from gatewright.console.visit import refuse_if_changed
from gatewright.console.visit import revision_of
from gatewright.console.widening import Question
from gatewright.console.widening import asked_first
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import users
from gatewright.store.access import MemberKind
from gatewright.store.database import Transaction
from gatewright.store.records import Group

_LIST: Final = "/console/groups"
_MOST: Final = 200
_KINDS: Final[tuple[MemberKind, ...]] = ("user", "client")

Item = dict[str, Any]

_COLUMNS: Final = {"Name": "name", "Users": "-users", "Clients": "-clients"}
_KEYS: Final[dict[str, Callable[[Item], Any]]] = {
    "name": lambda row: row["group"].name,
    "users": lambda row: (row["users"], row["group"].name),
    "clients": lambda row: (row["clients"], row["group"].name),
}


async def show_list(visit: Visit) -> Response:
    """The groups."""
    sort = sorting(visit, _COLUMNS, "name")
    return visit.page("people/groups.html", rows=sort.rows(await visit.read(_rows), _KEYS), sort=sort)


async def add(visit: Visit) -> Response:
    """The form for a new group, and its answer."""
    if not visit.is_post:
        return await _form(visit, None, {"name": "", "description": ""})
    try:
        await visit.write(_create, visit)
    except Invalid as refused:
        return await _form(visit, None, _typed(visit), refused)
    return visit.go(_LIST, f"Group {visit.field('name').strip()} added.", ("Access control lists", "/console/acls"))


async def edit(visit: Visit) -> Response:
    """The form of a group, and its answer."""
    group = await visit.read(operations.find, visit.query("group"))
    if not visit.is_post:
        return await _form(visit, group, _values(group))
    try:
        if asked := await asked_first(visit, _question(group.name), Concerned(), _change, visit, group.name):
            return asked
        await visit.write(_change, visit, group.name)
    except (Invalid, Conflict) as refused:
        return await _form(visit, group, _typed(visit) | {"name": group.name}, refused)
    return visit.go(_LIST, f"Group {group.name} saved. In force from the next call on.")


async def delete(visit: Visit) -> Response:
    """Delete a group, after saying who is in it."""
    group = await visit.read(operations.find, visit.query("group"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, group.name)
        return visit.go(_LIST, f"Group {group.name} deleted.")
    inside = len(await visit.read(access.members, group.name))
    return visit.ask(
        section="groups",
        trail=[("Users and Groups", ""), ("Groups", _LIST)],
        heading=f"Delete group {group.name}?",
        sentences=[f"It has {counted(inside, 'member')}; what it gave them ends."],
        action=f"{_LIST}/delete?group={quote(group.name, safe='')}",
        button="Delete group",
        cancel=_LIST,
    )


def _question(name: str) -> Question:
    form = f"{_LIST}/edit?group={quote(name, safe='')}"
    trail = [("Users and Groups", ""), ("Groups", _LIST)]
    return Question("groups", trail, f"Let the new members of {name} execute more?", form, form)


def _create(transaction: Transaction, visit: Visit) -> None:
    group = operations.create(transaction, visit.by, visit.field("name").strip(), visit.field("description"))
    _set_members(transaction, visit, group.name)


def _change(transaction: Transaction, visit: Visit, name: str) -> None:
    refuse_if_changed(visit.field("revision"), operations.find(transaction, name))
    operations.describe(transaction, visit.by, name, visit.field("description"))
    _set_members(transaction, visit, name)


def _set_members(transaction: Transaction, visit: Visit, name: str) -> None:
    after = changed_members(visit, (f"{kind}:{member}" for kind, member in access.members(transaction, name)))
    for kind in _KINDS:
        chosen = [each.removeprefix(f"{kind}:") for each in after if each.startswith(f"{kind}:")]
        operations.set_members(transaction, visit.by, name, kind, chosen)


def _rows(transaction: Transaction) -> list[dict[str, Any]]:
    counts = access.count_members(transaction)
    return [
        {
            "group": group,
            "users": counts.get((group.name, "user"), 0),
            "clients": counts.get((group.name, "client"), 0),
        }
        for group in access.all_groups(transaction)
    ]


def _values(group: Group) -> dict[str, str]:
    return {"name": group.name, "description": group.description, "revision": revision_of(group)}


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.field(name) for name in ("name", "description", "revision")}


async def _form(
    visit: Visit, group: Group | None, values: dict[str, str], refused: Invalid | Conflict | None = None
) -> Response:
    members, others, more = await visit.read(_panes, group, visit.query("q"))
    ticked = set(visit.fields("member"))
    if refused:  # as it was sent, not as it is kept
        others, members = _moved(members + others, ticked)
    return visit.form_page(
        "people/group_form.html",
        refused,
        group=group,
        values=values,
        members=members,
        others=others,
        others_more=more,
        q=visit.query("q"),
    )


def _moved(items: list[Item], ticked: set[str]) -> tuple[list[Item], list[Item]]:
    return [item for item in items if item["value"] not in ticked], [item for item in items if item["value"] in ticked]


def _panes(transaction: Transaction, group: Group | None, q: str) -> tuple[list[Item], list[Item], bool]:
    inside = set(access.members(transaction, group.name)) if group else set()
    found_users = users.page(transaction, (), _MOST + 1, q)
    found_clients = clients.page(transaction, (), _MOST + 1, q)
    every = [_item("user", user.id, user.name) for user in found_users[:_MOST]]
    every += [_item("client", client.client_id, client.label) for client in found_clients[:_MOST]]
    members = [_member(transaction, kind, member) | {"was": True} for kind, member in sorted(inside)]
    values = {item["value"] for item in members}
    others = [item for item in every if item["value"] not in values]
    return members, others, max(len(found_users), len(found_clients)) > _MOST


def _member(transaction: Transaction, kind: MemberKind, member: str) -> Item:
    if kind == "user":
        user = users.find(transaction, member)
        return _item(kind, member, user.name if user else member)
    client = clients.find(transaction, member)
    return _item(kind, member, client.label if client else member)


def _item(kind: MemberKind, key: str, text: str) -> Item:
    return {"value": f"{kind}:{key}", "text": text, "help": kind.capitalize(), "was": False}
