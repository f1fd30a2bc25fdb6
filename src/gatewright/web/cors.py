"""Cross-origin requests (the Fetch standard's CORS protocol): browser clients, never with credentials."""

from typing import Final

from gatewright.kernel.settings import GlobalSettings
from gatewright.web.http import Headers
from gatewright.web.http import Request
from gatewright.web.http import Response

_EXPOSED: Final = (b"access-control-expose-headers", b"WWW-Authenticate, DPoP-Nonce, X-Request-Id, Retry-After")
_PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Accept, DPoP, Idempotency-Key"),
    (b"access-control-max-age", b"7200"),
]


def allowed(request: Request, settings: GlobalSettings) -> Headers:
    """The headers that let the request's origin read the answer; none when it may not or there is no origin."""
    origin = request.headers.get(b"origin")
    if origin is None:
        return []
    if "*" in settings.cors_allowed_origins:
        return [(b"access-control-allow-origin", b"*"), _EXPOSED]
    if origin.decode("latin-1") not in settings.cors_allowed_origins:
        return [(b"vary", b"Origin")]
    return [(b"access-control-allow-origin", origin), (b"vary", b"Origin"), _EXPOSED]


def preflight(request: Request, settings: GlobalSettings) -> Response:
    """The answer to OPTIONS."""
    granted = allowed(request, settings)
    may_read = any(name == b"access-control-allow-origin" for name, _ in granted)
    return Response(204, b"", [*granted, *_PREFLIGHT] if may_read else granted)
