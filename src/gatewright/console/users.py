"""Users: the list, the form, enabling and deleting."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import users as operations
from gatewright.admin.groups import EVERYONE
from gatewright.admin.widening import Concerned
from gatewright.console.sorting import sorting
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.console.visit import refuse_if_changed
from gatewright.console.visit import revision_of
from gatewright.console.widening import Question
from gatewright.console.widening import asked_first
from gatewright.console.widening import foreseen
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.store import access
from gatewright.store import factors
from gatewright.store import keyset
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.keyset import Order
from gatewright.store.records import User

_LIST: Final = "/console/users"
_COLUMNS: Final = {"Name": "name", "Created": "-created"}
_ORDERS: Final = {"name": users.BY_NAME, "created": users.BY_CREATION}
_MOST_COUNTED: Final = 100


async def show_list(visit: Visit) -> Response:
    """The users by name, or by when they were made."""
    q, cursor = visit.query("q"), visit.query("cursor")
    sort = sorting(visit, _COLUMNS, "name", q=q)
    order = sort.order(_ORDERS)
    rows = await visit.read(_rows, order, order.place(cursor), q)
    shown = rows[:PAGE_SIZE]
    next_cursor = _cursor(sort.key, shown[-1]["user"]) if len(rows) > PAGE_SIZE else ""
    return visit.page("people/users.html", rows=shown, q=q, sort=sort, next_cursor=next_cursor, is_first=not cursor)


async def add(visit: Visit) -> Response:
    """The form for a new user, and its answer."""
    if not visit.is_post:
        return await _form(visit, None, {"name": "", "password": "", "must_change_password": True, "groups": []})
    name = visit.field("name").strip()
    try:
        change = partial(
            operations.create,
            by=visit.by,
            name=name,
            password_hash=await operations.hash_chosen_password(visit.field("password")),
            groups=visit.fields("groups"),
            must_change_password="must_change_password" in visit.form,
        )
        question = _question(f"Let {name} execute what these groups may?", f"{_LIST}/new")
        if asked := await asked_first(visit, question, Concerned(), partial(change, user_id=name)):
            return asked
        await visit.write(change)
    except Invalid as refused:
        return await _form(visit, None, _typed(visit), refused)
    return visit.go(_LIST, f"User {name} added.")


async def edit(visit: Visit) -> Response:
    """The form of a user, and its answer."""
    user = await visit.read(operations.find_named, visit.query("user"))
    if not visit.is_post:
        return await _form(visit, user, await visit.read(_values, user))
    try:
        password = visit.field("password")
        hashed = await operations.hash_chosen_password(password) if password else None
        question = _question(f"Let {user.name} execute more?", f"{_LIST}/edit?user={quote(user.name, safe='')}")
        if asked := await asked_first(visit, question, Concerned(), _change, visit, user.id, hashed):
            return asked
        await visit.write(_change, visit, user.id, hashed)
    except (Invalid, Conflict) as refused:
        return await _form(visit, user, _typed(visit), refused)
    return visit.go(_LIST, f"User {user.name} saved.")


async def enable(visit: Visit) -> Response:
    """Enable a user, after asking."""
    user = await visit.read(operations.find_named, visit.query("user"))
    if visit.is_post:
        return await _switch(visit, user, True)
    change = partial(operations.set_enabled, by=visit.by, user_id=user.id, enabled=True)
    difference, items = await foreseen(visit, Concerned(), change)
    told = ["The user can sign in again, and the user's live tokens work again.", *difference]
    return _ask(visit, user, "Enable", told, items, danger=False)


async def disable(visit: Visit) -> Response:
    """Disable a user, after saying what stops."""
    user = await visit.read(operations.find_named, visit.query("user"))
    if visit.is_post:
        return await _switch(visit, user, False)
    live = counted(await visit.read(live_tokens, user, visit.now), "live token", _MOST_COUNTED)
    sentence = (
        f"All sessions of this user end, and {live} issued for this user do not work until the user is enabled again."
    )
    return _ask(visit, user, "Disable", [sentence])


async def delete(visit: Visit) -> Response:
    """Delete a user, after saying what goes."""
    user = await visit.read(operations.find_named, visit.query("user"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, user.id)
        return visit.go(_LIST, f"User {user.name} deleted.")
    live = counted(await visit.read(live_tokens, user, visit.now), "live token", _MOST_COUNTED)
    sentence = f"Sessions, remembered consents and {live} of this user go, too."
    return _ask(visit, user, "Delete", [sentence, "This cannot be undone."])


def live_tokens(transaction: Transaction, user: User, now: int) -> int:
    """How many live access tokens were issued for the user; counted up to a hundred."""
    return len(tokens.page(transaction, now, limit=_MOST_COUNTED, user_id=user.id))


async def _switch(visit: Visit, user: User, enabled: bool) -> Response:
    await visit.write(operations.set_enabled, visit.by, user.id, enabled)
    return visit.go(_LIST, f"User {user.name} {'enabled' if enabled else 'disabled'}.")


def _question(heading: str, form: str) -> Question:
    return Question("users", [("Users and Groups", ""), ("Users", _LIST)], heading, form, form)


def _ask(
    visit: Visit, user: User, word: str, sentences: list[str], items: Sequence[str] = (), *, danger: bool = True
) -> Response:
    return visit.ask(
        section="users",
        trail=[("Users and Groups", ""), ("Users", _LIST)],
        heading=f"{word} {user.name}?",
        sentences=sentences,
        items=items,
        action=f"{_LIST}/{word.lower()}?user={quote(user.name, safe='')}",
        button=f"{word} user",
        danger=danger,
        cancel=_LIST,
    )


def _change(transaction: Transaction, visit: Visit, user_id: str, hashed: str | None) -> None:
    user = operations.find(transaction, user_id)
    refuse_if_changed(visit.field("revision"), user, users.groups(transaction, user_id))
    operations.set_groups(transaction, visit.by, user_id, visit.fields("groups"))
    once, kept = "must_change_password" in visit.form, hashed or user.password_hash
    if kept and (hashed or once != user.must_change_password):
        operations.set_password(transaction, visit.by, user_id, kept, must_change_password=once)


def _cursor(key: str, user: User) -> str:
    return keyset.cursor(user.created_at, user.name) if key == "created" else keyset.cursor(user.name)


def _rows(transaction: Transaction, order: Order, after: tuple[object, ...], q: str) -> list[dict[str, Any]]:
    found = users.page(transaction, after, PAGE_SIZE + 1, q, order)
    with_factor = factors.having(transaction, [user.id for user in found])
    return [
        {
            "user": user,
            "groups": sorted(users.groups(transaction, user.id)),
            "second_factor": user.id in with_factor,
        }
        for user in found
    ]


def _values(transaction: Transaction, user: User) -> dict[str, Any]:
    groups = users.groups(transaction, user.id)
    return {
        "name": user.name,
        "password": "",
        "must_change_password": user.must_change_password,
        "groups": sorted(groups),
        "revision": revision_of(user, groups),
    }


def _typed(visit: Visit) -> dict[str, Any]:
    return {
        "name": visit.field("name"),
        "password": "",
        "must_change_password": "must_change_password" in visit.form,
        "groups": visit.fields("groups"),
        "revision": visit.field("revision"),
    }


async def _form(
    visit: Visit, user: User | None, values: dict[str, Any], refused: Invalid | Conflict | None = None
) -> Response:
    every = await visit.read(access.all_groups)
    return visit.form_page(
        "people/user_form.html",
        refused,
        user=user,
        values=values,
        groups=[group for group in every if group.name not in EVERYONE],
        live_tokens=await visit.read(live_tokens, user, visit.now) if user else 0,
    )
