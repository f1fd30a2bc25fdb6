"""Outgoing HTTP: the messages, and a host for flows that run without a server."""

import os
import time
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import Literal

import msgspec

from gatewright.flow.errors import standard_error

if TYPE_CHECKING:
    import httpx


class HttpRequest(msgspec.Struct, frozen=True):
    """A request to another server: an absolute address, headers as they are to be sent."""

    method: str
    uri: str
    headers: dict[str, str] = {}
    body: bytes | None = None


class HttpResponse(msgspec.Struct, frozen=True):
    """An answer of any status. Header names are in lower case, repeated headers joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes
    reason: str = ""


class HttpFailure(Exception):
    """No answer came. `kind` says why; the message may be shown to whoever runs the flow."""

    def __init__(self, kind: Literal["timeout", "unreachable", "refused", "too large"], message: str) -> None:
        super().__init__(message)
        self.kind = kind


Call = Callable[[str, dict[str, object]], Awaitable[object]]


class HttpxHost:
    """A Host on httpx, for `gatewright flow run` and tests.

    `allowed_hosts`: names or name:port that may be called, None for all. Secrets come from `secrets`, else from the
    environment (`GATEWRIGHT_SECRET_NAME`). Redirects are not followed: where they lead was never allowed.
    `call`: calls a built-in service, `pub.*`, by its name and arguments.
    """

    def __init__(
        self,
        *,
        allowed_hosts: frozenset[str] | None = None,
        secrets: Mapping[str, str] | None = None,
        call: Call | None = None,
        seconds: float = 30.0,
        most_bytes: int = 10_000_000,
    ) -> None:
        self.events: list[dict[str, object]] = []
        self._allowed_hosts = allowed_hosts
        self._secrets = dict(secrets or {})
        self._call = call
        self._seconds, self._most_bytes = seconds, most_bytes
        self._client: httpx.AsyncClient | None = None

    async def __aenter__(self) -> "HttpxHost":
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def call(self, name: str, arguments: dict[str, object]) -> object:
        """There are no services here but those that need no server."""
        if self._call is not None and name.startswith("pub."):
            return await self._call(name, arguments)
        raise standard_error("configuration", f"the service {name!r} needs a running server")

    async def request_through(self, connection: str, request: HttpRequest) -> HttpResponse:
        """There are no connections here."""
        raise standard_error("configuration", f"the connection {connection!r} needs a running server", origin="call")

    def secret(self, name: str) -> str | None:
        """A given secret, else one of the environment."""
        if name in self._secrets:
            return self._secrets[name]
        return os.environ.get("GATEWRIGHT_SECRET_" + name.upper().replace("-", "_"))

    def now(self) -> float:
        """The system's time."""
        return time.time()

    async def publish(self, event: dict[str, object]) -> None:
        """Keep the event in `events`."""
        self.events.append(event)

    async def request(self, request: HttpRequest) -> HttpResponse:
        """Send a request. Raises HttpFailure."""
        import httpx  # here, since importing it takes longer than checking a flow

        if self._client is None:
            self._client = httpx.AsyncClient(follow_redirects=False, timeout=self._seconds, trust_env=False)
        try:
            # Whoever sends the request also says which host that is: two readings of an address may differ.
            address = httpx.URL(request.uri)
            self._require_allowed(address.host, address.netloc.decode())
            async with self._client.stream(
                request.method, address, headers=request.headers, content=request.body
            ) as response:
                body = await self._read(response)
        except httpx.TimeoutException:
            raise HttpFailure("timeout", f"no answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HttpFailure("unreachable", str(error) or type(error).__name__) from None
        return HttpResponse(response.status_code, dict(response.headers.items()), body, response.reason_phrase)

    async def _read(self, response: Any) -> bytes:
        parts, size = [], 0
        async for part in response.aiter_bytes():
            size += len(part)
            if size > self._most_bytes:
                raise HttpFailure("too large", f"the answer is longer than {self._most_bytes} bytes")
            parts.append(part)
        return b"".join(parts)

    def _require_allowed(self, host: str, location: str) -> None:
        if self._allowed_hosts is not None and not {host, location} & self._allowed_hosts:
            raise HttpFailure("refused", f"{host} is not among the allowed hosts")
