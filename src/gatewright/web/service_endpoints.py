"""Services over HTTP: `/invoke/…` and URL templates, behind the guard."""

import base64
from typing import Any
from typing import Final

import msgspec
import structlog

from gatewright.app.parts import Parts
from gatewright.kernel.errors import Unavailable
from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.services.guard import Refused
from gatewright.services.input import merge_input
from gatewright.services.invocation import encode
from gatewright.services.path import invoked_service
from gatewright.services.template import Match
from gatewright.web.http import HTML
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import PROBLEM
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Headers
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.parameters import Pairs
from gatewright.web.parameters import Unreadable
from gatewright.web.parameters import form_pairs
from gatewright.web.parameters import json_object
from gatewright.web.parameters import multipart_pairs
from gatewright.web.refusal_page import refusal_page

_encode: Final = msgspec.json.Encoder().encode
_log = structlog.get_logger("gatewright.services")


async def invoke(request: Request, parts: Parts) -> Response:
    """`/invoke/{folder.path}/{service}`."""
    if request.method not in ("GET", "HEAD", "POST"):
        return method_not_allowed("GET", "HEAD", "POST", "OPTIONS")
    return await _call(request, parts, invoked_service(request.raw_path) or "", None)


async def route(request: Request, parts: Parts) -> Response | None:
    """A path of a URL template, or None when it is none."""
    match = parts.catalogue.match(request.method, request.raw_path)
    if match is not None:
        return await _call(request, parts, match.template.service, match)
    methods = parts.catalogue.templates.methods(request.raw_path)
    return method_not_allowed(*methods) if methods else None


async def _call(request: Request, parts: Parts, name: str, match: Match | None) -> Response:
    try:
        return await _guarded(request, parts, name, match)
    except Refused as error:
        return refused(error, request)
    except ServiceError as error:
        return _problem(error, request)
    except Unreadable as error:
        return _problem(ServiceError(400, "The request cannot be read", str(error)), request)
    except BodyTooLarge:
        return _problem(ServiceError(413, "The body is too large"), request)
    except Unavailable as error:
        _log.error("unavailable", request=request.id, path=request.path, detail=str(error))
        return _problem(
            ServiceError(503, "Not available now", "try again shortly", extensions={"retry_after": 1}), request
        )


async def _guarded(request: Request, parts: Parts, name: str, match: Match | None) -> Response:
    catalogue = parts.catalogue
    service = catalogue.services.get(name)
    token, form = _bearer(request), None
    if token is None and _is_form(request):
        form = await _form(request, parts)
        token, form = _form_token(form)
    template = match.template if match else None
    caller = await parts.guard.admit(token, name, template, exists=service is not None)
    if service is None:
        raise ServiceError(404, "No such service", "the address names no service")
    settings = await parts.directory.settings()
    values = await _input(request, parts, service, match, form)
    output = await parts.runtime.invoke(catalogue, name, values, caller, seconds=settings.service_time_limit)
    return Response(200, encode(output, name), [JSON, NO_STORE])


def _bearer(request: Request) -> str | None:
    """The token of the Authorization header (RFC 6750 §2.1); another scheme is as good as none."""
    value = request.headers.get(b"authorization")
    if value is None or value[:7].lower() != b"bearer ":
        return None
    return value[7:].strip().decode("latin-1")


def _form_token(form: Pairs) -> tuple[str | None, Pairs]:
    """RFC 6750 §2.2: the token as form parameter `access_token`, which then is no input of the service."""
    found = [value for name, value in form if name == "access_token"]
    if len(found) > 1:
        raise Refused(400, "invalid_request", "The access token is given twice.")
    return (found[0] if found else None), [pair for pair in form if pair[0] != "access_token"]


def _is_form(request: Request) -> bool:
    return request.method not in ("GET", "HEAD") and request.headers.get(b"content-type", b"").lower().startswith(
        b"application/x-www-form-urlencoded"
    )


async def _form(request: Request, parts: Parts) -> Pairs:
    settings = await parts.directory.settings()
    return form_pairs(await request.body(settings.maximum_body_bytes))


async def _input(
    request: Request, parts: Parts, service: Service, match: Match | None, form: Pairs | None
) -> dict[str, Any]:
    """The input object: path variables, query, and a JSON, form or multipart body."""
    body: dict[str, Any] | None = None
    if form is None:
        form, body = await _body(request, parts)
    if any(name == "access_token" for name, _ in form):
        raise Refused(400, "invalid_request", "The access token is given twice: in the header and in the body.")
    query = form_pairs(request.query) if request.query else []
    return merge_input(service, path=match.variables if match else None, query=query, form=form, body=body)


async def _body(request: Request, parts: Parts) -> tuple[Pairs, dict[str, Any] | None]:
    if request.method in ("GET", "HEAD"):
        return [], None
    settings = await parts.directory.settings()
    body = await request.body(settings.maximum_body_bytes)
    if not body:
        return [], None
    content_type = request.headers.get(b"content-type", b"application/json")
    match content_type.partition(b";")[0].strip().lower():
        case b"application/json":
            return [], json_object(body)
        case b"application/x-www-form-urlencoded":
            return form_pairs(body), None
        case b"multipart/form-data":
            return _parts_of(multipart_pairs(body, content_type))
        case _:
            raise ServiceError(415, detail="the body must be JSON, a form or multipart/form-data")


def _parts_of(pairs: list[tuple[str, str | dict[str, Any]]]) -> tuple[Pairs, dict[str, Any] | None]:
    """Text parts as form fields; files as objects of filename and base64 content."""
    form = [(name, value) for name, value in pairs if isinstance(value, str)]
    files = {
        name: {**value, "content": base64.b64encode(value["content"]).decode()}
        for name, value in pairs
        if isinstance(value, dict)
    }
    return form, files or None


def refused(error: Refused, request: Request) -> Response:
    """The guard's refusal, as JSON or what Accept asks for (RFC 6750 §3)."""
    _log.info(
        "refused", request=request.id, path=request.path, error=error.error or "no token", detail=error.description
    )
    headers: Headers = [(b"www-authenticate", _challenge(error)), NO_STORE]
    body = {"error": error.error or "unauthorized", "error_description": error.description}
    if error.scope:
        body["scope"] = error.scope
    body["reference"] = request.id
    if _prefers_html(request):
        return Response(error.status, refusal_page(error, request.id), [HTML, *headers])
    return Response(error.status, _encode(body), [JSON, *headers])


def _challenge(error: Refused) -> bytes:
    """RFC 6750 §3: no error code when no token was sent."""
    attributes = {"realm": "gatewright"}
    if error.error and error.error != "access_denied":
        attributes |= {"error": error.error, "error_description": error.description}
    if error.scope:
        attributes["scope"] = error.scope
    listed = ", ".join(f'{name}="{_quotable(value)}"' for name, value in attributes.items())
    return f"Bearer {listed}".encode("ascii", "replace")


def _quotable(text: str) -> str:
    return "".join("'" if letter in '"\\' else letter for letter in text if letter.isprintable())


def _prefers_html(request: Request) -> bool:
    accept = request.headers.get(b"accept", b"")
    return b"text/html" in accept and b"json" not in accept


def _problem(error: ServiceError, request: Request) -> Response:
    headers: Headers = [PROBLEM, NO_STORE]
    if error.status == 503:
        headers.append((b"retry-after", str(error.extensions.get("retry_after", 5)).encode()))
    return Response(error.status, _encode({**error.problem(), "reference": request.id}), headers)
