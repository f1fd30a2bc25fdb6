"""One HTTP/1.1 connection, by uvicorn on llhttp, with bounds on what it does not bound: heads, and the time a request takes to arrive."""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS: Final = 30.0
"""How long a connection may take to send a request's head, from when it opened or its last request was answered."""
BODY_SECONDS: Final = 300.0
"""How long it may take to send the rest of the request."""
_HEAD_BYTES: Final = 65_536
_TICK_SECONDS: Final = 1.0

_open: set["Connection"] = set()


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


async def watch_over_connections() -> None:
    """Look at all connections of this process, again and again."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(_TICK_SECONDS)
        now = loop.time()
        for connection in list(_open):
            connection.look_at(now)
