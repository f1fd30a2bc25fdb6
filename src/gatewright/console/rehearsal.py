"""Rehearsal: paste a request and see every check it would meet. Nothing is issued, used up, counted or kept.

Lest secrets and passwords be guessed here past the throttle, each person may rehearse only so many wrong ones.
"""

from typing import Final

from starlette.responses import Response

from gatewright.app.guesses import TooManyGuesses
from gatewright.console import pasted
from gatewright.console.pasted import Pasted
from gatewright.console.refusals import WHAT
from gatewright.console.visit import Visit
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Invalid
from gatewright.web.http import BodyTooLarge
from gatewright.web.parameters import Unreadable
from gatewright.web.rehearsal import Rehearsed
from gatewright.web.rehearsal import made
from gatewright.web.rehearsal import rehearse

_FIELDS: Final = ("request", "method", "address", "headers", "body")
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_GUESSED: Final = frozenset({"client_proof", "password"})
"""The rules that tell whether a secret or a password is right."""


async def show(visit: Visit) -> Response:
    """The form, and, once something was pasted, what would become of it."""
    values = {name: visit.field(name) for name in _FIELDS}
    if not visit.is_post:
        return _page(visit, values)
    try:
        given = pasted.read(values["request"]) if values["request"].strip() else pasted.of_fields(*_typed(values))
        scheme, host, target, notes = pasted.target_of(given, visit.parts.server.issuer)
        found = await _rehearsed(visit, given, scheme, host, target)
    except Invalid as refused:
        return _page(visit, values, refused)
    except (Unreadable, BodyTooLarge) as error:
        return _page(visit, values, Invalid([FieldError("request", str(error) or "The body is too large.")]))
    if found is None:
        path = target.partition("?")[0][:80]
        return _page(
            visit, values, Invalid([FieldError("request", f"{given.method} {path} meets no check of this server.")])
        )
    return _page(visit, values, found=found, notes=[*given.notes, *notes], line=f"{given.method} {target}")


async def _rehearsed(visit: Visit, given: Pasted, scheme: str, host: str, target: str) -> Rehearsed | None:
    """As if it came from this machine when it is for a loopback address, else from where the administrator sits."""
    local = host.rpartition(":")[0] in _LOOPBACK or host in _LOOPBACK
    client = visit.request.client
    address = "127.0.0.1" if local else client.host if client else ""
    headers = [("Host", host), *((name, text) for name, text in given.headers if name.lower() != "host")]
    user, guesses = visit.found.user.user.id, visit.parts.guesses
    try:
        guesses.take(user, visit.now)
    except TooManyGuesses as error:
        raise Invalid([FieldError("request", str(error))]) from None
    found = None
    try:
        found = await rehearse(made(given.method, target, scheme, address, headers, given.body), visit.parts)
    finally:
        if found is None or found.refusal is None or found.refusal.rule not in _GUESSED:
            guesses.give_back(user, visit.now)
    return found


def _typed(values: dict[str, str]) -> tuple[str, str, str, str]:
    return values["method"], values["address"], values["headers"], values["body"]


def _page(
    visit: Visit,
    values: dict[str, str],
    refused: Invalid | None = None,
    *,
    found: Rehearsed | None = None,
    notes: list[str] | None = None,
    line: str = "",
) -> Response:
    return visit.form_page(
        "explain/rehearsal.html",
        refused,
        values=values,
        methods=[(name, name) for name in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")],
        found=found,
        notes=notes or [],
        line=line,
        what=WHAT.get(found.asked.endpoint, "") if found else "",
    )
