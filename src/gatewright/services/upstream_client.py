"""The way to one upstream: its own bounded connections, time limits, retries and circuit breaker.

Each upstream has its own in each worker, so that one that hangs takes nothing from the others.
"""

import asyncio
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Any
from typing import Final

import structlog

from gatewright.services.breaker import Breaker
from gatewright.services.errors import ServiceError
from gatewright.services.upstream import Upstream
from gatewright.services.upstream_answer import UpstreamAnswer
from gatewright.services.upstream_answer import failure
from gatewright.services.upstream_request import Body
from gatewright.services.upstream_request import UpstreamRequest

if TYPE_CHECKING:
    from gatewright.services.upstream_wire import Reply
    from gatewright.services.upstream_wire import Wire

_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110 §9.2.2."""
_UNAVAILABLE: Final = frozenset({502, 503, 504})
_OWN_CREDENTIALS: Final = frozenset({401, 407})
_LEAST_RETRIES: Final = 10.0
_log = structlog.get_logger("gatewright.upstreams")


class CredentialsRefused(ServiceError):
    """The upstream answered 401 or 407: it does not accept this server's credentials. To callers a 502."""

    def __init__(self, name: str) -> None:
        super().__init__(502, "The upstream refused this server", f"{name} does not accept its credentials")


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
        self._wire: Wire | None = None

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
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()

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
                reply = await self._attempt(request, end)
            except ServiceError:
                if is_last or not self._may_retry():
                    raise
            else:
                if is_last or not self._is_worth_a_retry(reply) or not self._may_retry():
                    return self._answer(reply, done)
                reply.close()
            await asyncio.sleep(random.uniform(0, settings.backoff * 2**attempt))  # noqa: S311
            self._refuse_when_open()
        raise AssertionError("unreachable")

    def _is_worth_a_retry(self, reply: "Reply") -> bool:
        # RFC 9110 §10.2.3: an API that says when to come again does not mean at once.
        return reply.status in self.upstream.retries.statuses and reply.header("Retry-After") is None

    def _may_retry(self) -> bool:
        """Retries are a share of all calls, so that they don't keep down an API that cannot cope."""
        if self._retries_left < 1:
            return False
        self._retries_left -= 1
        return True

    async def _attempt(self, request: UpstreamRequest, end: float) -> "Reply":
        import aiohttp

        try:
            reply = await self._opened().ask(request, end)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            if isinstance(request.body, Body) and request.body.failed is not None:
                self._breaker.abandoned()
                raise request.body.failed from None
            self._count_failure(error)
            raise failure(error, self._name) from None
        except BaseException:
            self._breaker.abandoned()
            raise
        if reply.status in _UNAVAILABLE:
            self._count_failure(f"it answered {reply.status}")
        else:
            self._breaker.succeeded()
        return reply

    def _count_failure(self, reason: object) -> None:
        _log.warning("upstream failed", upstream=self._name, reason=str(reason) or type(reason).__name__)
        if self._breaker.failed():
            _log.error("upstream left alone", upstream=self._name, seconds=self.upstream.breaker.seconds)

    def _answer(self, reply: "Reply", done: Callable[[], None]) -> UpstreamAnswer:
        if reply.status in _OWN_CREDENTIALS:
            reply.close()
            _log.error("upstream refused our credentials", upstream=self._name, status=reply.status)
            raise CredentialsRefused(self._name)
        most = self.upstream.limits.response
        answer = UpstreamAnswer(reply, self._name, most, done)
        if answer.length is not None and answer.length > most and reply.method != "HEAD":
            reply.close()
            _log.error("upstream's answer is too long", upstream=self._name, bytes=answer.length)
            raise ServiceError(502, "The upstream's answer is too long", f"{self._name} may answer {most} bytes")
        return answer

    def _opened(self) -> "Wire":
        if self._wire is None:
            from gatewright.services.upstream_wire import Wire

            self._wire = Wire(self.upstream, _resolver(self.upstream.base.hostname or ""))
        return self._wire


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
