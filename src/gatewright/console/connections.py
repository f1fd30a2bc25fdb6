"""Connections: the list, the form of each kind, trying one out, deleting it."""

from collections.abc import Callable
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import connections as operations
from gatewright.admin.connections import KINDS
from gatewright.admin.connections import NEW
from gatewright.admin.connections import OF_KIND
from gatewright.admin.connections import read_connection
from gatewright.console.sorting import sorting
from gatewright.console.visit import Visit
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import Invalid
from gatewright.services.connections import HTTP
from gatewright.services.connections import Secrets
from gatewright.store import connections
from gatewright.store.connections import Connection

_LIST: Final = "/console/connections"
_TRAIL: Final = [("Packages", "/console/packages"), ("Connections", _LIST)]
_COLUMNS: Final = {"Name": "name", "Kind": "kind", "Used by": "-uses"}
_KEYS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    "name": lambda row: row["connection"].name,
    "kind": lambda row: (KINDS[row["connection"].kind], row["connection"].name),
    "uses": lambda row: (row["uses"], row["connection"].name),
}
_LISTS: Final = ("hosts", "packages", "scopes")
_ABOUT: Final = {
    "client_credentials": "An API that takes tokens of its own OAuth server, which knows this server as a client",
    "refresh_token": "An API that somebody gave lasting access to, by a refresh token",
    "basic": "An API that takes a user name and a password",
    "bearer": "An API that takes one fixed token",
    "api_key": "An API that takes a key in a header or in the query",
    "sql": "A PostgreSQL database or a SQLite file, for pub.sql",
    "smtp": "A mail server, for pub.mail",
}


async def show_list(visit: Visit) -> Response:
    """The connections by name, each with how many services name it."""
    found = await visit.read(connections.all_connections)
    rows = [{"connection": each, "uses": len(operations.uses(visit.catalogue, each.name))} for each in found]
    sort = sorting(visit, _COLUMNS, "name")
    return visit.page("packages/connections.html", rows=sort.rows(rows, _KEYS), kinds=KINDS, sort=sort)


async def add(visit: Visit) -> Response:
    """First the kind, then its form, and the form's answer."""
    kind = visit.field("kind") or visit.query("kind")
    if kind not in KINDS:
        kinds = [(name, text, _ABOUT[name]) for name, text in KINDS.items()]
        return visit.page("packages/connection_kinds.html", kinds=kinds)
    blank = msgspec.structs.replace(NEW, kind=kind)
    if not visit.is_post:
        return _form(visit, None, values_of(blank))
    try:
        new = read_connection(_read(visit, blank), blank)
        saved = await visit.write(operations.create, visit.by, new, _secrets(visit))
    except Invalid as refused:
        return _form(visit, None, _typed(visit, blank), refused)
    return visit.go(_LIST, f"{saved.name} made. Flows use it by its name.", ("Use it in a flow", "/console/packages"))


async def edit(visit: Visit) -> Response:
    """The form of one, and its answer. An empty secret leaves the kept one as it is."""
    kept = await visit.read(operations.find, visit.query("name"))
    if not visit.is_post:
        return _form(visit, kept, values_of(kept))
    revision = visit.field("revision")
    base = msgspec.structs.replace(kept, revision=int(revision) if revision.isdigit() else 0)
    try:
        changed = read_connection(_read(visit, kept) | {"name": kept.name}, base)
        await visit.write(operations.update, visit.by, changed, _secrets(visit))
    except (Invalid, Conflict) as refused:
        return _form(visit, kept, _typed(visit, kept), refused)
    return visit.go(_LIST, f"{kept.name} saved. In force from the next call on.")


async def try_out(visit: Visit) -> Response:
    """Use one once, and say what came of it."""
    kept = await visit.read(operations.find, visit.query("name"))
    try:
        sentence = await visit.parts.way_out.try_out(kept)
    except GatewrightError as error:
        address = f"{_LIST}/edit?name={quote(kept.name, safe='')}"
        return visit.refused(422, f"{kept.name} does not work", str(error), ("Edit", address), ("Connections", _LIST))
    return visit.go(_LIST, f"{kept.name}: {sentence}")


async def delete(visit: Visit) -> Response:
    """Delete one, after saying what breaks."""
    kept = await visit.read(operations.find, visit.query("name"))
    if visit.is_post:
        await visit.write(operations.delete, visit.by, kept.name)
        return visit.go(_LIST, f"{kept.name} deleted.")
    used = operations.uses(visit.catalogue, kept.name)
    named = {0: "No service names it.", 1: "One service names it; its calls fail from the next on:"}
    return visit.ask(
        section="connections",
        trail=_TRAIL,
        heading=f"Delete {kept.name}?",
        sentences=[
            "Its credentials are removed. This cannot be undone.",
            named.get(len(used), f"{len(used)} services name it; their calls fail from the next on:"),
        ],
        items=used,
        action=f"{_LIST}/delete?name={quote(kept.name, safe='')}",
        button="Delete connection",
        cancel=_LIST,
    )


def _form(
    visit: Visit, kept: Connection | None, values: dict[str, str], refused: Invalid | Conflict | None = None
) -> Response:
    kind = values["kind"]
    return visit.form_page(
        "packages/connection_form.html",
        refused,
        connection=kept,
        values=values,
        kind=KINDS[kind],
        shown=frozenset((*OF_KIND[kind], *(("hosts", "test_address") if kind in HTTP else ()))),
        uses=operations.uses(visit.catalogue, kept.name) if kept else [],
        packages=sorted(name for name in visit.catalogue.packages if name),
    )


def values_of(connection: Connection) -> dict[str, str]:
    """The form of a connection, without its secrets."""
    found = {name: getattr(connection, name) for name in operations.FIELDS}
    texts = {name: " ".join(value) if isinstance(value, tuple) else value for name, value in found.items()}
    return texts | {"secret": "", "refresh_token": "", "revision": str(connection.revision)}


def _typed(visit: Visit, base: Connection) -> dict[str, str]:
    """The form as it was sent, without the secrets."""
    sent = {name: visit.field(name) for name in visit.form if name in operations.FIELDS}
    revision = {"revision": visit.field("revision")}
    return values_of(base) | sent | revision | {"kind": base.kind}


def _read(visit: Visit, base: Connection) -> dict[str, Any]:
    """What the form means."""
    sent = {name: visit.field(name).strip() for name in visit.form if name in operations.FIELDS}
    return {name: text.split() if name in _LISTS else text for name, text in sent.items()} | {"kind": base.kind}


def _secrets(visit: Visit) -> Secrets:
    return Secrets(visit.field("secret"), visit.field("refresh_token").strip())
