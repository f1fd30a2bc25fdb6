"""What `http` in a package.yaml adds to answers: caching (RFC 9111), ETags (RFC 9110 §8.8.3), compression."""

import asyncio
import gzip
import hashlib
from typing import Final

from gatewright.services.face import Cache
from gatewright.services.face import Face
from gatewright.web.http import NO_STORE
from gatewright.web.http import Headers
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import StreamedResponse
from gatewright.web.http import accepts

_LEAST_COMPRESSED: Final = 1024
_MOST_AT_ONCE: Final = 262_144
"""Bytes. Compressing more takes milliseconds that belong to other requests, so a thread does it."""
_LEVEL: Final = 5
_COMPRESSIBLE: Final = (b"json", b"xml", b"text/", b"x-www-form-urlencoded")
_SAFE: Final = frozenset({"GET", "HEAD"})
_KEPT_BY_304: Final = frozenset({b"cache-control", b"content-location", b"etag", b"expires", b"vary"})


async def dressed(face: Face, request: Request, response: Response) -> Response:
    """The answer with what its package says of it. One that is streamed passes as it is."""
    if isinstance(response, StreamedResponse) or response.status != 200:
        return response
    headers = list(response.headers)
    if request.method in _SAFE:
        _add_validators(face, response.body, headers)
        if _is_known(request, headers):
            return Response(304, b"", [pair for pair in headers if pair[0] in _KEPT_BY_304])
    response.headers = headers
    return await _compressed(request, response) if face.compress else response


def _add_validators(face: Face, body: bytes, headers: Headers) -> None:
    names = {name for name, _ in headers}
    if any(pair is NO_STORE for pair in headers):  # the usual one; what a flow or an upstream says stays
        said = (
            _cache_control(face.cache) if face.cache is not None else b"private, no-cache" if face.etag else b"no-store"
        )
        headers[:] = [(b"cache-control", said) if pair is NO_STORE else pair for pair in headers]
    if (face.etag or face.cache is not None) and b"etag" not in names:
        headers.append((b"etag", b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()))
    if face.cache is not None or face.etag:
        add_vary(headers, b"Accept")
    if face.cache is not None and face.cache.public:
        add_vary(headers, b"Origin")  # what a shared cache keeps of a request without an origin has no CORS headers


def _cache_control(cache: Cache) -> bytes:
    # RFC 9111 §3.5: shared caches keep no answer to a request with Authorization unless it says public.
    return b"%s, max-age=%d" % (b"public" if cache.public else b"private", cache.seconds)


def _is_known(request: Request, headers: Headers) -> bool:
    """Whether `If-None-Match` names the answer's ETag; weak comparison (RFC 9110 §13.1.2)."""
    asked = request.headers.get(b"if-none-match")
    own = next((value for name, value in headers if name == b"etag"), None)
    if asked is None or own is None:
        return False
    named = {each.strip().removeprefix(b"W/") for each in asked.split(b",")}
    opaque = own.removeprefix(b"W/")
    return asked.strip() == b"*" or opaque in named or opaque[:-1] + b'-gzip"' in named


async def _compressed(request: Request, response: Response) -> Response:
    names = dict(response.headers)
    kind = names.get(b"content-type", b"")
    if b"content-encoding" in names or not any(each in kind for each in _COMPRESSIBLE):
        return response
    add_vary(response.headers, b"Accept-Encoding")
    if len(response.body) < _LEAST_COMPRESSED or not accepts(request.headers.get(b"accept-encoding", b""), "gzip"):
        return response
    if len(response.body) > _MOST_AT_ONCE:
        body = await asyncio.to_thread(_gzip, response.body)
    else:
        body = _gzip(response.body)
    # A strong ETag is of these very bytes.
    headers = [(name, value[:-1] + b'-gzip"') if name == b"etag" else (name, value) for name, value in response.headers]
    return Response(response.status, body, [*headers, (b"content-encoding", b"gzip")])


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)


def add_vary(headers: Headers, name: bytes) -> None:
    """Say that the answer depends on a request's header (RFC 9110 §12.5.5)."""
    for number, (each, value) in enumerate(headers):
        if each == b"vary":
            headers[number] = (b"vary", value + b", " + name)
            return
    headers.append((b"vary", name))
