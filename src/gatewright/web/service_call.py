"""A call that wants more than JSON from a service: another form, an upstream, or what `http` in a package.yaml says."""

from typing import Final
from typing import NamedTuple

from gatewright.app.parts import Parts
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.face import Face
from gatewright.services.negotiation import chosen
from gatewright.services.rates import headers
from gatewright.services.template import Match
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.idempotency import once
from gatewright.web.limits import take
from gatewright.web.service_answers import answered
from gatewright.web.service_face import dressed
from gatewright.web.service_forwarding import forward
from gatewright.web.service_input import Body
from gatewright.web.service_input import service_input

PLAIN: Final = frozenset({b"*/*", b"application/json", b"application/json, */*", b"application/json, text/plain, */*"})
"""Accept headers that ask for JSON without further thought."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Admitted(NamedTuple):
    """A call that the guard let pass. body: if it was read for its token."""

    request: Request
    parts: Parts
    catalogue: Catalogue
    service: Service
    match: Match | None
    body: Body | None
    caller: Caller


async def answer(call: Admitted, face: Face | None) -> Response:
    """The answer, after the call was counted against its limits. Raises ServiceError."""
    request, service = call.request, call.service
    template = call.match.template.text if call.match else ""
    limits = await take(request, call.parts, call.caller, service, template, face)
    if service.forwarder is not None:
        response = await forward(request, call.parts, call.catalogue, service, call.match, call.body, call.caller)
    else:
        response = await _performed(call, face)
    if face is not None:
        response = await dressed(face, request, response)
    if limits:
        response.headers = [*response.headers, *headers(limits)]
    return response


async def _performed(call: Admitted, face: Face | None) -> Response:
    request, parts, service = call.request, call.parts, call.service
    accept = request.headers.get(b"accept", b"*/*")
    form = None if accept in PLAIN or service.gives_response else chosen(accept, service)
    values = await service_input(request, parts, service, call.match, call.body, call.caller)
    seconds = (await parts.directory.settings()).service_time_limit

    async def perform() -> Response:
        output = await parts.runtime.invoke(
            call.catalogue, service.name, values, call.caller, seconds=seconds, request=request.id
        )
        return answered(output, service, form)

    keep = face.idempotency if face is not None else None
    if keep is None or b"idempotency-key" not in request.headers or request.method in _SAFE:
        return await perform()
    return await once(request, parts, call.caller, service.name, values, keep, seconds, perform)
