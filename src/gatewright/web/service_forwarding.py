"""Requests of upstream services: sent on as they come, answered as the upstream answers, both ways piece by piece."""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Awaitable
from typing import Final
from urllib.parse import urlencode

from gatewright.app.parts import Parts
from gatewright.kernel.settings import GlobalSettings
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.services.template import Match
from gatewright.services.upstream_answer import UpstreamAnswer
from gatewright.services.upstream_request import Body as StreamedBody
from gatewright.services.upstream_service import Arrived
from gatewright.web.http import NO_STORE
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Disconnected
from gatewright.web.http import Headers
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import StreamedResponse
from gatewright.web.service_input import Body

Forwarded = tuple[UpstreamAnswer, Headers]
"""An upstream's answer, and those of its headers that pass."""

_MOST_AT_ONCE: Final = 65_536
"""Bytes. A short answer is sent whole, so that a slow client does not keep the upstream's connection."""
_PATIENCE: Final = 0.05
"""Seconds before it is worth to watch whether the client is still there."""
_GONE: Final = 499
# What an upstream answers is data: it must not run as a page of this origin, where the console lives.
_NO_PAGE: Final[Headers] = [
    (b"content-security-policy", b"sandbox; default-src 'none'"),
    (b"x-content-type-options", b"nosniff"),
]


async def forward(
    request: Request,
    parts: Parts,
    catalogue: Catalogue,
    service: Service,
    match: Match | None,
    body: Body | None,
    caller: Caller,
) -> Response:
    """The upstream's answer to an admitted request. body: a form that was read for its token. Raises ServiceError."""
    settings = await parts.directory.settings()
    arrived = Arrived(
        id=request.id,
        method=request.method,
        variables=match.variables if match else None,
        prefix=_prefix(request, match),
        query=request.query.decode("latin-1"),
        headers=request.headers,
        body=_body(request, service, settings, body),
    )
    answer, headers = await _while_there(request, parts.runtime.forward(catalogue, service, arrived, caller))
    headers += _NO_PAGE
    if not any(name == b"cache-control" for name, _ in headers):
        headers.append(NO_STORE)
    if answer.length is None or answer.length > _MOST_AT_ONCE or not answer.has_body:
        return _streamed(answer, headers)
    try:
        return Response(answer.status, await answer.read(), headers)
    finally:
        answer.close()


def _streamed(answer: UpstreamAnswer, headers: Headers) -> Response:
    if answer.length is not None and answer.status not in (204, 304):
        headers.append((b"content-length", b"%d" % answer.length))
    return StreamedResponse(answer.status, headers, answer.chunks(), answer.close)


def _prefix(request: Request, match: Match | None) -> str | None:
    """The path as it stood in the request, up to the rest that the template's last variable takes."""
    if match is None or not match.template.rest:
        return None
    count = len(match.template.segments)
    return b"/".join(request.raw_path.split(b"/")[:count]).decode("latin-1")


def _body(
    request: Request, service: Service, settings: GlobalSettings, read: Body | None
) -> StreamedBody | bytes | None:
    if read is not None:
        return urlencode(read.form).encode()
    declared = request.headers.get(b"content-length")
    if request.method in ("GET", "HEAD") or declared == b"0":
        return None
    if declared is None and b"transfer-encoding" not in request.headers and request.scope["http_version"] < "2":
        return None  # RFC 9112 §6.3: neither of them, so there is no body
    assert service.forwarder is not None
    most = service.forwarder.upstream.limits.request
    most = settings.maximum_body_bytes if most is None else most
    if declared is not None and int(declared) > most:
        raise _too_large(most)
    return StreamedBody(_chunks(request.chunks(most), most), None if declared is None else int(declared))


async def _chunks(chunks: AsyncIterator[bytes], most: int) -> AsyncIterator[bytes]:
    try:
        async for chunk in chunks:
            yield chunk
    except BodyTooLarge:
        raise _too_large(most) from None
    except Disconnected:
        raise ServiceError(_GONE, "The client went away") from None


def _too_large(most: int) -> ServiceError:
    return ServiceError(413, "The body is too large", f"this service takes {most} bytes")


async def _while_there(request: Request, work: Awaitable[Forwarded]) -> Forwarded:
    """Do the work, and stop it when the client goes away. Raises Disconnected then."""
    watch = _Watch(request)
    try:
        answer, headers = await work
    except asyncio.CancelledError:
        if watch.stop():
            raise Disconnected from None
        raise
    except BaseException:
        watch.stop()
        raise
    if watch.stop():
        answer.close()
        raise Disconnected
    return answer, headers


class _Watch:
    """Cancels the present task when the client goes away; it looks only once the work takes some time."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._doing = asyncio.current_task()
        self._later = asyncio.get_running_loop().call_later(_PATIENCE, self._look)
        self._looking: asyncio.Future[None] | None = None
        self._gone = False

    def stop(self) -> bool:
        """Look no more. Whether the client has gone away, and the task was cancelled for that."""
        self._later.cancel()
        if self._looking is not None:
            self._looking.cancel()
        if self._gone and self._doing is not None:
            self._doing.uncancel()
        return self._gone

    def _look(self) -> None:
        self._looking = asyncio.ensure_future(self._request.gone())
        self._looking.add_done_callback(self._found)

    def _found(self, looking: asyncio.Future[None]) -> None:
        if not looking.cancelled() and looking.exception() is None and self._doing is not None:
            self._gone = True
            self._doing.cancel()
