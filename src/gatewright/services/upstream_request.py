"""What is sent to an upstream."""

from collections.abc import AsyncIterator

import msgspec


class Body:
    """A request's body as it comes. `failed` is what it ended with, when that is not the upstream's fault.

    length: in bytes, if it is known.
    """

    def __init__(self, chunks: AsyncIterator[bytes], length: int | None = None) -> None:
        self._chunks = chunks
        self.length = length
        self.failed: Exception | None = None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._chunks:
                yield chunk
        except Exception as error:
            self.failed = error
            raise


class UpstreamRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request. `target` is path and query below the upstream's origin, percent-encoded.

    headers: without those that frame the body or name the host. body: None: there is none.
    """

    method: str
    target: str
    headers: list[tuple[bytes, bytes]]
    body: Body | bytes | None = None
