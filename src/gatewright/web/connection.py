"""One HTTP/1.1 connection, by uvicorn on llhttp, with bounds on what it does not bound: heads, the time a request takes to
arrive, the number of connections, and what is begun while there is more to do than can be done."""

import asyncio
import resource
from typing import Any
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gatewright.web.overload import Overload

HEAD_SECONDS: Final = 30.0
"""How long a connection may take to send a request's head, from when it opened or its last request was answered."""
BODY_SECONDS: Final = 300.0
"""How long it may take to send the rest of the request."""
_HEAD_BYTES: Final = 65_536
_TICK_SECONDS: Final = 1.0
_FILES_FOR_OTHERS: Final = 200  # of those that the process may open: its database, its calls out
_SPARED: Final = (b"/health/", b"/console", b"/static/", b"/account", b"/metrics", b"/admin/")
"""What is answered in an overload, too: who has to look after it comes by these."""
_WRITING: Final = (
    b"/oauth/token", b"/oauth/par", b"/oauth/device_authorization",
    b"/invoke/pub.oauth/get", b"/invoke/pub.oauth:get", b"/invoke/pub.oauth/refresh", b"/invoke/pub.oauth:refresh",
)  # fmt: skip
_BUSY: Final = (
    b'{"error":"temporarily_unavailable",'
    b'"error_description":"The server has more to do than it can; try again in a second."}'
)
_REFUSAL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\ncache-control: no-store\r\nretry-after: 1\r\n"
    b"content-length: %d\r\n" % len(_BUSY)
)

overload: Final = Overload()
"""This process's."""
_open: set["Connection"] = set()


class _Refused:
    """Stands for the exchange of a refused request: it is over, and the rest of the request is read and let go."""

    def __init__(self) -> None:
        self.response_complete = True
        self.more_body = False
        self.message_event = asyncio.Event()


_REFUSED: Final[Any] = _Refused()


class Connection(HttpToolsProtocol):
    """A connection of this process.

    Times cost a request nothing: every second all connections are looked at, and those that are where they were for
    too long are closed.
    """

    _unbounded = 0  # bytes of a head, or of what follows a body, that is not complete
    _arriving: object = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """asyncio's."""
        super().connection_made(transport)
        _open.add(self)
        self._since = self.loop.time()
        if len(_open) > most_connections():
            overload.refused += 1
            transport.write(_refusal(b"", stays=False))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        super().connection_lost(exc)
        _open.discard(self)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        self._unbounded += len(data)
        super().data_received(data)
        if self._is_whole():
            self._unbounded = 0
        elif self._unbounded > _HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        """The parser's."""
        if overload.is_on and not self._is_admitted():
            self._refuse()
        else:
            super().on_headers_complete()

    def _is_admitted(self) -> bool:
        """A request that waits for another one of its connection has been let in with that one."""
        if self.url.startswith(_SPARED) or not (self.cycle is None or self.cycle.response_complete):
            return True
        return overload.admits(writes=self.url.startswith(_WRITING))

    def _refuse(self) -> None:
        """Answer 503 before the body is read, and read the connection again when its turn comes."""
        self.scope["path"] = ""
        self.cycle = _REFUSED
        stays = self.parser.should_keep_alive() and not self.expect_100_continue
        self.transport.write(_refusal(self.parser.get_method(), stays=stays))
        if not stays:
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)
        self.flow.pause_reading()
        overload.keep_outside(self._read_again)

    def _read_again(self) -> None:
        if not self.transport.is_closing():
            self.flow.resume_reading()

    def on_body(self, body: bytes) -> None:
        """The parser's."""
        self._unbounded = 0
        super().on_body(body)

    def _is_whole(self) -> bool:
        """Whether the request that is read now has arrived as a whole."""
        return self.scope is not None and "path" in self.scope and not self.cycle.more_body

    def look_at(self, now: float) -> None:
        """Close a connection that has been sending the same part of the same request for too long."""
        whole = self._is_whole()
        if self.timeout_keep_alive_task is not None or (whole and not self.cycle.response_complete):
            self._arriving = None  # uvicorn ends idle ones; what has arrived is ours to answer
            return
        arriving, seconds = self.scope or self, HEAD_SECONDS
        if not whole and self.scope is not None and "path" in self.scope:
            seconds = BODY_SECONDS
        if arriving is not self._arriving:
            self._arriving, self._since = arriving, now
        elif now - self._since > seconds:
            self.transport.abort()


def most_connections() -> int:
    """How many connections this process has at once: one more, and files could not be opened."""
    return max(resource.getrlimit(resource.RLIMIT_NOFILE)[0] - _FILES_FOR_OTHERS, _FILES_FOR_OTHERS)


def _refusal(method: bytes, *, stays: bool) -> bytes:
    """The whole answer; without the body for HEAD (RFC 9110 §9.3.2)."""
    close = b"" if stays else b"connection: close\r\n"
    return b"%s%s\r\n%s" % (_REFUSAL, close, b"" if method == b"HEAD" else _BUSY)


async def watch_over_connections() -> None:
    """Look at all connections of this process, again and again."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        now = loop.time()
        for connection in list(_open):
            connection.look_at(now)
