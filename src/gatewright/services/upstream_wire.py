"""Requests to one upstream on the connections of aiohttp's pool, without what its session does around each of them.

`ClientSession` makes a URL, copies headers into multidicts, asks for cookies, redirects, traces and proxies, and sets
three timers: more work than the rest of a small call. What is taken of it is what must not be our own: the pool with
its rules for using a connection again, TLS, resolving, the parser (llhttp), flow control.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from typing import Final

import aiohttp
from aiohttp.http import HttpProcessingError
from aiohttp.http import StreamWriter
from yarl import URL

from gatewright.services.upstream import Upstream
from gatewright.services.upstream_request import Body
from gatewright.services.upstream_request import UpstreamRequest

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler
    from aiohttp.connector import Connection

_LONGEST_AT_ONCE: Final = 65_536
"""Bytes. A body up to this length leaves with its head; a longer one as the connection takes it."""
_WITHOUT_LENGTH: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""RFC 9110 §8.6: no Content-Length without a body where the method foresees none."""
_NOT_IN_A_TARGET: Final = re.compile(rb"[\x00-\x20\x7f]")


class Wire:
    """The connections to an upstream. resolver: of names, and the judge of where they may lead."""

    def __init__(self, upstream: Upstream, resolver: aiohttp.abc.AbstractResolver) -> None:
        origin = URL(f"{upstream.base.scheme}://{upstream.base.netloc}/", encoded=True)
        self._host = f"Host: {origin.host_port_subcomponent}\r\n".encode("ascii")
        self._connector = aiohttp.TCPConnector(limit=upstream.connections.most, resolver=resolver)
        self._opening = aiohttp.ClientRequest("GET", origin)  # tells the pool where connections lead, all of them
        self._connect = upstream.time.connect
        self._silence = upstream.time.first_byte
        self._timeout = aiohttp.ClientTimeout(connect=self._connect)

    async def close(self) -> None:
        """Close all connections."""
        await self._connector.close()

    async def ask(self, request: UpstreamRequest, end: float) -> "Reply":
        """Send a request, and give the answer when its headers are there. end: of the loop's time, for the whole call.

        Raises aiohttp.ClientError, OSError, TimeoutError; ValueError for what cannot stand in a request.
        """
        head = self._head(request)
        left = end - asyncio.get_running_loop().time()
        timeout = self._timeout if left > self._connect else aiohttp.ClientTimeout(connect=max(left, 0.001))
        reply = Reply(request.method, await self._connector.connect(self._opening, traces=[], timeout=timeout))
        try:
            await reply.begin(head, request.body, self._silence, end)
        except HttpProcessingError as error:
            reply.close()
            raise aiohttp.ClientError(f"its answer cannot be read: {error.message}") from None
        except BaseException:
            reply.close()
            raise
        return reply

    def _head(self, request: UpstreamRequest) -> bytes:
        """RFC 9112 §3, §5, §6."""
        method, headers, body = request.method, request.headers, request.body
        place = request.target.encode("latin-1")
        if _NOT_IN_A_TARGET.search(place):
            raise ValueError("a character of the address must be percent-encoded")
        if isinstance(body, Body):
            length = (
                b"Transfer-Encoding: chunked\r\n" if body.length is None else b"Content-Length: %d\r\n" % body.length
            )
        elif body is None and method in _WITHOUT_LENGTH:
            length = b""
        else:
            length = b"Content-Length: %d\r\n" % len(body or b"")
        lines = b"".join([b"%b: %b\r\n" % pair for pair in headers])
        if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers) or b"\0" in lines:
            raise ValueError("a header's value is one line")
        return b"%b %b HTTP/1.1\r\n%b%b%b\r\n" % (method.encode("ascii"), place, self._host, lines, length)


class Reply:
    """An answer that is still to be read. Release it when it was read to its end, else close it.

    raw_headers: names as they came. content: the body.
    """

    status: int
    raw_headers: tuple[tuple[bytes, bytes], ...]
    content: aiohttp.StreamReader

    def __init__(self, method: str, connection: "Connection") -> None:
        self.method = method
        self._connection: Connection | None = connection
        self._writing: asyncio.Task[None] | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def begin(self, head: bytes, body: Body | bytes | None, silence: float, end: float) -> None:
        """Send the request, and read the answer's head. silence: seconds without a byte that are too many."""
        assert self._connection is not None
        protocol = self._connection.protocol
        assert protocol is not None
        if protocol.transport is None:
            raise aiohttp.ServerDisconnectedError
        protocol.set_response_params(
            skip_payload=self.method == "HEAD", read_until_eof=True, auto_decompress=False, read_timeout=silence
        )
        self._ending = asyncio.get_running_loop().call_at(end, self._expire)
        if body is None or (isinstance(body, bytes) and len(body) <= _LONGEST_AT_ONCE):
            protocol.transport.write(head + body if body else head)
            protocol.start_timeout()
        else:
            protocol.transport.write(head)
            self._writing = asyncio.ensure_future(_write(body, protocol))
        message, self.content = await protocol.read()
        while message.code < 200:  # RFC 9110 §15.2: interim, of which there may be several
            if message.code == 101:
                raise aiohttp.ClientError("it switched to a protocol that nobody asked for")
            message, self.content = await protocol.read()
        self.status, self.raw_headers, self._headers = message.code, message.raw_headers, message.headers

    def header(self, name: str) -> str | None:
        """The first value of a header, by its name in any case."""
        return self._headers.get(name)

    def release(self) -> None:
        """Give the connection back to the pool, which closes it where it cannot be used again."""
        if self._writing is not None and not self._writing.done():
            self.close()  # the answer came before the request was sent whole
        elif self._connection is not None:
            self._done().release()

    def close(self) -> None:
        """Close the connection; who still waits for a part of the answer gets aiohttp.ClientConnectionError."""
        if self._writing is not None:
            self._writing.cancel()
        if self._connection is not None:
            self._done().close()
        self._end_waiting(aiohttp.ClientConnectionError("the call was ended"))

    def _done(self) -> "Connection":
        assert self._connection is not None
        connection, self._connection = self._connection, None
        if self._ending is not None:
            self._ending.cancel()
        return connection

    def _expire(self) -> None:
        """The time for the whole call is over: whoever waits for a part of the answer is told."""
        if self._connection is None or self._connection.protocol is None:
            return
        over = aiohttp.SocketTimeoutError("the call took too long")
        self._connection.protocol.set_exception(over)
        self._end_waiting(over)

    def _end_waiting(self, error: Exception) -> None:
        """A closed connection forgets who reads from it, so the reader is told here."""
        content = getattr(self, "content", None)
        if content is not None and not content.is_eof():
            content.set_exception(error)


async def _write(body: Body | bytes, protocol: "ResponseHandler") -> None:
    """Send a body piece by piece; whoever waits for the answer is told what goes wrong."""
    writer = StreamWriter(protocol, asyncio.get_running_loop())
    length = len(body) if isinstance(body, bytes) else body.length
    if length is None:
        writer.enable_chunking()
    size = 0
    try:
        async for chunk in _pieces(body) if isinstance(body, bytes) else body:
            size += len(chunk)
            if length is not None and size > length:
                break
            if chunk:
                await writer.write(chunk)
        if length is not None and size != length:
            raise aiohttp.ClientError(f"the body has {size} bytes and not {length}, as was said of it")
        await writer.write_eof()
        protocol.start_timeout()
    except Exception as error:
        protocol.set_exception(error)


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _LONGEST_AT_ONCE):
        yield body[start : start + _LONGEST_AT_ONCE]
