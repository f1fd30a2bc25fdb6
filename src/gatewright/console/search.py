"""Search over everything that has a name: clients, scopes, services, users; a pasted token; the reference of a refusal."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.console.visit import Visit
from gatewright.kernel.secrets import ACCESS_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.services.catalogue import Catalogue
from gatewright.store import clients
from gatewright.store import connections
from gatewright.store import refusals
from gatewright.store import scopes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction

_MOST: Final = 10

Result = dict[str, str]


async def show(visit: Visit) -> Response:
    """The first of each kind that have the text in their name or id; a reference leads straight to its receipt."""
    q = visit.query("q").strip()
    await visit.parts.refusals.flush()
    receipt = await visit.read(refusals.find, q)
    if receipt is not None:
        return visit.go(f"/console/refusals/receipt?reference={quote(q, safe='')}")
    found = await visit.read(_kept, q) + _services(visit.catalogue, q) if q else []
    return visit.page("search.html", q=q, results=found)


def _kept(transaction: Transaction, q: str) -> list[Result]:
    return [
        *_token(transaction, q),
        *(
            _result("Client", each.label, each.client_id, "/console/oauth/clients/edit?client_id=", each.client_id)
            for each in clients.page(transaction, ("", ""), _MOST, q)
        ),
        *_scopes(transaction, q),
        *(
            _result("Connection", each.name, each.description, "/console/connections/edit?name=", each.name)
            for each in connections.all_connections(transaction)
            if q.lower() in f"{each.name} {each.description}".lower()
        ),
        *(
            _result("User", each.name, each.id, "/console/users/edit?user=", each.name)
            for each in users.page(transaction, "", _MOST, q)
        ),
    ]


def _scopes(transaction: Transaction, q: str) -> list[Result]:
    found = [each for each in scopes.all_scopes(transaction) if q.lower() in f"{each.name} {each.description}".lower()]
    return [
        _result("Scope", each.name, each.description, "/console/oauth/scopes/edit?scope=", each.name)
        for each in found[:_MOST]
    ]


def _services(catalogue: Catalogue, q: str) -> list[Result]:
    found = [each for each in catalogue.services.values() if q.lower() in f"{each.name} {each.title}".lower()]
    return [_result("Service", each.name, each.title, "/console/services?name=", each.name) for each in found[:_MOST]]


def _token(transaction: Transaction, q: str) -> list[Result]:
    token = tokens.find_access_token(transaction, digest(q)) if q.startswith(ACCESS_TOKEN) else None
    if token is None:
        return []
    scope = " ".join(token.scope)
    return [
        _result("Token", f"Token of {token.client_id}", scope, "/console/oauth/tokens?client=", token.client_id),
    ]


def _result(kind: str, title: str, detail: str, address: str, key: str) -> Result:
    icon = "code" if kind == "Service" else kind.lower()
    return {"kind": kind, "title": title, "detail": detail, "href": address + quote(key, safe=""), "icon": icon}
