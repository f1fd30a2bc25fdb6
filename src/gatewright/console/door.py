"""The console's door: who may open a page, and who may do what it does."""

from collections.abc import Awaitable
from collections.abc import Callable

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.responses import Response

from gatewright.admin.roles import GROUP
from gatewright.admin.roles import Need
from gatewright.admin.roles import need
from gatewright.admin.roles import roles
from gatewright.app.parts import Parts
from gatewright.console.proof import ask_for_proof
from gatewright.console.visit import MOST_FORM_BYTES
from gatewright.console.visit import Page
from gatewright.console.visit import Visit
from gatewright.console.visit import answer
from gatewright.web.forms import read_form
from gatewright.web.sessions import first_step
from gatewright.web.sessions import signed_in
from gatewright.web.sessions import to_login

Endpoint = Callable[[Request], Awaitable[Response]]


def door(page: Page, parts: Parts, operation: str, *, viewed: bool = False) -> Endpoint:
    """An endpoint for those whose role lets them do the operation (`admin.roles`); it checks a form's CSRF token.

    viewed: others of the console may look at the page, with every field off.
    """
    needed = need(operation)

    async def endpoint(request: Request) -> Response:
        found = await signed_in(request, parts)
        if found is None:
            return _signed_out(request)
        if first := first_step(request, found):
            return first
        form = await read_form(request, MOST_FORM_BYTES, files=True) if request.method == "POST" else FormData()
        visit = Visit(request, parts, found, form)
        return _refusal(visit, needed, viewed=viewed) or await answer(_proven(page, needed), visit)

    return endpoint


def _refusal(visit: Visit, needed: Need, *, viewed: bool) -> Response | None:
    """Why the person may not come in; None when he or she may, perhaps only to look."""
    has, name = roles(visit.found.user.groups), visit.found.user.user.name
    if not has:
        sentence = f"The console is for members of the groups {_list_of_groups()}. Ask an administrator to add {name}."
        return visit.refused(403, "Not for this account", sentence, ("Your account", "/account"))
    if needed.role in has:
        return None
    visit.missing = GROUP[needed.role]
    if viewed and not visit.is_post:
        return None
    sentence = f"This takes a member of the group {visit.missing}. Ask an administrator to add {name}, or to do it."
    visit.missing = ""
    return visit.refused(403, "Not for your role", sentence)


def _list_of_groups() -> str:
    *names, last = list(GROUP.values())[::-1]
    return f"{', '.join(names)} and {last}"


def _proven(page: Page, needed: Need) -> Page:
    """The page; before it does what needs that, it asks for proof of who is there."""
    if not needed.fresh:
        return page

    async def asking(visit: Visit) -> Response:
        return (await ask_for_proof(visit) if visit.is_post else None) or await page(visit)

    return asking


def _signed_out(request: Request) -> Response:
    """To the login page; what a script asked for on a page that stays says so there."""
    if "hx-request" not in request.headers:
        return to_login(request)
    return PlainTextResponse("You are signed out. Copy what you typed, sign in again and repeat the change.", 401)
