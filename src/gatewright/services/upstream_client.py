"""The way to one upstream: its own bounded connections, time limits, retries and circuit breaker.

Each upstream has its own in each worker, so that one that hangs takes nothing from the others.
"""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

import msgspec
import structlog

from gatewright.services.breaker import Breaker
from gatewright.services.errors import ServiceError
from gatewright.services.upstream import Upstream
from gatewright.services.upstream_answer import UpstreamAnswer
from gatewright.services.upstream_answer import failure

if TYPE_CHECKING:
    import aiohttp

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110 §9.2.2."""
_UNAVAILABLE: Final = frozenset({502, 503, 504})
_OWN_CREDENTIALS: Final = frozenset({401, 407})
_LEAST_RETRIES: Final = 10.0
_ADDED_BY_AIOHTTP: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
_log = structlog.get_logger("gatewright.upstreams")


class CredentialsRefused(ServiceError):
    """The upstream answered 401 or 407: it does not accept this server's credentials. To callers a 502."""

    def __init__(self, name: str) -> None:
        super().__init__(502, "The upstream refused this server", f"{name} does not accept its credentials")


class Body:
    """A request's body as it comes. `failed` is what it ended with, when that is not the upstream's fault."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self.failed: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except Exception as error:
            self.failed = error
            raise


class UpstreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. `target` is path and query below the upstream's origin, percent-encoded.

    body: its length stands in the headers, if it is known. None: there is none.
    """

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: Body | bytes | None = None


class UpstreamClient:
    """Calls one upstream. `name` is what callers are told, never the address."""

    def __init__(self, upstream: Upstream, name: str) -> None:
        self.upstream = upstream
        self._name = name
        self._origin = f"{upstream.base.scheme}://{upstream.base.netloc}"
        self._places = asyncio.Semaphore(upstream.connections.most)
        self._waiting = 0
        self._active = 0
        self._retries_left = _LEAST_RETRIES
        self._retired = False
        self._closing: asyncio.Future[None] | None = None
        self._breaker = Breaker(upstream.breaker.failures, upstream.breaker.seconds, asyncio.get_running_loop().time)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: UpstreamRequest, seconds: float | None = None) -> UpstreamAnswer:
        """Send, and give the answer when its headers are there; close it.

        seconds: in place of the upstream's own `total`, when that is longer.
        Raises ServiceError: 503 open breaker or no connection free, 504 too slow, 502 no usable answer;
        CredentialsRefused.
        """
        self._refuse_when_open()
        try:
            await self._take_place()
        except BaseException:
            self._breaker.abandoned()
            raise
        self._active += 1
        done = _Once(self._give_place_back)
        try:
            return await self._send(request, min(seconds or self.upstream.time.total, self.upstream.time.total), done)
        except BaseException:
            done()
            raise

    def retire(self) -> None:
        """Close when the calls under way have ended."""
        self._retired = True
        if not self._active:
            self._closing = asyncio.ensure_future(self.close())

    async def close(self) -> None:
        """Close all connections."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _refuse_when_open(self) -> None:
        left = self._breaker.refuses()
        if left is not None:
            raise ServiceError(
                503,
                "The upstream is not available",
                f"{self._name} failed repeatedly and is left alone for a while",
                extensions={"retry_after": max(1, round(left))},
            )

    async def _take_place(self) -> None:
        connections = self.upstream.connections
        if self._places.locked():
            if self._waiting >= connections.waiting:
                raise self._busy()
            self._waiting += 1
            try:
                async with asyncio.timeout(connections.wait):
                    await self._places.acquire()
            except TimeoutError:
                raise self._busy() from None
            finally:
                self._waiting -= 1
        else:
            await self._places.acquire()

    def _busy(self) -> ServiceError:
        return ServiceError(
            503,
            "The upstream is busy",
            f"all connections to {self._name} are in use; try again shortly",
            extensions={"retry_after": 1},
        )

    def _give_place_back(self) -> None:
        self._places.release()
        self._active -= 1
        if self._retired and not self._active:
            self._closing = asyncio.ensure_future(self.close())

    async def _send(self, request: UpstreamRequest, seconds: float, done: Callable[[], None]) -> UpstreamAnswer:
        settings = self.upstream.retries
        end = asyncio.get_running_loop().time() + seconds
        self._retries_left = min(_LEAST_RETRIES, self._retries_left + settings.share)
        most = settings.most if request.body is None and request.method in _IDEMPOTENT else 0
        for attempt in range(most + 1):
            is_last = attempt == most
            try:
                response = await self._attempt(request, end)
            except ServiceError:
                if is_last or not self._may_retry():
                    raise
            else:
                if is_last or not self._is_worth_a_retry(response) or not self._may_retry():
                    return self._answer(response, done)
                response.close()
            await asyncio.sleep(random.uniform(0, settings.backoff * 2**attempt))  # noqa: S311
            self._refuse_when_open()
        raise AssertionError("unreachable")

    def _is_worth_a_retry(self, response: "aiohttp.ClientResponse") -> bool:
        # RFC 9110 §10.2.3: an API that says when to come again does not mean at once.
        return response.status in self.upstream.retries.statuses and "Retry-After" not in response.headers

    def _may_retry(self) -> bool:
        """Retries are a share of all calls, so that they don't keep down an API that cannot cope."""
        if self._retries_left < 1:
            return False
        self._retries_left -= 1
        return True

    async def _attempt(self, request: UpstreamRequest, end: float) -> "aiohttp.ClientResponse":
        import aiohttp
        from yarl import URL

        time = self.upstream.time
        left = end - asyncio.get_running_loop().time()
        try:
            response = await self._opened().request(
                request.method,
                URL(self._origin + request.target, encoded=True),
                headers=request.headers,
                data=request.body,
                allow_redirects=False,
                skip_auto_headers=_ADDED_BY_AIOHTTP,
                timeout=aiohttp.ClientTimeout(total=max(left, 0.001), connect=time.connect, sock_read=time.first_byte),
            )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            if isinstance(request.body, Body) and request.body.failed is not None:
                self._breaker.abandoned()
                raise request.body.failed from None
            self._count_failure(error)
            raise failure(error, self._name) from None
        except BaseException:
            self._breaker.abandoned()
            raise
        if response.status in _UNAVAILABLE:
            self._count_failure(f"it answered {response.status}")
        else:
            self._breaker.succeeded()
        return response

    def _count_failure(self, reason: object) -> None:
        _log.warning("upstream failed", upstream=self._name, reason=str(reason) or type(reason).__name__)
        if self._breaker.failed():
            _log.error("upstream left alone", upstream=self._name, seconds=self.upstream.breaker.seconds)

    def _answer(self, response: "aiohttp.ClientResponse", done: Callable[[], None]) -> UpstreamAnswer:
        if response.status in _OWN_CREDENTIALS:
            response.close()
            _log.error("upstream refused our credentials", upstream=self._name, status=response.status)
            raise CredentialsRefused(self._name)
        most = self.upstream.limits.response
        if response.content_length is not None and response.content_length > most and response.method != "HEAD":
            response.close()
            _log.error("upstream's answer is too long", upstream=self._name, bytes=response.content_length)
            raise ServiceError(502, "The upstream's answer is too long", f"{self._name} may answer {most} bytes")
        return UpstreamAnswer(response, self._name, most, done)

    def _opened(self) -> "aiohttp.ClientSession":
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self.upstream.connections.most, resolver=_resolver(self.upstream.base.hostname or "")
                ),
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
            # It would send again by itself, outside of our budget, and a body that came as a stream as an empty one.
            self._session._retry_connection = False
        return self._session


class _Once:
    """Calls what it holds the first time it is called."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._work: Callable[[], None] | None = work

    def __call__(self) -> None:
        work, self._work = self._work, None
        if work is not None:
            work()


def _resolver(declared: str) -> Any:
    """Names' addresses. A declared host may be private; link-local ones, where clouds keep credentials, only as literals."""
    import ipaddress

    from aiohttp.resolver import ThreadedResolver

    class Resolver(ThreadedResolver):
        async def resolve(self, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
            found = await super().resolve(host, port, family)
            for each in found:
                address = ipaddress.ip_address(each["host"].partition("%")[0])
                address = getattr(address, "ipv4_mapped", None) or address
                if address.is_link_local or address.is_multicast or address.is_unspecified:
                    raise OSError(f"{declared} has the address {address}, which names may not lead to")
            return found

    return Resolver()
