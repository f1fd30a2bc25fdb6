"""The way out to other servers: public addresses, and the private ones of hosts that are listed."""

import asyncio
import socket
import sys
from collections.abc import Iterable
from importlib.util import find_spec

import httpcore
import httpx

from gatewright.kernel.addresses import AddressRefused
from gatewright.kernel.addresses import PrivateHosts
from gatewright.kernel.addresses import is_listed
from gatewright.kernel.addresses import is_public

if "sniffio" not in sys.modules and find_spec("sniffio") is None:
    # httpcore looks for it six times per request; where it is not installed, that takes a quarter of a call's time.
    sys.modules["sniffio"] = None  # type: ignore[assignment]


class GuardedTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a network of ours; it has no parameter for that. It knows no proxy.

    Certificates are checked by the usual authorities, or by those that SSL_CERT_FILE or SSL_CERT_DIR names.

    Raises AddressRefused for a host that may not be reached.
    """

    def __init__(self, private_hosts: PrivateHosts, connections: int) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=True),  # SSL_CERT_FILE, SSL_CERT_DIR: an own authority
            max_connections=connections,
            keepalive_expiry=5.0,
            network_backend=_GuardedNetwork(private_hosts),
        )


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves a name once and connects to the very address that was judged, so that no later answer of DNS counts."""

    def __init__(self, private_hosts: PrivateHosts) -> None:
        self._private_hosts = private_hosts
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the name httpcore gives it
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in await self._addresses(host, port, timeout):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def _addresses(self, host: str, port: int, seconds: float | None) -> list[str]:
        try:
            async with asyncio.timeout(seconds):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except TimeoutError:
            raise httpcore.ConnectTimeout(f"{host} was not resolved in time") from None
        except (OSError, UnicodeError):
            raise httpcore.ConnectError(f"{host} cannot be resolved") from None
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not is_listed(host, port, await self._private_hosts()):
            private = [address for address in addresses if not is_public(address)]
            if private:
                raise AddressRefused(
                    f"{host} is at a private address, and the setting fetch_private_hosts does not list it"
                )
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
