"""Asking a signed-in person for proof of who is there, before something that a passer-by must not do."""

from typing import Final

from starlette.datastructures import FormData
from starlette.responses import Response

from gatewright.console.visit import Visit
from gatewright.identity import second_factor
from gatewright.identity import sessions
from gatewright.identity.passkeys import PasskeyRefused
from gatewright.identity.passkeys import passkey_asked
from gatewright.identity.sessions import session_id
from gatewright.identity.throttle import TooManyFailures
from gatewright.identity.users import verify_password
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.settings import GlobalSettings
from gatewright.web.sessions import address_of
from gatewright.web.sessions import here

PASSWORD: Final = "proof_password"
PASSKEY: Final = "proof_passkey"
_OURS: Final = (PASSWORD, PASSKEY)


async def ask_for_proof(visit: Visit, *, always: bool = False) -> Response | None:
    """None when the person has given proof within `reauthentication_age`, or gives it with this form.

    always: however lately it was.
    Otherwise a page that asks for the password, or a passkey, and carries the form on. What was asked is done with the proof at once:
    nothing typed is lost.
    """
    password, passkey, sent = visit.field(PASSWORD), visit.field(PASSKEY), PASSWORD in visit.form
    visit.form = FormData([(name, value) for name, value in visit.form.multi_items() if name not in _OURS])
    settings = await visit.parts.directory.settings()
    if not always and visit.now - visit.found.session.authenticated_at <= settings.reauthentication_age:
        return None
    if not sent:
        return await _page(visit, "", 403 if visit.is_post else 200)
    try:
        await (_by_passkey(visit, passkey) if passkey else _by_password(visit, password, settings))
    except TooManyFailures as error:
        page = await _page(visit, str(error), 429)
        page.headers["retry-after"] = str(error.retry_after)
        return page
    except NotProven as error:
        return await _page(visit, str(error), 403)
    await sessions.confirm_session(visit.parts.database, visit.found.session, visit.now)
    return None


class NotProven(GatewrightError):
    """Not the person whose session it is."""


async def _by_password(visit: Visit, password: str, settings: GlobalSettings) -> None:
    name, address = visit.found.user.user.name, address_of(visit.request)
    if await verify_password(visit.parts.database, settings, name, password, address, visit.now) is None:
        raise NotProven("This is not your password.")


async def _by_passkey(visit: Visit, credential: str) -> None:
    passkeys, user = visit.parts.passkeys, visit.found.user.user
    if passkeys is None:
        raise NotProven("There are no passkeys at this server's address.")
    try:
        await passkeys.recognise(credential, "proof", session_id(visit.found.session), visit.now, user)
    except PasskeyRefused as error:
        raise NotProven(str(error)) from error


async def _page(visit: Visit, error: str, status: int) -> Response:
    fields = [(name, value) for name, value in visit.form.multi_items() if name != "csrf" and isinstance(value, str)]
    held = (await visit.read(second_factor.of_user, visit.found.user.user.id)).passkeys
    passkey = passkey_asked(visit.parts.passkeys if held else None, "proof", session_id(visit.found.session), held)
    return visit.page("proof.html", status, action=here(visit.request), fields=fields, passkey=passkey, error=error)
