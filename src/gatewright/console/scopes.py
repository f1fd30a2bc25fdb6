"""Scope Management: the list and the form."""

from collections.abc import Callable
from functools import partial
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import scopes as operations
from gatewright.admin.widening import concerned_by_scope
from gatewright.console.sorting import sorting
from gatewright.console.visit import PAGE_SIZE
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.console.visit import lines
from gatewright.console.widening import Question
from gatewright.console.widening import asked_first
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Invalid
from gatewright.services.reach import Acls
from gatewright.services.reach import openings_of
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.database import Transaction
from gatewright.store.records import Scope

_LIST: Final = "/console/oauth/scopes"
_COLUMNS: Final = {"Name": "name", "Folders and services": "contents", "URL templates": "templates"}
_KEYS: Final[dict[str, Callable[[Scope], Any]]] = {
    "name": lambda scope: scope.name,
    "contents": lambda scope: ((*scope.folders, *scope.services), scope.name),
    "templates": lambda scope: (scope.url_templates, scope.name),
}
_MOST_LABELS: Final = 20
_TRAIL: Final = [("Security", ""), ("OAuth", "/console/oauth"), ("Scope Management", _LIST)]


async def show_list(visit: Visit) -> Response:
    """The scopes by name, or by what they list; they are all remembered, so that any order costs little."""
    q, cursor = visit.query("q"), visit.query("cursor")
    sort = sorting(visit, _COLUMNS, "name", q=q)
    every = (await visit.parts.directory.scopes()).values()
    ordered = sort.rows((scope for scope in every if q.lower() in scope.name.lower()), _KEYS)
    begin = next((at for at, scope in enumerate(ordered, 1) if scope.name == cursor), 0)
    found = ordered[begin:]
    shown = found[:PAGE_SIZE]
    counts = await visit.read(_counts, [scope.name for scope in shown])
    return visit.page(
        "oauth/scopes.html",
        rows=[{"scope": scope, "clients": counts[scope.name]} for scope in shown],
        q=q,
        sort=sort,
        next_cursor=shown[-1].name if len(found) > PAGE_SIZE else "",
        is_first=not cursor,
        any_scopes=bool(every),
    )


async def add(visit: Visit) -> Response:
    """The form for a new scope, and its answer."""
    if not visit.is_post:
        return await _form(visit, None, _values(Scope(name="")))
    try:
        new = operations.read_scope(_read(visit), Scope(name=""))
        saved = await visit.write(operations.create, visit.by, new, visit.catalogue)
    except Invalid as refused:
        return await _form(visit, None, _typed(visit), refused)
    associate = f"/console/oauth/associations?scope={quote(saved.name, safe='')}"
    return visit.go(_LIST, f"Scope {saved.name} added.", ("Associate clients", associate))


async def edit(visit: Visit) -> Response:
    """The form of a scope, and its answer."""
    scope = await visit.read(operations.find, visit.query("scope"))
    if not visit.is_post:
        return await _form(visit, scope, _values(scope))
    revision = visit.field("revision")
    base = msgspec.structs.replace(scope, revision=int(revision) if revision.isdigit() else 0)
    try:
        new = operations.read_scope(_read(visit) | {"name": scope.name}, base)
        concerned = await visit.read(concerned_by_scope, scope.name)
        change = partial(operations.update, by=visit.by, scope=new, catalogue=visit.catalogue)
        if asked := await asked_first(visit, _question(scope.name), concerned, change):
            return asked
        await visit.write(change)
    except (Invalid, Conflict) as refused:
        return await _form(visit, scope, _typed(visit), refused)
    return visit.go(_LIST, f"Scope {scope.name} saved. In force from the next call on.")


async def delete(visit: Visit) -> Response:
    """Delete a scope, after saying whom it serves."""
    scope = await visit.read(operations.find, visit.query("scope"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, scope.name)
        return visit.go(_LIST, f"Scope {scope.name} deleted.")
    labels = await visit.read(_client_labels, scope.name)
    number = await visit.read(scopes.count_clients, scope.name)
    return visit.ask(
        section="scopes",
        trail=_TRAIL,
        heading=f"Delete scope {scope.name}?",
        sentences=[f"{counted(number, 'client')} may ask for it. Tokens that carry it open nothing by it any more."],
        items=labels,
        action=f"{_LIST}/delete?scope={quote(scope.name, safe='')}",
        button="Delete scope",
        cancel=_LIST,
    )


def _question(name: str) -> Question:
    form = f"{_LIST}/edit?scope={quote(name, safe='')}"
    return Question("scopes", _TRAIL, f"Let the scope {name} open more?", form, form)


async def _form(
    visit: Visit, scope: Scope | None, values: dict[str, str], refused: Invalid | Conflict | None = None
) -> Response:
    catalogue = visit.catalogue
    return visit.form_page(
        "oauth/scope_form.html",
        refused,
        scope=scope,
        values=values,
        available={
            "folders": sorted(catalogue.folders),
            "services": sorted(catalogue.services),
            "url_templates": sorted(catalogue.templates.by_text),
        },
        opens=_opens(visit, scope, await visit.parts.directory.acls()) if scope else [],
        clients=await visit.read(scopes.count_clients, scope.name) if scope else 0,
    )


def _opens(visit: Visit, scope: Scope, acls: Acls) -> list[dict[str, Any]]:
    """Each service the scope opens today, with the addresses it opens it at, and whom the ACL admits."""
    found = openings_of([scope], visit.catalogue, acls)
    return [{"service": each.service, "routes": each.addresses, "admitted": each.admitted} for each in found]


def _values(scope: Scope) -> dict[str, str]:
    return {
        "name": scope.name,
        "description": scope.description,
        "folders": "\n".join(scope.folders),
        "services": "\n".join(scope.services),
        "url_templates": "\n".join(scope.url_templates),
        "revision": str(scope.revision),
    }


def _typed(visit: Visit) -> dict[str, str]:
    return {name: visit.field(name) for name in _values(Scope(name=""))}


def _read(visit: Visit) -> dict[str, Any]:
    read: dict[str, Any] = {name: visit.field(name).strip() for name in ("name", "description")}
    return read | {name: lines(visit.field(name)) for name in ("folders", "services", "url_templates")}


def _counts(transaction: Transaction, names: list[str]) -> dict[str, int]:
    return {name: scopes.count_clients(transaction, name) for name in names}


def _client_labels(transaction: Transaction, name: str) -> list[str]:
    """The labels of the first clients that may ask for a scope."""
    first = scopes.first_clients(transaction, name, _MOST_LABELS)
    return sorted(client.label for each in first if (client := clients.find(transaction, each)))
