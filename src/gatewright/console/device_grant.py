"""The device grant in Get New Access Token: the code a person types in, and asking again until it is approved."""

import base64
from typing import Final

import msgspec
from starlette.responses import Response

from gatewright.console import token_dialog
from gatewright.console.token_dialog import PAGE
from gatewright.console.token_dialog import Values
from gatewright.console.visit import Visit
from gatewright.identity.throttle import TooManyFailures
from gatewright.oauth.device_code import GRANT_TYPE
from gatewright.oauth.errors import AuthorizationPending
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.errors import SlowDown

ANSWER: Final = f"{PAGE}/device"
_COOKIE: Final = "gatewright_get_device_token"


class Waiting(msgspec.Struct, frozen=True):
    """What must outlive the wait, the client's secret with it; kept sealed in a cookie."""

    device_code: str
    user_code: str
    address: str
    interval: int
    values: Values


async def begin(visit: Visit, values: Values) -> Response:
    """Ask for a code (RFC 8628 §3.1), and show it."""
    parameters = {"scope": values["scope"]} if values["scope"] else {}
    try:
        answer = await token_dialog.device_authorization(visit, values, parameters)
    except OAuthError as error:
        return await token_dialog.failed(visit, values, f"{error.code}: {error.public}")
    except TooManyFailures as error:
        return await token_dialog.failed(visit, values, str(error))
    waiting = Waiting(answer.device_code, answer.user_code, answer.verification_uri_complete, answer.interval, values)
    response = await _show(visit, waiting, "")
    sealed = visit.parts.sealer.seal(msgspec.json.encode(waiting), _context(visit))
    cookie = base64.urlsafe_b64encode(sealed).decode()
    visit.remember(response, _COOKIE, cookie, seconds=answer.expires_in, path=ANSWER)
    return response


async def poll(visit: Visit) -> Response:
    """Ask whether it is approved (§3.4)."""
    waiting = _waiting(visit)
    if waiting is None:
        sentence = "The code is not known here, or its time is over."
        return visit.refused(400, "Nothing was asked for", sentence, ("Get New Access Token", PAGE))
    parameters = {"grant_type": GRANT_TYPE, "device_code": waiting.device_code}
    try:
        answer = await token_dialog.ask(visit, waiting.values, parameters)
    except (AuthorizationPending, SlowDown) as error:
        return await _show(visit, waiting, f"{error.code}: wait {waiting.interval} seconds, then ask again.")
    except OAuthError as error:
        return _ended(await token_dialog.failed(visit, waiting.values, f"{error.code}: {error.public}"))
    except TooManyFailures as error:
        return await _show(visit, waiting, str(error))
    token = token_dialog.token_shown(visit, waiting.values, answer)
    return _ended(await token_dialog.page(visit, waiting.values, token=token))


async def _show(visit: Visit, waiting: Waiting, note: str) -> Response:
    device = {"user_code": waiting.user_code, "address": waiting.address, "note": note}
    return await token_dialog.page(visit, waiting.values, device=device)


def _ended(response: Response) -> Response:
    response.delete_cookie(_COOKIE, path=ANSWER)
    return response


def _waiting(visit: Visit) -> Waiting | None:
    try:
        sealed = base64.urlsafe_b64decode(visit.request.cookies.get(_COOKIE, ""))
    except ValueError:
        return None
    opened = visit.parts.sealer.open(sealed, _context(visit))
    return msgspec.json.decode(opened, type=Waiting) if opened else None


def _context(visit: Visit) -> bytes:
    return b"get-device-token:" + visit.found.session.digest
