"""Who is at the other end, and over what: proxies that are trusted, loopback, Require HTTPS."""

import ipaddress
import re
from functools import lru_cache
from typing import Final

from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.errors import InvalidRequest
from gatewright.web.http import Request

_FORWARDING: Final = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-real-ip", b"via"}
)
_LOOPBACK_HOST: Final = re.compile(r"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?\Z", re.IGNORECASE)

_LONGEST_HOST: Final = 100

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
            request.scheme = "https" if scheme.rpartition(",")[2].strip().lower() == "https" else "http"

    def _client(self, forwarded: str) -> str:
        """The last address that is none of our proxies: those before it are what the client claims."""
        hops = [_without_port(hop.strip()) for hop in forwarded.split(",")]
        return next((hop for hop in reversed(hops) if not self._trusts(hop)), hops[0])

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._networks)


def _without_port(hop: str) -> str:
    """Some proxies add the port, which would make each connection an address of its own to the throttle."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop


def refuse_plain_http(request: Request, settings: GlobalSettings) -> None:
    """Hold Require HTTPS. Raises InvalidRequest that says why and where the setting is."""
    policy = settings.require_https
    if request.scheme == "https" or policy == "never":
        return
    if policy == "except_loopback" and is_loopback(request):
        return
    raise InvalidRequest(
        "HTTPS is required for OAuth requests. An administrator can change this in Security > OAuth > Edit Global Settings > Require HTTPS.",
        rule="https",
        found=f"http from {request.address}",
        wanted="https",
    )


def is_loopback(request: Request) -> bool:
    """Whether peer and Host are both loopback and nothing shows that the request was forwarded."""
    if not request.address.startswith("127.") and request.address not in ("::1", "::ffff:127.0.0.1"):
        return False
    if not _FORWARDING.isdisjoint(request.headers):
        return False
    return _is_loopback_host(request.headers.get(b"host", b"")[:_LONGEST_HOST])


@lru_cache(maxsize=256)
def _is_loopback_host(host: bytes) -> bool:
    return _LOOPBACK_HOST.match(host.decode("latin-1")) is not None
