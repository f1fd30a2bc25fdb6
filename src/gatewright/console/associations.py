"""Associate Scopes to Clients, from both sides."""

from collections.abc import Iterable
from typing import Any
from typing import Final
from typing import Literal
from urllib.parse import quote

import msgspec
from starlette.responses import Response

from gatewright.admin import associations as operations
from gatewright.admin.clients import find as find_client
from gatewright.admin.scopes import find as find_scope
from gatewright.admin.widening import Concerned
from gatewright.console.visit import Visit
from gatewright.console.visit import changed_members
from gatewright.console.visit import counted
from gatewright.console.widening import Question
from gatewright.console.widening import asked_first
from gatewright.store import clients
from gatewright.store import scopes
from gatewright.store.database import Transaction
from gatewright.store.records import Client

_PAGE: Final = "/console/oauth/associations"
_MOST: Final = 200

Item = dict[str, Any]


class _Panes(msgspec.Struct, kw_only=True):
    """What is associated with the subject, and the rest. subjects: (key, text) of all that can be chosen."""

    side: Literal["scope", "client"]
    subjects: list[tuple[str, str]]
    subject: str = ""
    subject_text: str = ""
    members: list[Item] = []
    others: list[Item] = []
    others_more: bool = False


async def show(visit: Visit) -> Response:
    """Two panes: what is associated, and the rest; and Save Changes."""
    of_client = bool(visit.query("client") or visit.query("side") == "client")
    if visit.is_post:
        return await (_save_client if of_client else _save_scope)(visit)
    panes = await visit.read(_of_client if of_client else _of_scope, visit)
    return visit.page("oauth/associations.html", q=visit.query("q"), **msgspec.structs.asdict(panes))


async def _save_client(visit: Visit) -> Response:
    client = await visit.read(find_client, visit.query("client"))
    question = _question(visit, f"Let {client.label} call more?")
    if asked := await asked_first(visit, question, Concerned((client.client_id,)), _change_client, visit):
        return asked
    label, after = await visit.write(_change_client, visit)
    chosen = quote(visit.query("client"), safe="")
    return visit.go(
        f"{_PAGE}?client={chosen}",
        f"Saved. {label} may ask for {counted(len(after), 'scope')}. In force from the next request on.",
        ("Get New Access Token", f"/console/get-token?client_id={chosen}"),
    )


async def _save_scope(visit: Visit) -> Response:
    name = visit.query("scope")
    concerned = sorted({*visit.fields("member")} ^ {*visit.fields("was")})
    question = _question(visit, f"Let more clients ask for {name}?")
    if asked := await asked_first(visit, question, Concerned(concerned), _change_scope, visit):
        return asked
    after = await visit.write(_change_scope, visit)
    return visit.go(
        f"{_PAGE}?scope={quote(name, safe='')}",
        f"Saved. {counted(len(after), 'client')} may ask for {name}. In force from the next request on.",
        ("Get New Access Token", "/console/get-token"),
    )


def _question(visit: Visit, heading: str) -> Question:
    side = "client" if visit.query("client") else "scope"
    page = f"{_PAGE}?{side}={quote(visit.query(side), safe='')}"
    return Question("clients" if side == "client" else "scopes", [("OAuth", "/console/oauth")], heading, page, page)


def _change_client(transaction: Transaction, visit: Visit) -> tuple[str, list[str]]:
    client = find_client(transaction, visit.query("client"))
    after = changed_members(visit, clients.scopes(transaction, client.client_id))
    operations.set_client_scopes(transaction, visit.by, client.client_id, after)
    return client.label, after


def _change_scope(transaction: Transaction, visit: Visit) -> list[str]:
    scope = find_scope(transaction, visit.query("scope"))
    after = changed_members(visit, scopes.clients(transaction, scope.name))
    operations.set_scope_clients(transaction, visit.by, scope.name, after)
    return after


def _of_client(transaction: Transaction, visit: Visit) -> _Panes:
    subjects = [(client.client_id, client.label) for client in clients.page(transaction, (), _MOST)]
    chosen = visit.query("client") or (subjects[0][0] if subjects else "")
    if not chosen:
        return _Panes(side="client", subjects=[])
    client = find_client(transaction, chosen)
    if (chosen, client.label) not in subjects:
        subjects.append((chosen, client.label))
    associated = clients.scopes(transaction, chosen)
    items = [
        {"value": scope.name, "text": scope.name, "help": scope.description, "was": scope.name in associated}
        for scope in scopes.all_scopes(transaction)
    ]
    return _Panes(
        side="client",
        subjects=subjects,
        subject=chosen,
        subject_text=client.label,
        members=[item for item in items if item["was"]],
        others=[item for item in items if not item["was"]],
    )


def _of_scope(transaction: Transaction, visit: Visit) -> _Panes:
    subjects = [(scope.name, scope.name) for scope in scopes.all_scopes(transaction)]
    chosen = visit.query("scope") or (subjects[0][0] if subjects else "")
    if not chosen:
        return _Panes(side="scope", subjects=[])
    find_scope(transaction, chosen)
    associated = scopes.clients(transaction, chosen)
    members = [client for each in associated[:_MOST] if (client := clients.find(transaction, each))]
    found = clients.page(transaction, (), _MOST + 1, visit.query("q"))
    return _Panes(
        side="scope",
        subjects=subjects,
        subject=chosen,
        subject_text=chosen,
        members=_items(members, was=True),
        others=_items((client for client in found[:_MOST] if client.client_id not in associated), was=False),
        others_more=len(found) > _MOST,
    )


def _items(found: Iterable[Client], *, was: bool) -> list[Item]:
    return [{"value": each.client_id, "text": each.label, "help": each.client_id, "was": was} for each in found]
