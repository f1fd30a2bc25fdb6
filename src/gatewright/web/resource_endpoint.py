"""Protected resource metadata over HTTP (RFC 9728 §3)."""

from typing import Final

import msgspec

from gatewright.app.parts import Parts
from gatewright.kernel.errors import Unavailable
from gatewright.services.protected_resource import described_path
from gatewright.services.protected_resource import metadata
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.oauth_endpoints import unavailable

_CACHED: Final = (b"cache-control", b"public, max-age=60")
_NOTHING: Final = b'{"error":"not_found","error_description":"No protected resource is served at this address."}'


async def describe_resource(request: Request, parts: Parts) -> Response:
    """`/.well-known/oauth-protected-resource[/path]`: what opens the server, a folder, a service or a URL template."""
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed("GET", "HEAD", "OPTIONS")
    issuer = parts.server.issuer
    path = described_path(request.raw_path.decode("latin-1"), issuer)
    try:
        openings = await parts.guard.openings()
    except Unavailable as error:
        return unavailable(error, request)
    document = metadata(path, issuer, parts.catalogue, openings)
    if document is None:
        return Response(404, _NOTHING, [JSON, NO_STORE])
    return Response(200, msgspec.json.encode(document), [JSON, _CACHED])
