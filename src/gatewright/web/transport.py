"""Who is at the other end, and over what: proxies that are trusted, loopback, Require HTTPS."""

import ipaddress
from typing import Final

from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.errors import InvalidRequest
from gatewright.web.http import Request

_FORWARDING: Final = (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip", b"via")
_LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]", "::1")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Proxies:
    """The proxies whose forwarding headers count (`trusted_proxies`)."""

    def __init__(self, trusted: tuple[str, ...]) -> None:
        """Raises ValueError when one is no address or network."""
        self._networks: list[Network] = [ipaddress.ip_network(text, strict=False) for text in trusted]

    def apply(self, request: Request) -> None:
        """Set the request's address and scheme to what a trusted proxy says of them."""
        if not self._networks or not self._trusts(request.address):
            return
        if forwarded := request.header(b"x-forwarded-for"):
            request.address = self._client(forwarded)
        if scheme := request.header(b"x-forwarded-proto"):
            request.scheme = scheme.rpartition(",")[2].strip().lower()

    def _client(self, forwarded: str) -> str:
        """The last address that is none of our proxies: those before it are what the client claims."""
        hops = [hop.strip() for hop in forwarded.split(",")]
        return next((hop for hop in reversed(hops) if not self._trusts(hop)), hops[0])

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def refuse_plain_http(request: Request, settings: GlobalSettings) -> None:
    """Hold Require HTTPS. Raises InvalidRequest that says why and where the setting is."""
    policy = settings.require_https
    if request.scheme == "https" or policy == "never":
        return
    if policy == "except_loopback" and is_loopback(request):
        return
    raise InvalidRequest(
        "HTTPS is required for OAuth requests. An administrator can change this in Security > OAuth > Edit Global Settings > Require HTTPS."
    )


def is_loopback(request: Request) -> bool:
    """Whether peer and Host are both loopback and nothing shows that the request was forwarded."""
    if not request.address.startswith("127.") and request.address not in ("::1", "::ffff:127.0.0.1"):
        return False
    if any(name in request.headers for name in _FORWARDING):
        return False
    host = (request.header(b"host") or "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name in _LOOPBACK_NAMES
