"""Associate Scopes to Clients, from both sides."""

from typing import Any
from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import associations as operations
from gatewright.admin.clients import find as find_client
from gatewright.admin.scopes import find as find_scope
from gatewright.console.visit import Visit
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.database import Transaction

_PAGE: Final = "/console/oauth/associations"
_MOST: Final = 200


async def show(visit: Visit) -> Response:
    """Two panes: what is associated, and the rest; and Save Changes."""
    if visit.query("client") or visit.query("side") == "client":
        return await _of_client(visit)
    return await _of_scope(visit)


async def _of_client(visit: Visit) -> Response:
    subjects = [(client.client_id, client.label) for client in await visit.read(clients.page, ("", ""), _MOST)]
    chosen = visit.query("client") or (subjects[0][0] if subjects else "")
    if not chosen:
        return _page(visit, "client", [], "", "", [], [])
    client = await visit.read(find_client, chosen)
    if (chosen, client.label) not in subjects:
        subjects.append((chosen, client.label))
    associated = await visit.read(clients.scopes, chosen)
    if visit.is_post:
        await visit.write(operations.set_client_scopes, visit.by, chosen, _changed(visit, associated))
        return visit.go(
            f"{_PAGE}?client={quote(chosen, safe='')}", f"Scopes of {client.label} saved.", *_next_steps(chosen)
        )
    every = list((await visit.parts.directory.scopes()).values())
    items = [{"value": scope.name, "text": scope.name, "help": scope.description} for scope in every]
    members = [item for item in items if item["value"] in associated]
    others = [item for item in items if item["value"] not in associated]
    return _page(visit, "client", subjects, chosen, client.label, members, others)


async def _of_scope(visit: Visit) -> Response:
    subjects = [(name, name) for name in await visit.parts.directory.scopes()]
    chosen = visit.query("scope") or (subjects[0][0] if subjects else "")
    if not chosen:
        return _page(visit, "scope", [], "", "", [], [])
    await visit.read(find_scope, chosen)
    associated = await visit.read(scopes.clients, chosen)
    if visit.is_post:
        await visit.write(operations.set_scope_clients, visit.by, chosen, _changed(visit, associated))
        return visit.go(
            f"{_PAGE}?scope={quote(chosen, safe='')}", f"Clients of scope {chosen} saved.", *_next_steps("")
        )
    members, others, more = await visit.read(_client_panes, associated, visit.query("q"))
    return _page(visit, "scope", subjects, chosen, chosen, members, others, more)


def _client_panes(
    transaction: Transaction, associated: tuple[str, ...], q: str
) -> tuple[list[dict[str, str]], list[dict[str, str]], bool]:
    found = clients.page(transaction, ("", ""), _MOST + 1, q)
    members = [client for client_id in associated[:_MOST] if (client := clients.find(transaction, client_id))]
    others = [client for client in found[:_MOST] if client.client_id not in associated]
    items = [
        [{"value": client.client_id, "text": client.label, "help": client.client_id} for client in pane]
        for pane in (members, others)
    ]
    return items[0], items[1], len(found) > _MOST


def _changed(visit: Visit, before: tuple[str, ...]) -> list[str]:
    """What is ticked, and what was associated but not on the page."""
    shown, ticked = set(visit.fields("shown")), set(visit.fields("member"))
    return sorted(ticked | {name for name in before if name not in shown})


def _next_steps(client_id: str) -> list[tuple[str, str]]:
    chosen = f"?client_id={quote(client_id, safe='')}" if client_id else ""
    return [("Get New Access Token", f"/console/get-token{chosen}")]


def _page(
    visit: Visit, side: str, subjects: list[tuple[str, str]], subject: str, text: str,
    members: list[dict[str, Any]], others: list[dict[str, Any]], more: bool = False,
) -> Response:  # fmt: skip
    return visit.page(
        "oauth/associations.html",
        side=side,
        subjects=subjects,
        subject=subject,
        subject_text=text,
        members=members,
        others=others,
        others_more=more,
        q=visit.query("q"),
    )
