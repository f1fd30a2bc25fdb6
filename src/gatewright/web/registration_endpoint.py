"""Client registration over HTTP (RFC 7591 §3, RFC 7592 §2): `/oauth/register` and below."""

import hashlib
from typing import Any
from typing import Final

import msgspec

from gatewright.admin import registration
from gatewright.admin.actor import By
from gatewright.app.parts import Parts
from gatewright.kernel.errors import Unavailable
from gatewright.oauth.errors import InvalidClientMetadata
from gatewright.oauth.errors import InvalidToken
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.errors import TooManyRequests
from gatewright.store import failures
from gatewright.store.database import Transaction
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.oauth_endpoints import refusal
from gatewright.web.oauth_endpoints import unavailable
from gatewright.web.parameters import OAUTH_BODY_BYTES
from gatewright.web.parameters import Unreadable
from gatewright.web.parameters import json_object
from gatewright.web.refusals import Refusing
from gatewright.web.refusals import note_method
from gatewright.web.transport import refuse_plain_http

PATH: Final = "/oauth/register"
_CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="gatewright", error="invalid_token"')


async def register(request: Request, parts: Parts) -> Response:
    """`POST /oauth/register`, and `GET`, `PUT`, `DELETE` of `/oauth/register/{client_id}`."""
    client_id = request.path[len(PATH) + 1 :]
    methods = ("GET", "PUT", "DELETE") if client_id else ("POST",)
    if request.method not in methods:
        note_method(Refusing("register", request, parts), *methods)
        return method_not_allowed(*methods, "OPTIONS")
    try:
        refuse_plain_http(request, await parts.directory.settings())
        return await (_manage(request, parts, client_id) if client_id else _register(request, parts))
    except InvalidToken as error:
        return _with(refusal(error, Refusing("register", request, parts)), _CHALLENGE)
    except TooManyRequests as error:
        return _with(refusal(error, Refusing("register", request, parts)), (b"retry-after", b"%d" % error.retry_after))
    except OAuthError as error:
        return refusal(error, Refusing("register", request, parts))
    except BodyTooLarge:
        words = f"The body is larger than {OAUTH_BODY_BYTES} bytes."
        return refusal(InvalidClientMetadata(words), Refusing("register", request, parts), status=413)
    except Unavailable as error:
        return unavailable(error, request)


async def _register(request: Request, parts: Parts) -> Response:
    await _throttle(request, parts)
    document = await _document(request)
    answer = await parts.database.write(
        registration.register, _by(parts), document, _bearer(request), parts.server.issuer
    )
    return _answer(201, answer)


async def _manage(request: Request, parts: Parts, client_id: str) -> Response:
    token, issuer = _bearer(request), parts.server.issuer
    if request.method == "GET":
        return _answer(200, await parts.database.read(registration.read, client_id, token, issuer))
    if request.method == "DELETE":
        await parts.database.write(registration.delete, _by(parts), client_id, token)
        return Response(204, b"", [NO_STORE])
    await parts.database.read(registration.read, client_id, token, issuer)
    document = await _document(request)
    changed = await parts.database.write(registration.update, _by(parts), client_id, document, token, issuer)
    return _answer(200, changed)


async def _throttle(request: Request, parts: Parts) -> None:
    """As many registrations of one address as failed passwords of one user."""
    settings, now = await parts.directory.settings(), parts.clock()
    if settings.dynamic_registration == "closed":
        return
    key = "registration:" + hashlib.sha256(request.address.encode()).hexdigest()
    until = await parts.database.write(_count, key, settings.throttle_failures, settings.throttle_window, now)
    if until > now:
        raise TooManyRequests("Too many registrations; try again later.", retry_after=until - now)


def _count(transaction: Transaction, key: str, most: int, window: int, now: int) -> int:
    until = failures.blocked_until(transaction, [key], most, now)
    if until <= now:
        failures.count(transaction, [key], window, now)
    return until


async def _document(request: Request) -> dict[str, Any]:
    if request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
        raise InvalidClientMetadata("The body must be application/json.")
    try:
        return json_object(await request.body(OAUTH_BODY_BYTES))
    except Unreadable as error:
        raise InvalidClientMetadata(str(error)) from error


def _bearer(request: Request) -> str | None:
    scheme, _, token = (request.header(b"authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _by(parts: Parts) -> By:
    return By(registration.ACTOR, parts.clock(), lambda: parts.sealer)


def _answer(status: int, document: dict[str, Any]) -> Response:
    return Response(status, msgspec.json.encode(document), [JSON, NO_STORE, (b"pragma", b"no-cache")])


def _with(response: Response, header: tuple[bytes, bytes]) -> Response:
    response.headers = [*response.headers, header]
    return response
