"""Requests that services send to other servers, kept to public addresses and to the hosts that are listed."""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.kernel.addresses import AddressRefused
from gatewright.kernel.addresses import PrivateHosts
from gatewright.kernel.addresses import is_listed
from gatewright.kernel.lazily import Lazily

if TYPE_CHECKING:
    import httpx
else:
    httpx = Lazily("httpx")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PLACES = 20  # that may use all their connections at once


class _Room:
    """The connections to one place: those that are free, and how many requests have one or wait for one."""

    def __init__(self, connections: int) -> None:
        self.free = asyncio.Semaphore(connections)
        self.users = 0


class Outgoing:
    """The way out for all services of a process: connections kept for each place, so that one that hangs holds up itself.

    private_hosts: asked at each connection for the hosts that may have a private address (`fetch_private_hosts`).
    seconds: for connecting, and between two pieces of an answer. most_bytes: the longest answer.
    connections: at once, to one host and port; requests beyond them wait for `seconds`.
    transport: takes the requests instead of the network, for tests.
    """

    def __init__(
        self,
        private_hosts: PrivateHosts | None = None,
        *,
        seconds: float = 30.0,
        most_bytes: int = 10_000_000,
        connections: int = 50,
        transport: "httpx.AsyncBaseTransport | None" = None,
    ) -> None:
        self._seconds, self._most_bytes, self._connections = seconds, most_bytes, connections
        self._private_hosts = private_hosts or _none
        self._transport = transport
        self._client: httpx.AsyncClient | None = None
        self._rooms: dict[tuple[str, int], _Room] = {}

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def send(self, request: HttpRequest, allowed_hosts: Iterable[str] = ()) -> HttpResponse:
        """Send a request; redirects are not followed, for where they lead was never allowed.

        allowed_hosts: the only ones that may be called, when there are any. Raises HttpFailure when no answer comes.
        """
        address = _address(request.uri)
        self._require_allowed(address, tuple(allowed_hosts))
        try:
            async with (
                self._room(_place(address)),
                self._opened().stream(
                    request.method, address, headers=request.headers, content=request.body
                ) as response,
            ):
                body = await self._read(response)
        except AddressRefused as refused:
            raise HttpFailure("refused", str(refused)) from None
        except httpx.TimeoutException:
            raise HttpFailure("timeout", f"no answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HttpFailure("unreachable", str(error) or type(error).__name__) from None
        return HttpResponse(response.status_code, dict(response.headers.items()), body, response.reason_phrase)

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            from gatewright.kernel.network import GuardedTransport

            transport = self._transport or GuardedTransport(self._private_hosts, self._connections * _PLACES)
            self._client = httpx.AsyncClient(transport=transport, timeout=self._seconds, trust_env=False)
        return self._client

    @asynccontextmanager
    async def _room(self, place: tuple[str, int]) -> AsyncIterator[None]:
        """One of the connections to this place."""
        room = self._rooms.setdefault(place, _Room(self._connections))
        room.users += 1
        try:
            try:
                await asyncio.wait_for(room.free.acquire(), self._seconds)
            except TimeoutError:
                waiting = f"{self._connections} requests to {place[0]} are under way, and none ended"
                raise HttpFailure("timeout", f"{waiting} within {self._seconds:g} s") from None
            try:
                yield
            finally:
                room.free.release()
        finally:
            room.users -= 1
            if not room.users:
                self._rooms.pop(place, None)

    def _require_allowed(self, address: "httpx.URL", allowed: tuple[str, ...]) -> None:
        host, port = _place(address)
        if allowed and not is_listed(host, port, allowed):
            raise HttpFailure("refused", f"{host} is not among the package's allowed_hosts")

    async def _read(self, response: "httpx.Response") -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._most_bytes:
                raise HttpFailure("too large", f"the answer is longer than {self._most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)


def place_of(uri: str) -> tuple[str, int]:
    """The host and port that a request to this address goes to. Raises HttpFailure."""
    return _place(_address(uri))


def _address(uri: str) -> "httpx.URL":
    """The address as it is sent to and judged by: two readings of one text may differ."""
    try:
        address = httpx.URL(uri)
    except httpx.InvalidURL as error:
        raise HttpFailure("refused", f"the address cannot be read: {error}") from None
    if address.scheme not in _DEFAULT_PORTS or not address.host:
        raise HttpFailure("refused", "only http and https addresses can be called")
    return address


def _place(address: "httpx.URL") -> tuple[str, int]:
    return address.host, address.port or _DEFAULT_PORTS[address.scheme]


async def _none() -> Iterable[str]:
    return ()
