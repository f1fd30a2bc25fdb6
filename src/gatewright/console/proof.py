"""Asking a signed-in person for proof of who is there, before something that a passer-by must not do."""

from typing import Final

from starlette.datastructures import FormData
from starlette.responses import Response

from gatewright.console.visit import Visit
from gatewright.identity import sessions
from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.users import verify_password
from gatewright.web.sessions import address_of
from gatewright.web.sessions import here

PASSWORD: Final = "proof_password"
_OURS: Final = (PASSWORD,)


async def ask_for_proof(visit: Visit) -> Response | None:
    """None when the person has given proof within `reauthentication_age`, or gives it with this form.

    Otherwise a page that asks for the password and carries the form on. What was asked is done with the proof at once:
    nothing typed is lost.
    """
    given, sent = visit.field(PASSWORD), PASSWORD in visit.form
    visit.form = FormData([(name, value) for name, value in visit.form.multi_items() if name not in _OURS])
    settings = await visit.parts.directory.settings()
    if visit.now - visit.found.session.authenticated_at <= settings.reauthentication_age:
        return None
    if not sent:
        return _page(visit, "", 403)
    name, address = visit.found.user.user.name, address_of(visit.request)
    try:
        user = await verify_password(visit.parts.database, settings, name, given, address, visit.now)
    except TooManyFailures as error:
        page = _page(visit, str(error), 429)
        page.headers["retry-after"] = str(error.retry_after)
        return page
    if user is None:
        return _page(visit, "This is not your password.", 403)
    await sessions.confirm_session(visit.parts.database, visit.found.session, visit.now)
    return None


def _page(visit: Visit, error: str, status: int) -> Response:
    fields = [(name, value) for name, value in visit.form.multi_items() if name != "csrf" and isinstance(value, str)]
    return visit.page("proof.html", status, action=here(visit.request), fields=fields, error=error)
