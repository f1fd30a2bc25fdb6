"""Search over everything that has a name: clients, scopes, services, users; the reference of a refusal; a pasted token.

The box posts, and so do those of the lists: what is pasted may be a secret, and addresses are kept by histories and logs
(RFC 6750 §5.3). What is none goes into the address, so that a search can be returned to.
"""

from typing import Final
from urllib.parse import quote
from urllib.parse import urlencode

from starlette.responses import Response

from gatewright.console import inspector
from gatewright.console.visit import Visit
from gatewright.kernel.secrets import holds_secret
from gatewright.services.catalogue import Catalogue
from gatewright.store import clients
from gatewright.store import connections
from gatewright.store import refusals
from gatewright.store import scopes
from gatewright.store import users
from gatewright.store.database import Transaction

_MOST: Final = 10
_PAGE: Final = "/console/search"
_LISTS: Final = ("/console/oauth/clients", "/console/oauth/scopes", "/console/oauth/tokens", "/console/users")
"""The lists that have a search of their own, and send it here."""
_KEPT: Final = ("client", "user", "sort")
"""What such a list is narrowed to and sorted by."""

Result = dict[str, str]


async def show(visit: Visit) -> Response:
    """The first of each kind that have the text in their name or id; a reference leads straight to its receipt."""
    if visit.is_post:
        return await _typed(visit)
    q = visit.query("q").strip()
    await visit.parts.refusals.flush()
    receipt = await visit.read(refusals.find, q)
    if receipt is not None:
        return visit.go(f"/console/refusals/receipt?reference={quote(q, safe='')}")
    found = await visit.read(_kept, q) + _services(visit.catalogue, q) if q else []
    return visit.page("search.html", q=q, results=found)


async def _typed(visit: Visit) -> Response:
    """On to the address of what was typed; a token is inspected at once, and never becomes part of an address."""
    q, listed = visit.field("q").strip(), visit.field("list")
    if holds_secret(q):
        return await inspector.inspect(visit, q.removeprefix("Bearer ").strip())
    kept = [(name, visit.field(name)) for name in _KEPT if listed in _LISTS]
    query = urlencode([(name, text) for name, text in (("q", q), *kept) if text])
    page = listed if listed in _LISTS else _PAGE
    return visit.go(f"{page}?{query}" if query else page)


def _kept(transaction: Transaction, q: str) -> list[Result]:
    return [
        *(
            _result("Client", each.label, each.client_id, "/console/oauth/clients/edit?client_id=", each.client_id)
            for each in clients.page(transaction, (), _MOST, q)
        ),
        *_scopes(transaction, q),
        *(
            _result("Connection", each.name, each.description, "/console/connections/edit?name=", each.name)
            for each in connections.all_connections(transaction)
            if q.lower() in f"{each.name} {each.description}".lower()
        ),
        *(
            _result("User", each.name, each.id, "/console/users/edit?user=", each.name)
            for each in users.page(transaction, (), _MOST, q)
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


def _result(kind: str, title: str, detail: str, address: str, key: str) -> Result:
    icon = "code" if kind == "Service" else kind.lower()
    return {"kind": kind, "title": title, "detail": detail, "href": address + quote(key, safe=""), "icon": icon}
