"""What opens what: the services that a client, a user or a token can call today, and who can call a service."""

from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin.clients import find as find_client
from gatewright.admin.users import find_named
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.kernel.errors import NotFound
from gatewright.oauth.access_token import ActiveToken
from gatewright.oauth.access_token import find_kept
from gatewright.oauth.resource import path_of
from gatewright.services import resource
from gatewright.services.reach import Opening
from gatewright.services.reach import admits
from gatewright.services.reach import opening_of
from gatewright.services.reach import openings_of
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Transaction
from gatewright.store.records import Scope

_MOST: Final = 50
_MOST_CLIENTS: Final = 10

Fact = tuple[str, list[str], str]
"""A name, the names it stands for, and the address that each of them ends."""


async def show(visit: Visit) -> Response:
    """The page of whatever the address names."""
    for name, page in (("client", _client), ("user", _user), ("token", _token), ("service", _service)):
        if subject := visit.query(name):
            return await page(visit, subject)
    raise NotFound("Name a client, a user, a token or a service.")


async def _client(visit: Visit, client_id: str) -> Response:
    client = await visit.read(find_client, client_id)
    names = await visit.read(clients.scopes, client_id)
    groups = await visit.read(clients.groups, client_id)
    found = await _openings(visit, names)
    return _opened(
        visit,
        found,
        groups,
        section="clients",
        trail=[
            ("Client Registration", "/console/oauth/clients"),
            (client.label, _edit("clients", "client_id", client_id)),
        ],
        lead=f"What tokens of {client.label} can open, by the scopes that are associated with it.",
        whose="The client itself",
        facts=[
            ("Scopes", list(names), "/console/oauth/scopes/edit?scope="),
            ("Whole folders", _folders(await _scopes(visit, names)), ""),
            ("The client's groups", sorted(groups), "/console/groups/edit?group="),
        ],
    )


async def _user(visit: Visit, name: str) -> Response:
    user = await visit.read(find_named, name)
    groups = await visit.read(users.groups, user.id)
    every = (await visit.parts.directory.scopes()).values()
    found = openings_of(every, visit.catalogue, await visit.parts.directory.acls())
    return _opened(
        visit,
        [each for each in found if admits(each.admitted, groups)],
        groups,
        section="users",
        trail=[("Users", "/console/users"), (name, f"/console/users/edit?user={quote(name, safe='')}")],
        lead=f"What {name} may execute, through a client that may ask for one of the scopes.",
        whose=name,
        facts=[(f"Groups of {name}", sorted(groups), "/console/groups/edit?group=")],
    )


async def _token(visit: Visit, token_id: str) -> Response:
    token = await visit.read(tokens.find_access_token_by_id, token_id)
    if token is None:
        raise NotFound("This token is gone.")
    active = await find_kept(token.digest, visit.parts.server)
    names = active.scope if isinstance(active, ActiveToken) else ()
    groups = frozenset[str]()
    if isinstance(active, ActiveToken):
        groups = active.owner.groups if active.owner else active.principal.groups
    found = await _openings(visit, names)
    if token.resource:
        found = [each for each in (_within(each, token.resource, visit) for each in found) if each is not None]
    return _opened(
        visit,
        found,
        groups,
        section="tokens",
        trail=[("Tokens", f"/console/oauth/tokens?client={quote(token.client_id, safe='')}")],
        lead="What this token opens now."
        if isinstance(active, ActiveToken)
        else f"This token opens nothing: {active}.",
        whose="Its owner",
        facts=[
            ("Scopes that count", list(names), "/console/oauth/scopes/edit?scope="),
            ("Scopes it was issued with", list(token.scope), "/console/oauth/scopes/edit?scope="),
            ("Only for", list(token.resource), ""),
            ("Groups of its owner", sorted(groups), "/console/groups/edit?group="),
        ],
    )


async def _service(visit: Visit, name: str) -> Response:
    if not visit.catalogue.has_service(name):
        raise NotFound(f"There is no service {name}.")
    every = await visit.parts.directory.scopes()
    found = opening_of(name, every.values(), visit.catalogue, await visit.parts.directory.acls())
    return visit.page(
        "explain/callers.html",
        service=name,
        opening=found,
        scopes=await visit.read(_clients_of, found.scopes),
        more_scopes=max(0, len(found.scopes) - _MOST),
        members=await visit.read(_members_of, found.groups),
    )


def _opened(
    visit: Visit, found: list[Opening], groups: frozenset[str], *, facts: list[Fact], **context: Any
) -> Response:
    return visit.page(
        "explain/reach.html",
        openings=[{"opening": each, "admits": admits(each.admitted, groups)} for each in found],
        facts=[fact for fact in facts if fact[1]],
        summary=counted(len(found), "service"),
        **context,
    )


async def _openings(visit: Visit, names: tuple[str, ...]) -> list[Opening]:
    return openings_of(await _scopes(visit, names), visit.catalogue, await visit.parts.directory.acls())


async def _scopes(visit: Visit, names: tuple[str, ...]) -> list[Scope]:
    every = await visit.parts.directory.scopes()
    return [every[name] for name in names if name in every]


def _within(opening: Opening, resources: tuple[str, ...], visit: Visit) -> Opening | None:
    """What of an opening lies within the resources that a token is for (RFC 8707)."""
    paths = (path_of(each, visit.parts.server.issuer) for each in resources)
    places = [found for path in paths if path is not None and (found := resource.place(path.encode())) is not None]
    by_text = visit.catalogue.templates.by_text
    kept = tuple(
        address
        for address in opening.addresses
        if (
            any(resource.begins_with(by_text[address], place) for place in places)
            if address in by_text
            else resource.covers(places, resource.place(address.encode()))
        )
    )
    return msgspec.structs.replace(opening, addresses=kept) if kept else None


def _folders(found: list[Scope]) -> list[str]:
    return sorted({folder for scope in found for folder in scope.folders})


def _clients_of(transaction: Transaction, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """The first scopes, each with its first clients."""
    rows = []
    for name in names[:_MOST]:
        ids = scopes.first_clients(transaction, name, _MOST_CLIENTS)
        found = [client for each in ids if (client := clients.find(transaction, each))]
        rows.append({"name": name, "clients": found, "more": scopes.count_clients(transaction, name) - len(ids)})
    return rows


def _members_of(transaction: Transaction, groups: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for group in groups:
        members = access.members(transaction, group)
        shown = [_named(transaction, kind, member) for kind, member in members[:_MOST]]
        rows.append({"name": group, "members": [each for each in shown if each], "more": max(0, len(members) - _MOST)})
    return rows


def _named(transaction: Transaction, kind: str, member: str) -> tuple[str, str] | None:
    if kind == "user":
        user = users.find(transaction, member)
        return (user.name, f"/console/users/edit?user={quote(user.name, safe='')}") if user else None
    client = clients.find(transaction, member)
    return (client.label, _edit("clients", "client_id", member)) if client else None


def _edit(what: str, key: str, value: str) -> str:
    return f"/console/oauth/{what}/edit?{key}={quote(value, safe='')}"
