"""Cross-origin requests (the Fetch standard's CORS protocol): browser clients, never with credentials."""

from collections.abc import Set
from typing import Final

from gatewright.kernel.settings import GlobalSettings
from gatewright.services.catalogue import Catalogue
from gatewright.services.path import invoked_service
from gatewright.web.http import Headers
from gatewright.web.http import Request
from gatewright.web.http import Response

_EXPOSED: Final = (
    b"access-control-expose-headers",
    b"WWW-Authenticate, DPoP-Nonce, X-Request-Id, Retry-After, ETag, Link, Location, Content-Range, Idempotency-Replayed,"
    b" RateLimit, RateLimit-Policy",
)
_PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"Authorization, Content-Type, Accept, DPoP, Idempotency-Key, If-Match, If-None-Match, Range",
    ),
    (b"access-control-max-age", b"7200"),
]


def allowed(request: Request, settings: GlobalSettings, narrower: Set[str] | None = None) -> Headers:
    """The headers that let the request's origin read the answer; none when it may not or there is no origin.

    narrower: the origins that the package which is asked lets in; None: all that the server does.
    """
    origin = request.headers.get(b"origin")
    if origin is None:
        return []
    own = settings.cors_allowed_origins
    everyone = "*" in own and (narrower is None or "*" in narrower)
    if everyone:
        return [(b"access-control-allow-origin", b"*"), _EXPOSED]
    text = origin.decode("latin-1")
    if not ("*" in own or text in own) or not (narrower is None or "*" in narrower or text in narrower):
        return [(b"vary", b"Origin")]
    return [(b"access-control-allow-origin", origin), (b"vary", b"Origin"), _EXPOSED]


def joined(headers: Headers, granted: Headers) -> Headers:
    """An answer's headers with those of CORS, and one `Vary` of both."""
    own = next((value for name, value in headers if name == b"vary"), None)
    if own is None:
        return [*headers, *granted]
    rest = [pair for pair in granted if pair[0] != b"vary"]
    if len(rest) < len(granted) and b"Origin" not in own:
        headers = [(name, value + b", Origin") if name == b"vary" else (name, value) for name, value in headers]
    return [*headers, *rest]


def origins_of(request: Request, catalogue: Catalogue) -> Set[str] | None:
    """The origins that the package which a request asks lets in, when it says so."""
    if not catalogue.faces.origins:
        return None
    method = request.headers.get(b"access-control-request-method", request.method.encode()).decode("latin-1")
    name = invoked_service(request.raw_path)
    if name is None:
        match = catalogue.match(method, request.raw_path)
        name = match.template.service if match else ""
    service = catalogue.service(name)
    return catalogue.faces.origins.get(service.package) if service else None


def preflight(request: Request, settings: GlobalSettings, narrower: Set[str] | None = None) -> Response:
    """The answer to OPTIONS."""
    granted = allowed(request, settings, narrower)
    may_read = any(name == b"access-control-allow-origin" for name, _ in granted)
    return Response(204, b"", [*granted, *_PREFLIGHT] if may_read else granted)
