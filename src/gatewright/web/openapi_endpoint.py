"""`/openapi.json`: the description of what is served, as far as the caller may call it."""

from typing import Final

import msgspec
import structlog

from gatewright.app.parts import Parts
from gatewright.services.caller import ANONYMOUS
from gatewright.services.caller import Caller
from gatewright.services.face import Face
from gatewright.services.guard import Refused
from gatewright.services.openapi import Sources
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.parameters import Unreadable
from gatewright.web.parameters import form_pairs
from gatewright.web.possession import dpop_sender
from gatewright.web.service_answers import refused
from gatewright.web.service_face import dressed
from gatewright.web.service_input import token_in_header

PATH: Final = "/openapi.json"
_FACE: Final = Face(etag=True, compress=True)
"""It holds nothing secret, and nothing that a caller can choose."""
_encode: Final = msgspec.json.Encoder().encode
_log = structlog.get_logger("gatewright.services")


async def describe_services(request: Request, parts: Parts) -> Response:
    """The document for whoever asks; `?package=Name` for one package's services alone."""
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed("GET", "HEAD", "OPTIONS")
    try:
        caller = await _caller(request, parts)
        package = dict(form_pairs(request.query)).get("package") if request.query else None
    except Refused as error:
        return refused(error, request, f"{parts.server.issuer}/.well-known/oauth-protected-resource")
    except Unreadable as error:
        return _say(400, "invalid_request", str(error))
    if package is not None and package not in parts.catalogue.packages:
        return _say(404, "not_found", "There is no package of that name.")
    settings = await parts.directory.settings()
    sources = Sources(
        issuer=parts.server.issuer,
        catalogue=parts.catalogue,
        scopes=await parts.directory.scopes(),
        openings=await parts.guard.openings(),
        acls=await parts.directory.acls(),
    )
    body = await parts.descriptions.get(sources, None if settings.openapi_public else caller, package)
    response = Response(200, body, [JSON, NO_STORE, (b"vary", b"Authorization")])
    return await dressed(_FACE, request, response)


async def _caller(request: Request, parts: Parts) -> Caller:
    token = token_in_header(request)
    if token is None:
        return ANONYMOUS
    sender = dpop_sender(request)
    return await parts.guard.admit(token, "", None, raw_path=request.raw_path, exists=False, sender=sender)


def _say(status: int, error: str, sentence: str) -> Response:
    return Response(status, _encode({"error": error, "error_description": sentence}), [JSON, NO_STORE])
