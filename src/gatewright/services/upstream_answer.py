"""What an upstream answered, and what its failures are to callers."""

from collections.abc import AsyncIterator
from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import Final

import structlog

from gatewright.services.errors import ServiceError

if TYPE_CHECKING:
    from gatewright.services.upstream_wire import Reply

_WITHOUT_BODY: Final = frozenset({204, 304})
_log = structlog.get_logger("gatewright.upstreams")


class BrokenOff(Exception):
    """The rest of an answer that has begun will not come."""


class UpstreamAnswer:
    """An answer whose body is still to be read. Close it, read or not.

    headers: as they came, names in any case. length: of the body in bytes, if it is known.
    """

    def __init__(self, reply: "Reply", name: str, most: int, done: Callable[[], None]) -> None:
        self.status = reply.status
        self.headers = reply.raw_headers
        self.has_body = reply.method != "HEAD" and reply.status not in _WITHOUT_BODY
        length = reply.header("Content-Length")
        self.length = None if length is None else int(length)
        self._reply, self._name, self._most, self._done = reply, name, most, done
        self._closed = False

    @property
    def content_type(self) -> str:
        """The media type, in lower case, without parameters."""
        return (self._reply.header("Content-Type") or "").partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        """The whole body. Raises ServiceError when it does not come whole, or is longer than allowed."""
        try:
            if self.has_body and self.length is not None:  # which is within its limit
                return await self._all()
            return b"".join([chunk async for chunk in self.chunks()])
        except BrokenOff as error:
            raise ServiceError(502, "The upstream broke off", f"{self._name}: {error}") from None

    async def _all(self) -> bytes:
        import aiohttp

        try:
            body: bytes = await self._reply.content.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._broken(error) from None
        return body

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises BrokenOff when the rest does not come, or is longer than allowed."""
        import aiohttp

        if not self.has_body:
            return
        size = 0
        try:
            async for chunk in self._reply.content.iter_any():
                size += len(chunk)
                if size > self._most:
                    raise BrokenOff(f"its answer is longer than {self._most} bytes")
                yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise self._broken(error) from None

    def _broken(self, error: Exception) -> BrokenOff:
        if self._closed:
            return BrokenOff("nobody waits for it any more")
        _log.warning("upstream broke off", upstream=self._name, reason=str(error) or type(error).__name__)
        return BrokenOff("its answer did not come whole")

    def close(self) -> None:
        """Give the connection back; one whose answer was not read to its end is closed."""
        self._closed = True
        if self._reply.content.at_eof():
            self._reply.release()
        else:
            self._reply.close()
        self._done()

    def __del__(self) -> None:
        self._done()


def failure(error: Exception, name: str) -> ServiceError:
    """The refusal of a call that brought no answer. The log knows more."""
    if isinstance(error, TimeoutError):
        return ServiceError(504, "The upstream took too long", f"{name} did not answer in time")
    return ServiceError(502, "The upstream cannot be reached", f"{name} gave no answer that could be used")
