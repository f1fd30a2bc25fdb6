"""Proofs of possession over HTTP (RFC 9449): who sends a request, and the nonce for the next proof."""

from gatewright.app.parts import Parts
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.sender import Sender
from gatewright.web.http import Request
from gatewright.web.http import Response


def sender(request: Request) -> Sender:
    """What the request tells of who sends it."""
    return Sender(request.address, request.method, request.raw_path.decode("latin-1"), request.header(b"dpop"))


def dpop_sender(request: Request) -> Sender | None:
    """The sender of a request that presents its token by the scheme DPoP (§7.1); None for every other request."""
    value = request.headers.get(b"authorization")
    return sender(request) if value is not None and value[:5].lower() == b"dpop " else None


def with_next_nonce(response: Response, request: Request, settings: GlobalSettings, parts: Parts) -> Response:
    """With the nonce for the client's next proof, if it sends proofs and they must carry one (§8.2)."""
    if b"dpop" in request.headers and settings.dpop_nonce == "required":
        response.headers = [*response.headers, (b"dpop-nonce", parts.server.dpop_nonces.current().encode())]
    return response
