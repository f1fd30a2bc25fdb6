"""Who sends a request, as far as the request tells beside its parameters."""

import msgspec


class Sender(msgspec.Struct, frozen=True):
    """The peer of one request.

    address: the peer's, for throttling.
    method, path: of the request, as they stood in its first line; the path without query.
    proof: the DPoP header (RFC 9449 §4.1), not verified; several are joined by ", ".
    jkt: the thumbprint of the key that the proof shows possession of (RFC 9449 §6.1), once it was verified.
    """

    address: str = ""
    method: str = "POST"
    path: str = ""
    proof: str | None = None
    jkt: str | None = None
