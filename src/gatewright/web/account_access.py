"""`/account`: the applications that act for a user, what was allowed them for good, and the browsers signed in."""

from collections.abc import Iterable
from typing import Any

from starlette.responses import RedirectResponse
from starlette.responses import Response

from gatewright.identity import own_access
from gatewright.identity import sessions
from gatewright.identity.browser_name import browser_name
from gatewright.kernel.errors import NotFound
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.records import Session
from gatewright.web.account_visit import AccountVisit


async def show(visit: AccountVisit) -> Response:
    """To the first page."""
    return RedirectResponse("/account/access", status_code=303)


async def access(visit: AccountVisit) -> Response:
    """The applications that hold live tokens for the user; ending one's access."""
    if visit.is_post:
        client_id = visit.field("client_id")
        if not await visit.write(own_access.end_access, visit.user, client_id, visit.now):
            raise NotFound("This application has no access any more.")
        label = (await _client(visit, client_id))["label"]
        return visit.go("/account/access", f"{label} has no access any more.")
    found = own_access.by_client(await visit.read(tokens.held_grants, visit.user.id, visit.now))
    rows = [
        {
            "held": each,
            "client": await _client(visit, each.client_id),
            "scopes": await _in_words(visit, each.scope),
        }
        for each in found
    ]
    return visit.page("account/access.html", rows=rows)


async def consents(visit: AccountVisit) -> Response:
    """What the user told us to remember, by client; forgetting it."""
    if visit.is_post:
        if not await visit.write(own_access.forget_consent, visit.user, visit.field("client_id"), visit.now):
            raise NotFound("Nothing is remembered for this application any more.")
        label = (await _client(visit, visit.field("client_id")))["label"]
        return visit.go("/account/consents", f"{label} will ask you again.")
    rows = [
        {
            "client": await _client(visit, consent.client_id),
            "scopes": await _in_words(visit, consent.scope),
            "since": consent.created_at,
        }
        for consent in await visit.read(users.consents, visit.user.id)
    ]
    return visit.page("account/consents.html", rows=rows)


async def show_sessions(visit: AccountVisit) -> Response:
    """The browsers that are signed in; ending one, or all others."""
    if not visit.is_post:
        found = await visit.read(users.sessions, visit.user.id, visit.now)
        return visit.page("account/sessions.html", rows=session_rows(found, visit.found.session))
    if visit.field("session") == "others":
        ended = await sessions.end_other_sessions(visit.parts.database, visit.found, visit.now)
        return visit.go("/account/sessions", f"{ended} other session{'' if ended == 1 else 's'} ended.")
    if not await sessions.end_own_session(visit.parts.database, visit.found, visit.field("session"), visit.now):
        raise NotFound("This session has ended already.")
    return visit.go("/account/sessions", "Session ended.")


def session_rows(found: Iterable[Session], here: Session | None) -> list[dict[str, Any]]:
    """The rows of a list of sessions. here: the one that asks."""
    return [
        {
            "id": sessions.session_id(session),
            "browser": browser_name(session.agent),
            "agent": session.agent,
            "address": session.address,
            "method": session.method,
            "started_at": session.started_at,
            "seen_at": session.seen_at,
            "is_here": here is not None and session.digest == here.digest,
        }
        for session in found
    ]


async def _client(visit: AccountVisit, client_id: str) -> dict[str, str]:
    found = await visit.parts.directory.client(client_id)
    if found is None:
        return {"id": client_id, "label": client_id, "description": ""}
    return {"id": client_id, "label": found.client.label, "description": found.client.description}


async def _in_words(visit: AccountVisit, names: Iterable[str]) -> list[dict[str, str]]:
    """Scopes with their descriptions; one that was deleted opens nothing and is left out."""
    known = await visit.parts.directory.scopes()
    return [{"name": name, "description": known[name].description} for name in names if name in known]
