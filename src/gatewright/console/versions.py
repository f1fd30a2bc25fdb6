"""A service's versions: the list, the difference of two, and going back to one."""

from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import service_versions
from gatewright.console.saving import keep
from gatewright.console.text_difference import side_by_side
from gatewright.console.visit import Visit
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.services.catalogue import Service
from gatewright.services.source import digest_of
from gatewright.services.source import read_source
from gatewright.store import service_versions as store

CURRENT: Final = "current"
"""In place of a version's id: the file as it is now."""


async def show_list(visit: Visit) -> Response:
    """Every save, the newest first; before it what the file holds when it was changed past the console."""
    service = find_flow(visit)
    before = visit.query("cursor")
    found = await visit.read(store.page, service.name, before=before, limit=51)
    newest = await visit.read(store.newest, service.name)
    text = read_source(visit.parts.packages_folder, service).text
    return visit.page(
        "packages/versions.html",
        service=service,
        versions=found[:50],
        next_cursor=found[49].id if len(found) > 50 else "",
        is_first=not before,
        on_disk=(newest is None or newest.text != text) and not before,
        newest=newest.id if newest and newest.text == text else "",
    )


async def compare(visit: Visit) -> Response:
    """Two versions side by side; `from` and `to` are ids, or `current`."""
    service = find_flow(visit)
    left, right = await _side(visit, service, visit.query("from")), await _side(visit, service, visit.query("to"))
    rows = side_by_side(left["text"], right["text"])
    return visit.page("packages/compare.html", service=service, left=left, right=right, rows=rows)


async def restore(visit: Visit) -> Response:
    """Ask, then make a former version the newest one again; what is in between stays in the list."""
    service = find_flow(visit)
    version = await visit.read(service_versions.find, service.name, visit.query("version"))
    here = f"/console/services/versions?name={quote(service.name)}"
    current = read_source(visit.parts.packages_folder, service)
    if visit.is_post:
        note = f"Restored: {version.note}" if version.note else "Restored"
        await keep(visit, service, version.text, visit.field("revision"), note)
        return visit.go(f"/console/services?name={quote(service.name)}", "The former version is in force again.")
    return visit.ask(
        section="packages",
        trail=[("Packages", "/console/packages"), (service.name, f"/console/services?name={quote(service.name)}")],
        heading=f"Restore {service.name}?",
        sentences=[
            "The text of that version becomes the newest one, and is in force from the next call on.",
            "What was saved since stays in the list of versions.",
        ],
        action=f"/console/services/restore?name={quote(service.name)}&version={version.id}",
        hidden={"revision": current.digest},
        button="Restore",
        danger=False,
        cancel=here,
    )


async def conflict(visit: Visit) -> Response:
    """What somebody else saved meanwhile beside what is in the editor, and the choice."""
    return show_conflict(visit, find_flow(visit), visit.field("source").replace("\r\n", "\n"), 200)


def show_conflict(visit: Visit, service: Service, text: str, status: int) -> Response:
    """The page of two texts of which only one can be the service's."""
    theirs = read_source(visit.parts.packages_folder, service)
    return visit.page(
        "packages/conflict.html",
        status,
        service=service,
        rows=side_by_side(theirs.text, text),
        left={"title": "Saved by somebody else"},
        right={"title": "Yours, not saved"},
        source=text,
        revision=digest_of(theirs.text),
    )


async def _side(visit: Visit, service: Service, which: str) -> dict[str, Any]:
    if which == CURRENT:
        return {"title": "Now", "text": read_source(visit.parts.packages_folder, service).text, "version": None}
    version = await visit.read(service_versions.find, service.name, which)
    return {"title": version.note or "Version", "text": version.text, "version": version}


def find_flow(visit: Visit) -> Service:
    """The flow that the address names. Raises NotFound; Conflict for a service that is not edited here."""
    service = visit.catalogue.service(visit.query("name"))
    if service is None:
        raise NotFound(f"There is no service {visit.query('name')}.")
    if service.kind != "flow":
        raise Conflict("Only flows are edited here.")
    return service
