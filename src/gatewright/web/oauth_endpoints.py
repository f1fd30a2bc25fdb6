"""The authorization server's JSON endpoints over HTTP: token, introspection, revocation, metadata."""

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any
from typing import Final

import msgspec
import structlog

from gatewright.app.parts import Parts
from gatewright.identity.throttle import TooManyFailures
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.device_authorization import authorize_device
from gatewright.oauth.errors import InvalidClient
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import OAuthError
from gatewright.oauth.errors import UnsupportedGrantType
from gatewright.oauth.errors import UseDpopNonce
from gatewright.oauth.introspect import introspect
from gatewright.oauth.metadata import metadata
from gatewright.oauth.par import push
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.revoke import revoke
from gatewright.oauth.rules import Endpoint
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.oauth.signed_introspection import MEDIA_TYPE
from gatewright.oauth.signed_introspection import introspect_signed
from gatewright.oauth.token import token
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import accepts
from gatewright.web.http import method_not_allowed
from gatewright.web.parameters import OAUTH_BODY_BYTES
from gatewright.web.parameters import oauth_parameters
from gatewright.web.possession import sender
from gatewright.web.possession import with_next_nonce
from gatewright.web.refusals import Refusing
from gatewright.web.refusals import note_method
from gatewright.web.refusals import note_refusal
from gatewright.web.refusals import note_slowed_down
from gatewright.web.transport import refuse_plain_http

Operation = Callable[[Parameters, str | None, Sender, AuthorizationServer], Awaitable[Any]]
Handler = Callable[[Request, Parts], Awaitable[Response]]

_ANSWER: Final = [JSON, NO_STORE, (b"pragma", b"no-cache")]
_JWK_SET: Final = (b"content-type", b"application/jwk-set+json")
_JWKS_SECONDS: Final = 300  # half the shortest key_announcement: a new key is known everywhere before it is used
_UNREAD: Final[Parameters] = {}
_encode: Final = msgspec.json.Encoder().encode
_log = structlog.get_logger("gatewright.oauth")


def _json(answer: Any) -> Response:
    return Response(200, _encode(answer), _ANSWER)


def _created(answer: Any) -> Response:
    return Response(201, _encode(answer), _ANSWER)


def endpoint(
    name: Endpoint, operation: Operation, *, compatible: bool = False, render: Callable[[Any], Response] = _json
) -> Handler:
    """A handler that reads parameters, runs `operation` and renders its answer or refusal.

    compatible: a webMethods address, where parameters may stand in the URL under `compatibility` and GET may ask.
    """

    async def handle(request: Request, parts: Parts) -> Response:
        parameters: Parameters = _UNREAD
        try:
            settings = await parts.directory.settings()
            refuse_plain_http(request, settings)
            in_url = _may_be_in_url(settings, compatible)
            if request.method != "POST" and not (compatible and in_url and request.method == "GET"):
                note_method(Refusing(name, request, parts), "POST")
                return method_not_allowed("POST", "OPTIONS")
            parameters = await oauth_parameters(request, in_url=in_url)
            answer = await operation(parameters, request.header(b"authorization"), sender(request), parts.server)
            return with_next_nonce(render(answer), request, settings, parts)
        except OAuthError as error:
            return refusal(error, Refusing(name, request, parts, parameters))
        except TooManyFailures as error:
            return slowed_down(error, Refusing(name, request, parts, parameters))
        except BodyTooLarge:
            words = f"The body is larger than {OAUTH_BODY_BYTES} bytes."
            return refusal(InvalidRequest(words), Refusing(name, request, parts, parameters), status=413)
        except Conflict:
            words = "What this request refers to was deleted meanwhile; start again."
            return refusal(InvalidRequest(words, rule="other"), Refusing(name, request, parts, parameters))
        except Unavailable as error:
            return unavailable(error, request)

    return handle


def refusal(error: OAuthError, refusing: Refusing, *, status: int = 0) -> Response:
    """The error response (RFC 6749 §5.2), with the reference under which the console explains it."""
    request = refusing.request
    _log.info("refused", request=request.id, path=request.path, error=error.code, detail=error.detail)
    note_refusal(error, refusing, status or error.status)
    headers = [JSON, NO_STORE]
    if isinstance(error, InvalidClient) and error.by_header:
        headers.append((b"www-authenticate", b'Basic realm="gatewright", charset="UTF-8"'))
    if isinstance(error, UseDpopNonce):
        headers.append((b"dpop-nonce", error.nonce.encode()))
    return Response(status or error.status, _encode({**error.body(), "reference": request.id}), headers)


def slowed_down(error: TooManyFailures, refusing: Refusing) -> Response:
    """429 after too many failures (RFC 6585 §4)."""
    request = refusing.request
    _log.warning("slowed down", request=request.id, path=request.path, retry_after=error.retry_after)
    body = {
        "error": "temporarily_unavailable",
        "error_description": f"Too many failed attempts; try again in {error.retry_after} seconds.",
        "reference": request.id,
    }
    note_slowed_down(error, refusing)
    return Response(429, _encode(body), [JSON, NO_STORE, (b"retry-after", b"%d" % error.retry_after)])


def unavailable(error: Unavailable, request: Request) -> Response:
    """503 while the store does not answer."""
    _log.error("unavailable", request=request.id, path=request.path, detail=str(error))
    body = {
        "error": "temporarily_unavailable",
        "error_description": "The server cannot do this now; try again shortly.",
    }
    return Response(503, _encode(body), [JSON, NO_STORE, (b"retry-after", b"1")])


async def describe(request: Request, parts: Parts) -> Response:
    """The metadata document (RFC 8414 §3)."""
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed("GET", "HEAD", "OPTIONS")
    scopes = await parts.directory.scopes()
    document = metadata(parts.server.issuer, await parts.directory.settings(), tuple(sorted(scopes)))
    return Response(200, _encode(document), [JSON, (b"cache-control", b"public, max-age=60")])


async def jwks(request: Request, parts: Parts) -> Response:
    """The public keys that verify what this server signs (RFC 7517 §5)."""
    if request.method not in ("GET", "HEAD"):
        return method_not_allowed("GET", "HEAD", "OPTIONS")
    try:
        found = await parts.server.keys.jwks()
    except Unavailable as error:
        return unavailable(error, request)
    return Response(200, _encode(found), [_JWK_SET, (b"cache-control", b"public, max-age=%d" % _JWKS_SECONDS)])


async def _introspection(request: Request, parts: Parts) -> Response:
    """Introspection, signed for a caller that asks for it (RFC 9701 §4)."""
    wanted = accepts(request.headers.get(b"accept", b""), MEDIA_TYPE)
    return await (_signed_introspection if wanted else _plain_introspection)(request, parts)


def _jwt(answer: str) -> Response:
    return Response(200, answer.encode(), [(b"content-type", MEDIA_TYPE.encode()), NO_STORE, (b"pragma", b"no-cache")])


_plain_introspection: Final = endpoint("introspect", introspect)
_signed_introspection: Final = endpoint("introspect", introspect_signed, render=_jwt)


async def _labelled_token(
    parameters: Parameters, authorization: str | None, by: Sender, server: AuthorizationServer
) -> dict[str, Any]:
    """webMethods' getToken gives `token_label` back."""
    answer: dict[str, Any] = msgspec.to_builtins(await token(parameters, authorization, by, server))
    return answer | {"token_label": parameters["token_label"]} if "token_label" in parameters else answer


async def _refreshed_token(
    parameters: Parameters, authorization: str | None, by: Sender, server: AuthorizationServer
) -> Any:
    """webMethods' refreshAccessToken, whose grant_type goes without saying."""
    if parameters.get("grant_type", "refresh_token") != "refresh_token":
        raise UnsupportedGrantType("refreshAccessToken takes grant_type refresh_token only; others go to getToken.")
    return await token({**parameters, "grant_type": "refresh_token"}, authorization, by, server)


async def _introspection_with_owner(
    parameters: Parameters, authorization: str | None, by: Sender, server: AuthorizationServer
) -> dict[str, Any]:
    """webMethods' introspectToken calls the user `owner_id`."""
    answer: dict[str, Any] = msgspec.to_builtins(await introspect(parameters, authorization, by, server))
    return answer | {"owner_id": answer.get("username", answer.get("client_id"))} if answer["active"] else answer


ENDPOINTS: Final[dict[str, Handler]] = {
    "/oauth/token": endpoint("token", token),
    "/oauth/introspect": _introspection,
    "/oauth/revoke": endpoint("revoke", revoke),
    "/oauth/jwks": jwks,
    "/oauth/par": endpoint("par", push, render=_created),
    "/oauth/device_authorization": endpoint("device_authorization", authorize_device),
}
"""The standard addresses."""

_STANDARD: Final[dict[str, Endpoint]] = {
    "/oauth/token": "token",
    "/oauth/introspect": "introspect",
    "/oauth/revoke": "revoke",
    "/oauth/par": "par",
    "/oauth/device_authorization": "device_authorization",
}

_COMPATIBLE: Final[dict[str, tuple[Endpoint, Operation]]] = {
    "getToken": ("token", _labelled_token),
    "getAccessToken": ("token", token),
    "refreshAccessToken": ("token", _refreshed_token),
    "introspectToken": ("introspect", _introspection_with_owner),
    "revokeToken": ("revoke", revoke),
}

COMPATIBLE_ENDPOINTS: Final[dict[str, Handler]] = {
    f"/invoke/pub.oauth{separator}{name}": endpoint(kind, operation, compatible=True)
    for name, (kind, operation) in _COMPATIBLE.items()
    for separator in "/:"
}
"""The same at webMethods' addresses."""

ADDRESSES: Final[dict[str, Endpoint]] = _STANDARD | {
    f"/invoke/pub.oauth{separator}{name}": kind for name, (kind, _) in _COMPATIBLE.items() for separator in "/:"
}
"""Which endpoint an address is of."""


def _may_be_in_url(settings: GlobalSettings, compatible: bool) -> bool:
    policy = settings.token_parameters_in_url
    return policy == "always" or (policy == "compatibility" and compatible)
