"""Documents of other servers: key sets (RFC 7517 §5), clients' metadata; and questions to their introspection endpoints.

Whoever names an address may want us to ask it for him (server-side request forgery). So only public addresses are
asked, or hosts that the setting `fetch_private_hosts` lists; over https, which alone proves whose answer it is (plain
http for listed hosts only); redirects lead nowhere; an answer's size and time are bounded.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Final
from urllib.parse import urlsplit

import msgspec

from gatewright.kernel.addresses import AddressRefused
from gatewright.kernel.addresses import PrivateHosts
from gatewright.kernel.addresses import is_listed
from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.freshness import freshness
from gatewright.kernel.lazily import Lazily
from gatewright.kernel.memory import Memory
from gatewright.kernel.memory import WeighedMemory
from gatewright.kernel.single_flight import SingleFlight

if TYPE_CHECKING:
    import httpx
else:
    httpx = Lazily("httpx")

BETWEEN_RENEWALS: Final = 30
"""Seconds. A document is not asked for more often, however many unknown keys are presented."""
FAILURE_KEPT: Final = 30
"""Seconds for which a failure is remembered, and its address left alone."""
_SECONDS: Final = 5.0
_MOST_BYTES: Final = 262_144
_MOST_DOCUMENTS: Final = 1000
_MOST_KEPT_BYTES: Final = 16_777_216  # of all documents together
_CONNECTIONS: Final = 20
_PORTS: Final = {"http": 80, "https": 443}


class FetchFailed(GatewrightError):
    """A document could not be had. `str()` says why, for the log: it may tell of our network."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A fetched document. Times are seconds since the epoch."""

    body: bytes
    etag: str
    fetched_at: int
    fresh_until: int
    usable_until: int


class Answer(msgspec.Struct, frozen=True):
    """An answer as it came. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Fetcher:
    """Fetches and remembers; one for each process.

    seconds: for a whole exchange, name resolution and connecting included.  most_bytes: the longest answer.
    """

    def __init__(
        self, private_hosts: PrivateHosts, clock: Clock, *, seconds: float = _SECONDS, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._private_hosts, self._clock = private_hosts, clock
        self._seconds, self._most_bytes = seconds, most_bytes
        self._client: httpx.AsyncClient | None = None
        self._kept: Memory[str, Document] = WeighedMemory(
            _MOST_DOCUMENTS, lambda document: len(document.body), _MOST_KEPT_BYTES
        )
        self._failures: Memory[str, tuple[int, str]] = Memory(_MOST_DOCUMENTS)
        self._running: SingleFlight[str, Document] = SingleFlight()

    async def close(self) -> None:
        """Close the connections."""
        self._running.cancel()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def get(self, url: str, most_bytes: int | None = None) -> Document:
        """The document at `url`, fetched or remembered by HTTP's rules. Raises FetchFailed.

        most_bytes: the longest answer, where it is shorter than the fetcher's own.
        """
        kept = self._kept.get(url)
        if kept is not None and self._clock() < kept.fresh_until:
            return kept
        try:
            return await self._once(url, most_bytes)
        except FetchFailed:
            if kept is not None and self._clock() < kept.usable_until:
                return kept
            raise

    async def renewed(self, url: str, seen: Document) -> Document:
        """The document at `url` asked for again because `seen` lacks something; `seen` if that was just now, or fails."""
        kept = self._kept.get(url) or seen
        if self._clock() < kept.fetched_at + BETWEEN_RENEWALS:
            return kept
        try:
            return await self._once(url)
        except FetchFailed:
            return kept

    def reject(self, url: str, reason: str) -> None:
        """Forget the document at `url`, which is not what it should be, and leave its address alone for a while."""
        self._kept.forget(url)
        self._failures.put(url, (self._clock() + FAILURE_KEPT, reason))

    async def post(self, url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """Send a form and give the answer, whatever its status. Raises FetchFailed."""
        return await self._exchange("POST", url, dict(headers), self._most_bytes, form)

    async def _once(self, url: str, most_bytes: int | None = None) -> Document:
        """Whoever asks while a request runs gets its outcome; a failure is an answer for a while."""
        until, reason = self._failures.get(url) or (0, "")
        if self._clock() < until:
            raise FetchFailed(reason)
        return await self._running.run(url, lambda: self._fetch(url, most_bytes or self._most_bytes))

    async def _fetch(self, url: str, most_bytes: int) -> Document:
        try:
            document = await self._fetched(url, most_bytes)
        except FetchFailed as failure:
            self._failures.put(url, (self._clock() + FAILURE_KEPT, str(failure)))
            raise
        self._kept.put(url, document)
        return document

    async def _fetched(self, url: str, most_bytes: int) -> Document:
        kept = self._kept.get(url)
        validator = {"if-none-match": kept.etag} if kept and kept.etag else {}
        answer = await self._exchange("GET", url, {"accept": "application/json", **validator}, most_bytes)
        now = self._clock()
        if answer.status == 304 and kept is not None:
            body, etag = kept.body, kept.etag  # RFC 9111 §4.3.4
        elif answer.status == 200:
            body, etag = answer.body, answer.headers.get("etag", "")
        else:
            raise FetchFailed(f"{url} answered {answer.status}; 200 was expected, and redirects are not followed")
        lasts = freshness(answer.headers, now)
        return Document(
            body=body, etag=etag, fetched_at=now, fresh_until=now + lasts.fresh, usable_until=now + lasts.usable
        )

    async def _exchange(
        self, method: str, url: str, headers: dict[str, str], most_bytes: int, form: Mapping[str, str] | None = None
    ) -> Answer:
        await self._refuse_insecure(url)
        headers["accept-encoding"] = "identity"  # a small answer stays small
        try:
            async with (
                asyncio.timeout(self._seconds),
                self._opened().stream(method, url, headers=headers, data=form) as response,
            ):
                body = await _read(url, response, most_bytes)
                return Answer(response.status_code, dict(response.headers), body)
        except AddressRefused as refused:
            raise FetchFailed(str(refused)) from None
        except (TimeoutError, httpx.TimeoutException):
            raise FetchFailed(f"{url} did not answer within {self._seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise FetchFailed(f"{url} cannot be reached: {error or type(error).__name__}") from None

    def _opened(self) -> "httpx.AsyncClient":
        if self._client is None:
            from gatewright.kernel.network import GuardedTransport

            transport = GuardedTransport(self._private_hosts, _CONNECTIONS)
            self._client = httpx.AsyncClient(
                transport=transport, timeout=self._seconds, trust_env=False, follow_redirects=False
            )
        return self._client

    async def _refuse_insecure(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise FetchFailed(f"{url!r} cannot be read: {error}") from None
        if parts.scheme not in _PORTS or not host or "@" in parts.netloc:
            raise FetchFailed(f"{url!r} is no https address")
        if parts.scheme == "http" and not is_listed(host, port, await self._private_hosts()):
            raise FetchFailed(f"{url} is not https, and the setting fetch_private_hosts does not list its host")


async def _read(url: str, response: "httpx.Response", most_bytes: int) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise FetchFailed(f"{url} answered in an encoding that was not asked for")
    parts, size = [], 0
    async for part in response.aiter_raw():
        size += len(part)
        if size > most_bytes:
            raise FetchFailed(f"{url} answered with more than {most_bytes} bytes")
        parts.append(part)
    return b"".join(parts)
