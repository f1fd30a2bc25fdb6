"""Home, search, and the choice of colours."""

from typing import Any
from typing import Final

from starlette.responses import Response

from gatewright import __version__
from gatewright.console.visit import THEME_COOKIE
from gatewright.console.visit import Visit
from gatewright.identity import sessions
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.store import clients
from gatewright.store import tokens
from gatewright.store import users

_COUNTED: Final = 1000
_MOST_RESULTS: Final = 10
_YEAR: Final = 31_536_000


async def show(visit: Visit) -> Response:
    """What there is, what needs attention, the way to a first secured call."""
    found = await visit.read(clients.page, ("", ""), _COUNTED)
    people = await visit.read(users.page, "", _COUNTED)
    scopes = await visit.parts.directory.scopes()
    live = await visit.read(tokens.page, visit.now, limit=1)
    catalogue = visit.catalogue
    return visit.page(
        "home.html",
        figures=[
            ("Services", str(len(catalogue.services)), "/console/packages"),
            ("Clients", _counted(len(found)), "/console/oauth/clients"),
            ("Scopes", str(len(scopes)), "/console/oauth/scopes"),
            ("Users", _counted(len(people)), "/console/users"),
        ],
        steps=_steps(bool(found), bool(scopes), any(catalogue.services), bool(live)),
        problems=[
            {"text": str(problem), "href": "/console/packages", "action": "Packages"}
            for problem in catalogue.problems()
        ],
        server=[
            ("Version", __version__),
            ("Issuer", visit.parts.server.issuer),
            ("Database", "SQLite" if visit.parts.settings.database == "sqlite" else "PostgreSQL"),
            ("Workers", str(visit.parts.settings.workers)),
        ],
        curl=_curl(visit),
    )


async def search(visit: Visit) -> Response:
    """Clients, scopes, services and users by a part of their name or id; a token when it is pasted."""
    q = visit.query("q").strip()
    return visit.page("search.html", q=q, results=await _results(visit, q) if q else [])


async def theme(visit: Visit) -> Response:
    """Remember the colours somebody chose."""
    response = visit.go("/console/")
    secure = visit.request.url.scheme == "https"
    response.set_cookie(
        THEME_COOKIE, visit.field("theme"), max_age=_YEAR, path="/console", samesite="lax", secure=secure
    )
    return response


async def sign_out(visit: Visit) -> Response:
    """End the session."""
    await sessions.end_session(visit.parts.database, visit.found.session)
    return visit.go("/account/login")


def _counted(number: int) -> str:
    return f"{number:,}" if number < _COUNTED else "1,000+"


def _steps(has_clients: bool, has_scopes: bool, has_services: bool, has_tokens: bool) -> list[dict[str, Any]]:
    steps = [
        (
            "Look at the services",
            "Flows and Python functions, with their addresses.",
            "/console/packages",
            "Packages",
            has_services,
        ),
        (
            "Register a client",
            "The application that calls them.",
            "/console/oauth/clients/new",
            "Register client",
            has_clients,
        ),
        ("Add a scope", "It lists what a token may open.", "/console/oauth/scopes/new", "Add scope", has_scopes),
        (
            "Associate scopes to clients",
            "Which client may ask for which scope.",
            "/console/oauth/associations",
            "Associate",
            has_scopes,
        ),
        (
            "Get a token and call a service",
            "Here, in Postman or with curl.",
            "/console/get-token",
            "Get New Access Token",
            has_tokens,
        ),
    ]
    if has_tokens:
        return []
    return [
        {"text": text, "help": help_, "href": href, "action": action, "done": done}
        for text, help_, href, action, done in steps
    ]


def _curl(visit: Visit) -> str:
    """A line that gets a token with the example client's secret, while there is one."""
    file = visit.parts.workspace / "data" / "example-client.secret"
    if not file.is_file():
        return ""
    return f'curl -u "example:$(cat {file})" -d grant_type=client_credentials {visit.parts.server.issuer}/oauth/token'


async def _results(visit: Visit, q: str) -> list[dict[str, str]]:
    lower = q.lower()
    found = await visit.read(clients.page, ("", ""), _MOST_RESULTS, q)
    results = [
        _result(
            "Client", each.label, each.client_id, f"/console/oauth/clients/edit?client_id={each.client_id}", "client"
        )
        for each in found
    ]
    scopes = [each for each in (await visit.parts.directory.scopes()).values() if lower in each.name.lower()]
    results += [
        _result("Scope", each.name, each.description, f"/console/oauth/scopes/edit?scope={each.name}", "scope")
        for each in scopes[:_MOST_RESULTS]
    ]
    services = [each for name, each in visit.catalogue.services.items() if lower in f"{name} {each.title}".lower()]
    results += [
        _result(
            "Service",
            each.name,
            each.title,
            f"/console/services?name={each.name}",
            "flow" if each.kind == "flow" else "code",
        )
        for each in services[:_MOST_RESULTS]
    ]
    people = await visit.read(users.page, "", _MOST_RESULTS, q)
    results += [_result("User", each.name, each.id, f"/console/users/edit?user={each.name}", "user") for each in people]
    return results + await _token(visit, q)


async def _token(visit: Visit, q: str) -> list[dict[str, str]]:
    if not q.startswith(ACCESS_TOKEN):
        return []
    token = await visit.read(tokens.find_access_token, digest(q))
    if token is None:
        return []
    return [
        _result(
            "Token",
            f"Token of {token.client_id}",
            " ".join(token.scope),
            f"/console/oauth/tokens?client={token.client_id}",
            "token",
        )
    ]


def _result(kind: str, title: str, detail: str, href: str, drawing: str) -> dict[str, str]:
    return {"kind": kind, "title": title, "detail": detail, "href": href, "icon": drawing}
