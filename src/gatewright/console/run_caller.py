"""Whom a run in the console is made for: the administrator, another user, a client, or nobody known."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gatewright.console.visit import Visit
from gatewright.services.caller import ANONYMOUS
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Service
from gatewright.services.coverage import Openings
from gatewright.services.coverage import is_open
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.errors import ServiceError
from gatewright.store import users

KINDS: Final[Mapping[str, str]] = {
    "myself": "Myself",
    "user": "A user",
    "client": "A client",
    "nobody": "Without a token",
}


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The choice, as the form has it, to be shown again."""

    kind: str = "myself"
    name: str = ""
    scopes: str = ""


def chosen(visit: Visit) -> Chosen:
    """What the form says."""
    kind = visit.field("as")
    return Chosen(
        kind=kind if kind in KINDS else "myself", name=visit.field("as_name").strip(), scopes=visit.field("as_scopes")
    )


async def caller_of(visit: Visit, choice: Chosen) -> Caller:
    """The caller that a service meets. Raises ServiceError 400 when there is no such user or client."""
    scopes = tuple(dict.fromkeys(choice.scopes.split()))
    if choice.kind == "nobody":
        return ANONYMOUS
    if choice.kind == "client":
        client = await visit.parts.directory.client(choice.name)
        if client is None:
            raise ServiceError(400, "No such caller", f"There is no client with the ID {choice.name!r}.")
        return Caller(
            kind="client", subject=choice.name, client_id=choice.name, scopes=scopes, groups=client.groups
        )  # fmt: skip
    if choice.kind == "user":
        user = await visit.read(users.find_named, choice.name)
        found = await visit.parts.directory.user(user.id) if user else None
        if found is None:
            raise ServiceError(400, "No such caller", f"There is no user {choice.name!r}.")
        return Caller(
            kind="user", subject=found.user.id, groups=found.groups, username=found.user.name, scopes=scopes
        )  # fmt: skip
    own = visit.found.user
    return Caller(kind="user", subject=own.user.id, groups=own.groups, username=own.user.name)


async def objection(visit: Visit, service: Service, choice: Chosen, caller: Caller) -> str:
    """Why a request of this caller would not come as far as the service; "" when it would, or the administrator runs it."""
    if choice.kind == "myself":
        return ""
    acl = nearest_acl(await visit.parts.directory.acls(), service.name)
    if is_open(acl):
        return ""
    if choice.kind == "nobody":
        return "A request without a token would be refused: 401."
    opening = Openings((await visit.parts.directory.scopes()).values()).scopes_for(service.name)
    if opening.isdisjoint(caller.scopes):
        needed = f"one of {', '.join(sorted(opening))}" if opening else "a scope that opens it, and there is none"
        return f"A token with these scopes would be refused: it needs {needed}."
    if not may_execute(acl, caller):
        return f"The access control list would refuse this caller: it names {', '.join(acl or ()) or 'nobody'}."
    return ""
