"""How a call is answered: the output, the guard's refusal (RFC 6750 §3), problem details (RFC 9457)."""

from typing import Final

import msgspec
import structlog

from gatewright.oauth import dpop
from gatewright.services.catalogue import Service
from gatewright.services.envelope import response_of
from gatewright.services.errors import ServiceError
from gatewright.services.guard import Refused
from gatewright.services.invocation import encode
from gatewright.services.invocation import to_json
from gatewright.services.negotiation import Form
from gatewright.services.rates import TooMany
from gatewright.web.http import HTML
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import PROBLEM
from gatewright.web.http import Headers
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.refusal_page import refusal_page

_OK_HEADERS: Final = [JSON, NO_STORE]
_encode: Final = msgspec.json.Encoder().encode
_log = structlog.get_logger("gatewright.services")


def answered(output: object, service: Service, form: Form | None = None) -> Response:
    """A service's output: JSON, the form that was negotiated, or the whole response that a flow gives."""
    if form is not None:
        return Response(
            200, form.write(to_json(output, service), service), [(b"content-type", form.content_type), NO_STORE]
        )
    if not service.gives_response:
        return Response(200, encode(output, service.name), _OK_HEADERS)
    given = response_of(output)
    headers = {b"content-type": b"application/json"}
    headers |= {name.encode(): value.encode() for name, value in given.headers.items()}
    if isinstance(given.content, str) and not headers[b"content-type"].startswith(b"application/json"):
        body = given.content.encode()
    else:
        body = b"" if given.content is None else encode(given.content, service.name)
    return Response(given.status, body, [*headers.items(), *(() if b"cache-control" in headers else (NO_STORE,))])


def refused(error: Refused, request: Request, resource_metadata: str) -> Response:
    """The guard's refusal, as JSON or what Accept asks for.

    resource_metadata: where RFC 9728's metadata of what was asked for stands.
    """
    _log.info(
        "refused", request=request.id, path=request.path, error=error.error or "no token", detail=error.description
    )
    headers: Headers = [(b"www-authenticate", _challenge(error, resource_metadata)), NO_STORE]
    if error.nonce:
        headers.append((b"dpop-nonce", error.nonce.encode()))
    body = {"error": error.error or "unauthorized", "error_description": error.description}
    if error.scope:
        body["scope"] = error.scope
    body["reference"] = request.id
    if _prefers_html(request):
        return Response(error.status, refusal_page(error, request.id), [HTML, *headers])
    return Response(error.status, _encode(body), [JSON, *headers])


def problem(error: ServiceError, request: Request) -> Response:
    """A service's refusal or failure."""
    headers: Headers = [PROBLEM, NO_STORE]
    if error.status == 503 or "retry_after" in error.extensions:
        headers.append((b"retry-after", str(error.extensions.get("retry_after", 5)).encode()))
    if isinstance(error, TooMany):
        headers += error.headers
    return Response(error.status, _encode({**error.problem(), "reference": request.id}), headers)


def _challenge(error: Refused, resource_metadata: str) -> bytes:
    """RFC 6750 §3: no error code when no token was sent. RFC 9449 §7.1: `algs` for DPoP. RFC 9728 §5.1: the metadata."""
    attributes = {"realm": "gatewright"}
    if error.error and error.error != "access_denied":
        attributes |= {"error": error.error, "error_description": error.description}
    if error.scope:
        attributes["scope"] = error.scope
    attributes["resource_metadata"] = resource_metadata
    if error.scheme == "DPoP":
        attributes["algs"] = " ".join(dpop.ALGORITHMS)
    listed = ", ".join(f'{name}="{_quotable(value)}"' for name, value in attributes.items())
    return f"{error.scheme} {listed}".encode("ascii", "replace")


def _quotable(text: str) -> str:
    return "".join("'" if letter in '"\\' else letter for letter in text if letter.isprintable())


def _prefers_html(request: Request) -> bool:
    accept = request.headers.get(b"accept", b"")
    return b"text/html" in accept and b"json" not in accept
