"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a request that is sent again is answered again, not done again."""

import hashlib
import re
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any
from typing import Final

import msgspec

from gatewright.app.parts import Parts
from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError
from gatewright.store import idempotency as store
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.service_answers import problem

_KEY: Final = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?\Z')
_CONTEXT: Final = b"answer to "
_MOST_BYTES: Final = 1_000_000
_MARGIN: Final = 30  # seconds after its time limit in which a request that was begun is given up


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    """An answer as it is kept. body: None when it was too long to be."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes | None


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Answer).decode


async def once(
    request: Request,
    parts: Parts,
    caller: Caller,
    service: str,
    values: dict[str, Any],
    keep: int,
    seconds: float,
    perform: Callable[[], Awaitable[Response]],
) -> Response:
    """The answer to a request with a key: the kept one, or what `perform` gives.

    values: the input, which the key goes with. keep: seconds for the answer. seconds: the call's time limit.
    Raises ServiceError: 400 for a bad key, 409 while it is being done, 422 for another input.
    """
    digest = _digest(request, caller, service)
    fingerprint = hashlib.sha256(request.method.encode() + b"\0" + _canonical(values)).digest()
    now = parts.clock()
    known = await parts.database.write(store.begin, digest, fingerprint, now, now + int(seconds) + _MARGIN)
    if known is not None:
        return _again(known, fingerprint, digest, parts)
    try:
        response = await _done(request, perform)
    except BaseException:  # nobody knows how far it came: whoever asks again may do it again
        await parts.database.write(store.give_up, digest)
        raise
    body = response.body if len(response.body) <= _MOST_BYTES else None
    sealed = parts.sealer.seal(_encode(_Answer(response.status, response.headers, body)), _CONTEXT + digest)
    await parts.database.write(store.finish, digest, sealed, parts.clock() + keep)
    return response


async def _done(request: Request, perform: Callable[[], Awaitable[Response]]) -> Response:
    try:
        return await perform()
    except ServiceError as error:
        if error.status >= 500:
            raise
        return problem(error, request)  # a refusal would be the same again


def _digest(request: Request, caller: Caller, service: str) -> bytes:
    found = _KEY.match(request.header(b"idempotency-key") or "")
    if found is None:
        raise ServiceError(400, "The Idempotency-Key cannot be read", "it has 1 to 255 visible ASCII characters")
    if caller.kind == "anonymous":
        raise ServiceError(400, "The Idempotency-Key needs a token", "without one, nobody's requests can be told apart")
    named = "\0".join((caller.client_id or "", caller.subject, service, found[1]))
    return hashlib.sha256(named.encode()).digest()


def _canonical(values: dict[str, Any]) -> bytes:
    return msgspec.json.encode(values, order="deterministic")


def _again(known: store.Known, fingerprint: bytes, digest: bytes, parts: Parts) -> Response:
    if known.fingerprint != fingerprint:
        raise ServiceError(422, "The Idempotency-Key was used before", "it came with another input; use a new key")
    if known.sealed is None:
        words = "the first request with this key is still being done; try again shortly"
        raise ServiceError(409, "It is being done", words, extensions={"retry_after": 1})
    opened = parts.sealer.open(known.sealed, _CONTEXT + digest)
    if opened is None:
        raise ServiceError(409, "It was done before", "its answer was sealed under another master key")
    answer = _decode(opened)
    if answer.body is None:
        raise ServiceError(409, "It was done before", "its answer was too long to be kept")
    return Response(answer.status, answer.body, [*answer.headers, (b"idempotency-replayed", b"true")])
