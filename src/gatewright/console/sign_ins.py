"""A user's sign-ins: the sessions, second factors and applications that act for the user, each to be ended."""

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

from gatewright.admin import sign_ins as operations
from gatewright.admin.users import find_named
from gatewright.console.visit import Visit
from gatewright.console.visit import counted
from gatewright.identity import own_access
from gatewright.identity import second_factor
from gatewright.identity.browser_name import browser_name
from gatewright.identity.sessions import session_id
from gatewright.kernel.errors import NotFound
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.records import User

_USERS: Final = "/console/users"


async def show(visit: Visit) -> Response:
    """The user's sessions, factors and applications."""
    user = await visit.read(find_named, visit.query("user"))
    sessions = await visit.read(users.sessions, user.id, visit.now)
    held = own_access.by_client(await visit.read(tokens.held_grants, user.id, visit.now))
    return visit.page(
        "people/sign_ins.html",
        user=user,
        factors=await visit.read(second_factor.of_user, user.id),
        sessions=[
            {
                "id": session_id(each),
                "session": each,
                "browser": browser_name(each.agent),
                "is_here": each.digest == visit.found.session.digest,
            }
            for each in sessions
        ],
        held=[{"held": each, "label": await _label(visit, each.client_id)} for each in held],
        consents=[
            {"consent": each, "label": await _label(visit, each.client_id)}
            for each in await visit.read(users.consents, user.id)
        ],
    )


async def end(visit: Visit) -> Response:
    """End one session of the user, or all."""
    user, wanted = await visit.read(find_named, visit.query("user")), visit.field("session")
    if wanted == "all":
        ended = await visit.write(operations.end_sessions, visit.by, user.id)
        return visit.go(_page_of(user), f"{counted(ended, 'session')} of {user.name} ended.")
    await visit.write(operations.end_session, visit.by, user.id, _digest(wanted))
    return visit.go(_page_of(user), f"Session of {user.name} ended.")


async def end_access(visit: Visit) -> Response:
    """End what one application may do for the user."""
    user, client_id = await visit.read(find_named, visit.query("user")), visit.field("client_id")
    if not await visit.write(operations.end_access, visit.by, user.id, client_id):
        raise NotFound("This application has no access any more.")
    return visit.go(_page_of(user), f"{await _label(visit, client_id)} does not act for {user.name} any more.")


async def reset(visit: Visit) -> Response:
    """Remove the user's second factors, after asking."""
    user = await visit.read(find_named, visit.query("user"))
    if visit.is_post:
        if not await visit.write(operations.reset_factors, visit.by, user.id):
            raise NotFound(f"{user.name} has no second factor.")
        return visit.go(_page_of(user), f"Second factors of {user.name} removed.")
    return visit.ask(
        section="users",
        trail=[("Users and Groups", ""), ("Users", _USERS), (user.name, _page_of(user))],
        heading=f"Remove the second factors of {user.name}?",
        sentences=[
            "Passkeys, authenticator app and recovery codes go, and all sessions end.",
            "The password alone is enough then. Make sure that it is really this person who asks, and give a new one.",
        ],
        action=f"{_USERS}/factors/reset?user={quote(user.name, safe='')}",
        button="Remove second factors",
        cancel=_page_of(user),
    )


def _page_of(user: User) -> str:
    return f"{_USERS}/sign-ins?user={quote(user.name, safe='')}"


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


async def _label(visit: Visit, client_id: str) -> str:
    found = await visit.parts.directory.client(client_id)
    return found.client.label if found else client_id
