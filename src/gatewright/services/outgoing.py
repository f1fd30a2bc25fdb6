"""Requests to other servers, kept to public addresses and to the hosts that are listed."""

import asyncio
import socket
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore
import httpx

from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.services.addresses import is_listed
from gatewright.services.addresses import is_public

PrivateHosts = Callable[[], Awaitable[Iterable[str]]]

_DEFAULT_PORTS = {"http": 80, "https": 443}


class Outgoing:
    """The way out for all services of a process: one pool of connections.

    private_hosts: asked at each connection for the hosts that may have a private address (`fetch_private_hosts`).
    seconds: for connecting, and between two pieces of an answer. most_bytes: the longest answer.
    """

    def __init__(
        self,
        private_hosts: PrivateHosts | None = None,
        *,
        seconds: float = 30.0,
        most_bytes: int = 10_000_000,
        connections: int = 100,
    ) -> None:
        self._seconds, self._most_bytes, self._connections = seconds, most_bytes, connections
        self._private_hosts = private_hosts or _none
        self._client: httpx.AsyncClient | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(self, request: HttpRequest, allowed_hosts: Iterable[str] = ()) -> HttpResponse:
        """Send a request; redirects are not followed, for where they lead was never allowed.

        allowed_hosts: the only ones that may be called, when there are any. Raises HttpFailure when no answer comes.
        """
        self._require_allowed(request.uri, tuple(allowed_hosts))
        try:
            async with self._opened().stream(
                request.method, request.uri, headers=request.headers, content=request.body
            ) as response:
                body = await self._read(response)
        except _Refused as refused:
            raise HttpFailure("refused", str(refused)) from None
        except httpx.TimeoutException:
            raise HttpFailure("timeout", f"no answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HttpFailure("unreachable", str(error) or type(error).__name__) from None
        return HttpResponse(response.status_code, dict(response.headers.items()), body, response.reason_phrase)

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            transport = _Transport(_GuardedNetwork(self._private_hosts), self._connections)
            self._client = httpx.AsyncClient(transport=transport, timeout=self._seconds, trust_env=False)
        return self._client

    def _require_allowed(self, uri: str, allowed: tuple[str, ...]) -> None:
        try:
            parts = urlsplit(uri)
            host, port = parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise HttpFailure("refused", f"the address cannot be read: {error}") from None
        if parts.scheme not in _DEFAULT_PORTS or not host:
            raise HttpFailure("refused", "only http and https addresses can be called")
        if allowed and not is_listed(host, port, allowed):
            raise HttpFailure("refused", f"{host} is not among the package's allowed_hosts")

    async def _read(self, response: httpx.Response) -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._most_bytes:
                raise HttpFailure("too large", f"the answer is longer than {self._most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


async def _none() -> Iterable[str]:
    return ()


class _Refused(Exception):
    """A connection that the rules forbid."""


class _Transport(httpx.AsyncHTTPTransport):
    """httpx's own transport over a network of ours; it has no parameter for that."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, connections: int) -> None:
        super().__init__(trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=connections,
            keepalive_expiry=5.0,
            network_backend=network,
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
                raise _Refused(f"{host} is at a private address, and the setting fetch_private_hosts does not list it")
        return addresses

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
