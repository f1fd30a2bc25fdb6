"""Services over HTTP: `/invoke/…` and URL templates, behind the guard."""

import structlog

from gatewright.app.parts import Parts
from gatewright.kernel.errors import Unavailable
from gatewright.services.errors import ServiceError
from gatewright.services.guard import Refused
from gatewright.services.path import invoked_service
from gatewright.services.protected_resource import metadata_address
from gatewright.services.rates import TooMany
from gatewright.services.template import Match
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.parameters import Unreadable
from gatewright.web.possession import dpop_sender
from gatewright.web.possession import with_next_nonce
from gatewright.web.refusals import note_call
from gatewright.web.refusals import note_limited
from gatewright.web.refusals import note_missing
from gatewright.web.service_answers import answered
from gatewright.web.service_answers import problem
from gatewright.web.service_answers import refused
from gatewright.web.service_call import PLAIN
from gatewright.web.service_call import Admitted
from gatewright.web.service_call import answer
from gatewright.web.service_input import bearer_token
from gatewright.web.service_input import service_input
from gatewright.web.service_input import token_in_header

_log = structlog.get_logger("gatewright.services")


async def invoke(request: Request, parts: Parts) -> Response:
    """`/invoke/{folder.path}/{service}`."""
    if request.method not in ("GET", "HEAD", "POST"):
        return method_not_allowed("GET", "HEAD", "POST", "OPTIONS")
    call = _call if parts.spans is None else _traced
    return await call(request, parts, invoked_service(request.raw_path) or "", None)


async def route(request: Request, parts: Parts) -> Response | None:
    """A path of a URL template, or None when it is none."""
    match = parts.catalogue.match(request.method, request.raw_path)
    if match is not None:
        call = _call if parts.spans is None else _traced
        return await call(request, parts, match.template.service, match)
    methods = parts.catalogue.templates.methods(request.raw_path)
    return method_not_allowed(*methods) if methods else None


async def _call(request: Request, parts: Parts, name: str, match: Match | None) -> Response:
    try:
        return await _guarded(request, parts, name, match)
    except Refused as error:
        return await _refused(error, request, parts, name, match)
    except ServiceError as error:
        return problem(error, request)
    except Unreadable as error:
        return problem(ServiceError(400, "The request cannot be read", str(error)), request)
    except BodyTooLarge:
        return problem(
            ServiceError(
                413,
                "The body is too large",
                "an administrator can raise the bound in Global Settings (maximum_body_bytes)",
            ),
            request,
        )
    except Unavailable as error:
        _log.error("unavailable", request=request.id, path=request.path, detail=str(error))
        return problem(
            ServiceError(503, "Not available now", "try again shortly", extensions={"retry_after": 1}), request
        )


async def _traced(request: Request, parts: Parts, name: str, match: Match | None) -> Response:
    assert parts.spans is not None
    route = match.template.text.partition(" ")[2] if match else "/invoke/{folder}/{service}"
    with parts.spans.request(request.method, route, request.headers, request.id) as span:
        response = await _call(request, parts, name, match)
        span.answered(response.status)
        return response


async def _refused(error: Refused, request: Request, parts: Parts, name: str, match: Match | None) -> Response:
    if error.status == 401 and not error.scope:
        error.scope = await parts.guard.scope_hint(name, match.template if match else None)
    note_call(error, request, parts, name, match)
    address = metadata_address(request.raw_path.decode("latin-1"), parts.server.issuer, parts.catalogue)
    return refused(error, request, address)


async def _guarded(request: Request, parts: Parts, name: str, match: Match | None) -> Response:
    catalogue = parts.catalogue
    service = catalogue.services.get(name)
    token, body = token_in_header(request), None
    if token is None:
        token, body = await bearer_token(request, parts)
    template = match.template if match else None
    sender = dpop_sender(request)
    caller = await parts.guard.admit(
        token, name, template, raw_path=request.raw_path, exists=service is not None, sender=sender
    )
    if service is None:
        note_missing(caller, request, parts, name)
        raise ServiceError(404, "No such service", "the address names no service")
    settings = await parts.directory.settings()
    face = catalogue.faces.find(name, template.text if template else "") if catalogue.has_faces else None
    if (
        face is None
        and caller.rate_limit is None
        and caller.daily_quota is None
        and service.forwarder is None
        and request.headers.get(b"accept", b"*/*") in PLAIN
    ):
        values = await service_input(request, parts, service, match, body, caller)
        output = await parts.runtime.invoke(
            catalogue, name, values, caller, seconds=settings.service_time_limit, request=request.id
        )
        response = answered(output, service)
    else:
        try:
            response = await answer(Admitted(request, parts, catalogue, service, match, body, caller), face)
        except TooMany as error:
            note_limited(error, caller, request, parts, name, match)
            raise
    return with_next_nonce(response, request, settings, parts)
