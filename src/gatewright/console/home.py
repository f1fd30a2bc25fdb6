"""Home, and the choice of colours."""

import shlex
from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright import __version__
from gatewright.console import health
from gatewright.console.visit import Visit
from gatewright.services.catalogue import Catalogue
from gatewright.store import activity
from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction

_COUNTED: Final = 1000
_LOOKED_AT: Final = 20


async def show(visit: Visit) -> Response:
    """What there is, what needs attention, the way to a first secured call."""
    found = await visit.read(clients.page, (), _COUNTED)
    people = await visit.read(users.page, (), _COUNTED)
    scopes = await visit.parts.directory.scopes()
    live = await visit.read(tokens.page, visit.now, limit=1)
    associated = await visit.read(_any_association, [client.client_id for client in found[:_LOOKED_AT]])
    ever = await visit.read(activity.ever, "grant")
    catalogue, issued = visit.catalogue, await health.issued(visit)
    return visit.page(
        "home.html",
        figures=[
            ("Services", str(sum(each.kind != "builtin" for each in catalogue.services.values())), "/console/packages"),
            ("Clients", _counted(len(found)), "/console/oauth/clients"),
            ("Scopes", str(len(scopes)), "/console/oauth/scopes"),
            ("Users", _counted(len(people)), "/console/users"),
        ],
        steps=_steps(client=bool(found), scope=bool(scopes), association=associated, token=bool(live or ever)),
        problems=[
            *_trouble(visit.parts.database.trouble),
            *_problems(catalogue),
            *_warnings(visit),
            *await health.attention(visit, found),
        ],
        charts=await health.charts(visit),
        issued=issued,
        refused=await health.refused(visit),
        unused=await health.unused(visit),
        server=[
            ("Version", __version__),
            ("Issuer", visit.parts.server.issuer),
            ("Database", "SQLite" if visit.parts.settings.database == "sqlite" else "PostgreSQL"),
            ("Workers", str(visit.parts.settings.workers)),
        ],
        curl=_curl(visit),
    )


async def missing(visit: Visit) -> Response:
    """An address below the console where nothing is."""
    return visit.refused(404, "Not found", "There is no page at this address.", ("Home", "/console/"))


def _counted(number: int) -> str:
    return f"{number:,}" if number < _COUNTED else "1,000+"


def _steps(*, client: bool, scope: bool, association: bool, token: bool) -> list[dict[str, Any]]:
    """The way to a first secured call, until it is walked."""
    if token:
        return []
    return [
        _step(
            "Register a client",
            "The application that calls the services.",
            "/console/oauth/clients/new",
            "Register client",
            client,
        ),
        _step("Add a scope", "It lists what a token may open.", "/console/oauth/scopes/new", "Add scope", scope),
        _step(
            "Associate scopes to clients",
            "Which client may ask for which scope.",
            "/console/oauth/associations",
            "Associate",
            association,
        ),
        _step(
            "Get a token and call a service",
            "Here, in Postman or with curl.",
            "/console/get-token",
            "Get New Access Token",
            token,
        ),
    ]


def _any_association(transaction: Transaction, client_ids: list[str]) -> bool:
    return any(clients.scopes(transaction, client_id) for client_id in client_ids)


def _step(text: str, help_: str, address: str, action: str, done: bool) -> dict[str, Any]:
    return {"text": text, "help": help_, "href": address, "action": action, "done": done}


def _curl(visit: Visit) -> str:
    """A line that gets a token with the example client's secret, while there is one."""
    file = visit.parts.workspace / "data" / "example-client.secret"
    if not file.is_file():
        return ""
    return f'curl -u "example:$(cat {shlex.quote(str(file))})" -d grant_type=client_credentials {visit.parts.server.issuer}/oauth/token'


def _trouble(trouble: str) -> list[dict[str, Any]]:
    """What keeps the store from keeping, if anything."""
    if not trouble:
        return []
    text = f"{trouble[0].upper()}{trouble[1:]}. Requests that need to be kept are refused."
    return [{"text": text, "href": "/console/help", "action": "Help", "urgent": True}]


def _problems(catalogue: Catalogue) -> list[dict[str, Any]]:
    """What does not work, each with the page where it can be mended."""
    by_file = {service.file: service.name for service in catalogue.services.values()}
    return [
        {
            "text": str(problem),
            "href": f"/console/services?name={quote(by_file[problem.file], safe='')}",
            "action": "Open",
            "urgent": True,
        }
        if problem.file in by_file
        else {"text": str(problem), "href": "/console/packages", "action": "Packages", "urgent": True}
        for problem in catalogue.problems()
    ]


def _warnings(visit: Visit) -> list[dict[str, Any]]:
    """OpenAPI documents that do not come, or do not fit what flows call."""
    return [
        {"text": str(each), "href": f"/console/services?name={quote(name, safe='')}", "action": "Open", "urgent": False}
        for name, problems in visit.parts.documents.problems().items()
        for each in problems
    ]
