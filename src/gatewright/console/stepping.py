"""Stopping a run before a step: what goes to the browser, sealed, and comes back to go on with.

Nothing of a stopped run stays on the server, so whichever worker or node gets the next request can go on with it.
"""

import base64
import json
from typing import Any
from typing import Final
from urllib.parse import quote

import msgspec

from gatewright.console.templating import pretty_json
from gatewright.console.visit import Visit
from gatewright.flow.stepper import Halt
from gatewright.flow.stepper import Kept
from gatewright.flow.stepper import Stepper
from gatewright.flow.trace import MASK
from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError
from gatewright.services.source import digest_of

_MOST_BYTES: Final = 1_500_000
_MOST_STOPS: Final = 200
_GONE: Final = "Run it from the start."


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A stopped run: of which text, with which input and caller, what was done, where it stopped, what is secret."""

    digest: str
    values: dict[str, Any]
    caller: Caller
    memory: tuple[Kept, ...]
    halt: Halt
    secrets: tuple[str, ...]


def stops_of(visit: Visit) -> frozenset[str]:
    """The steps to stop before, as the form lists them, a line each."""
    return frozenset(visit.field("stops").split("\n")[:_MOST_STOPS]) - {""}


def opened(visit: Visit, service: str, text: str) -> Session | None:
    """The stopped run that the form carries; None for a run from the start. Raises ServiceError 409 when it cannot go on."""
    given = visit.field("session")
    if not given or not visit.field("go"):
        return None
    try:
        plain = visit.parts.sealer.open(base64.b64decode(given, validate=True), _context(visit, service))
        session = msgspec.json.decode(plain or b"", type=Session)
    except (ValueError, msgspec.MsgspecError):
        raise ServiceError(
            409, "The run cannot go on", f"It was stopped under another key or account. {_GONE}"
        ) from None
    if session.digest != digest_of(text):
        raise ServiceError(409, "The run cannot go on", f"The flow was changed since it stopped. {_GONE}")
    return session


def stepper_of(visit: Visit, session: Session | None) -> Stepper:
    """The trace of the next stretch of the run. Raises ServiceError 400 for data that are no JSON."""
    single = visit.field("go") == "step"
    if session is None:
        return Stepper(stops_of(visit))
    halt = msgspec.structs.replace(
        session.halt,
        data=_given(visit, "data", session.halt.data, session.secrets),
        context=_given(visit, "context", session.halt.context, session.secrets),
    )
    stepper = Stepper(stops_of(visit), session.memory, halt, single=single)
    for secret in session.secrets:
        stepper.mask(secret)
    return stepper


def stopped(
    visit: Visit, service: str, text: str, values: dict[str, Any], caller: Caller, stepper: Stepper, halt: Halt
) -> dict[str, Any]:
    """What the page shows of a stopped run, and the session that it sends back."""
    session = Session(
        digest=digest_of(text),
        values=values,
        caller=caller,
        memory=stepper.memory,
        halt=halt,
        secrets=stepper.secrets,
    )
    plain = msgspec.json.encode(session)
    fits = stepper.is_whole and len(plain) <= _MOST_BYTES
    sealed = base64.b64encode(visit.parts.sealer.seal(plain, _context(visit, service))).decode() if fits else ""
    return {
        "pointer": halt.pointer,
        "action": f"/console/services/run?name={quote(service)}",
        "name": halt.name + "".join(f"[{index}]" for index in halt.iteration),
        "data": _masked(halt.data, stepper.secrets),
        "context": _masked(halt.context, stepper.secrets),
        "session": sealed,
    }


def _given(visit: Visit, field: str, kept: Any, secrets: tuple[str, ...]) -> Any:
    """The data as the form has them; those that were not touched as they were, not as they were shown."""
    text = visit.field(field).replace("\r\n", "\n")
    if not text.strip() or text.strip() == _masked(kept, secrets).strip():
        return kept
    try:
        value: Any = msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise ServiceError(400, f"The {field} to go on with are no JSON", str(error)) from None
    return value


def _masked(value: Any, secrets: tuple[str, ...]) -> str:
    text = pretty_json(value)
    for secret in secrets:
        text = text.replace(json.dumps(secret, ensure_ascii=False)[1:-1], MASK)
    return text


def _context(visit: Visit, service: str) -> bytes:
    return f"stopped run\0{service}\0{visit.found.user.user.id}".encode()
