"""Which network addresses outgoing calls may reach (protection against server-side request forgery)."""

import ipaddress
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# These carry an IPv4 address within them, which a gateway on the way may turn into a private one
# (RFC 6052 §2.1, RFC 8215, RFC 3056, RFC 4380).
_TRANSLATED = [ipaddress.ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")]

PrivateHosts = Callable[[], Awaitable[Iterable[str]]]
"""Asked at each connection for the hosts that may have a private address (the setting `fetch_private_hosts`)."""


class AddressRefused(Exception):
    """A connection that the rules forbid; `str()` says why."""


def is_public(text: str) -> bool:
    """Whether an address, as text, is a public unicast one."""
    address: Address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif any(address in network for network in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


def is_listed(host: str, port: int, listed: Iterable[str]) -> bool:
    """Whether a list of hosts names this one: `name`, `name:port`, or `*.name` for everything below it."""
    host = host.lower().rstrip(".")
    return any(_names(entry.lower(), host, port) for entry in listed)


def _names(entry: str, host: str, port: int) -> bool:
    if entry == host or entry.strip("[]") == host:
        return True
    name, colon, number = entry.rpartition(":")
    if colon and number == str(port) and name.strip("[]") == host:
        return True
    return entry.startswith("*.") and host.endswith(entry[1:]) and host != entry[2:]
