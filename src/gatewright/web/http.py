"""The small request and response that the hot paths use, over raw ASGI."""

import asyncio
import itertools
import os
import re
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import MutableMapping
from typing import Any
from typing import Final

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

_PROCESS: Final = os.urandom(8).hex().encode()
_COUNT: Final = itertools.count(1)


class BodyTooLarge(Exception):
    """The request's body is larger than allowed; HTTP 413."""


class Disconnected(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


class Request:
    """One HTTP request. `raw_path` is the path as it stood in the request line; `address` is the peer's.

    reference: what the answer carries in X-Request-Id, and logs and receipts name it by (`id`).
    """

    __slots__ = (
        "_read",
        "_receive",
        "address",
        "headers",
        "method",
        "path",
        "query",
        "raw_path",
        "reference",
        "scheme",
        "scope",
    )

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: bytes = scope.get("raw_path") or self.path.encode()
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = _headers(scope["headers"])
        client = scope.get("client")
        self.address: str = client[0] if client else ""
        self.scheme: str = scope.get("scheme", "http")
        self.reference = b"%s%08x" % (_PROCESS, next(_COUNT))
        self._receive = receive
        self._read: asyncio.Event | None = None

    @property
    def id(self) -> str:
        """The reference as text."""
        return self.reference.decode()

    def header(self, name: bytes) -> str | None:
        """A header's value by its lower-case name, or None. Two of a name that matters here are joined by a comma."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def body(self, most: int) -> bytes:
        """The whole body. Raises BodyTooLarge beyond `most` bytes, Disconnected when its end never came."""
        declared = self.headers.get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > most:
            raise BodyTooLarge
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        body: bytes = message.get("body", b"")
        if message.get("more_body"):
            body = await self._rest(body, most)
        if len(body) > most:
            raise BodyTooLarge
        return body

    def chunks(self, most: int) -> AsyncIterator[bytes]:
        """The body piece by piece, as it comes. Raises like `body`."""
        self._read = asyncio.Event()
        return self._pieces(most, self._read)

    async def _pieces(self, most: int, read: asyncio.Event) -> AsyncIterator[bytes]:
        length = 0
        try:
            while True:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                chunk: bytes = message.get("body", b"")
                length += len(chunk)
                if length > most:
                    raise BodyTooLarge
                if chunk:
                    yield chunk
                if not message.get("more_body"):
                    return
        finally:
            read.set()

    async def gone(self) -> None:
        """Return when the client has gone away. A body that nobody reads is lost."""
        if self._read is not None:  # until then, who reads it hears of it
            await self._read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _rest(self, body: bytes, most: int) -> bytes:
        """A body that comes in pieces, and of one that is too large a little more than `most`."""
        pieces, length, more = [body], len(body), True
        while more and length <= most:
            message = await self._receive()
            if message["type"] == "http.disconnect":  # what came so far must not pass for the whole
                raise Disconnected
            pieces.append(message.get("body", b""))
            length += len(pieces[-1])
            more = bool(message.get("more_body"))
        return b"".join(pieces)


def _headers(pairs: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    headers = dict(pairs)
    if len(headers) != len(pairs):
        headers = {}
        for name, value in pairs:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers


class Response:
    """A whole answer."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, body: bytes = b"", headers: Headers | None = None) -> None:
        self.status = status
        self.body = body
        self.headers = headers or []

    async def send(self, request: Request, send: Send) -> None:
        """Send it, with its length and the request's id; without the body for HEAD (RFC 9110 §9.3.2)."""
        headers = [
            *self.headers,
            (b"content-length", b"%d" % len(self.body)),
            (b"x-request-id", request.reference),
        ]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else self.body})


class StreamedResponse(Response):
    """An answer that is sent as it comes; `headers` tell its length where it is known.

    When `chunks` raises, the connection is broken off, so that nobody takes the beginning for the whole.
    close: called once it is sent, or will not be.
    """

    __slots__ = ("_chunks", "_close")

    def __init__(self, status: int, headers: Headers, chunks: AsyncIterator[bytes], close: Callable[[], None]) -> None:
        super().__init__(status, b"", headers)
        self._chunks, self._close = chunks, close

    async def send(self, request: Request, send: Send) -> None:
        """Send it, with the request's id; without the body for HEAD. Stops when the client goes away."""
        gone = asyncio.ensure_future(request.gone())
        gone.add_done_callback(lambda _: self._close())
        try:
            headers = [*self.headers, (b"x-request-id", request.reference)]
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            if request.method != "HEAD":
                async for chunk in self._chunks:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            gone.cancel()
            self._close()


def accepts(accept: bytes, media_type: str) -> bool:
    """Whether an Accept header names that very type with a weight above zero (RFC 9110 §12.5.1)."""
    if not accept:
        return False
    for each in accept.decode("latin-1").lower().split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        if name == media_type:
            return not any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
    return False


def method_not_allowed(*methods: str) -> Response:
    """405 with the methods that are served here (RFC 9110 §15.5.6)."""
    listed = ", ".join(methods)
    body = f'{{"error":"invalid_request","error_description":"This address answers {listed} only."}}'
    return Response(405, body.encode(), [JSON, (b"allow", listed.encode())])


JSON: Final = (b"content-type", b"application/json")
PROBLEM: Final = (b"content-type", b"application/problem+json")
HTML: Final = (b"content-type", b"text/html; charset=utf-8")
NO_STORE: Final = (b"cache-control", b"no-store")
