"""The Admin API over HTTP: who asks, what is asked, one transaction, and the answer or the problem (RFC 9457)."""

from collections.abc import Mapping
from typing import Any
from typing import Final

import msgspec
import structlog

from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.admin.roles import roles
from gatewright.app.parts import Parts
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import FieldError
from gatewright.kernel.errors import Forbidden
from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.errors import Invalid
from gatewright.kernel.errors import NotFound
from gatewright.kernel.errors import Unavailable
from gatewright.oauth.errors import InvalidRequest
from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError
from gatewright.services.guard import Refused
from gatewright.store.database import Transaction
from gatewright.web.admin_api.openapi import document
from gatewright.web.admin_api.operation import AdminCall
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.operation import etag
from gatewright.web.admin_api.operation import refuse_unless_allowed
from gatewright.web.admin_api.table import ROOT
from gatewright.web.admin_api.table import find
from gatewright.web.http import JSON
from gatewright.web.http import NO_STORE
from gatewright.web.http import PROBLEM
from gatewright.web.http import BodyTooLarge
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.http import method_not_allowed
from gatewright.web.idempotency import once
from gatewright.web.parameters import Unreadable
from gatewright.web.parameters import form_pairs
from gatewright.web.parameters import json_object
from gatewright.web.possession import dpop_sender
from gatewright.web.possession import with_next_nonce
from gatewright.web.service_answers import problem as service_problem
from gatewright.web.service_answers import refused
from gatewright.web.transport import refuse_plain_http

MOST_BYTES: Final = 4_194_304
KEPT_SECONDS: Final = 86_400
"""For how long an answer under an `Idempotency-Key` is given again."""
_MOST_SECONDS: Final = 30
DOCUMENT: Final = f"{ROOT}/openapi.json"
_encode: Final = msgspec.json.Encoder().encode
_log = structlog.get_logger("gatewright.admin")


class _Stale(GatewrightError):
    """`If-Match` names another state than the present one; HTTP 412 (RFC 9110 §13.1.1)."""


class _Unsupported(GatewrightError):
    """A body of another type than JSON; HTTP 415."""


_PROBLEMS: Final[Mapping[type[Exception], tuple[int, str]]] = {
    NotFound: (404, "Not found"),
    _Stale: (412, "Changed meanwhile"),
    Conflict: (409, "Conflict"),
    Forbidden: (403, "Not allowed"),
    _Unsupported: (415, "Unsupported media type"),
    InvalidRequest: (400, "Bad request"),
    Unreadable: (400, "Bad request"),
    GatewrightError: (400, "Bad request"),
}


async def answer(request: Request, parts: Parts) -> Response:
    """Any request below `/admin/v1`."""
    if request.path == DOCUMENT and request.method in ("GET", "HEAD"):
        return Response(200, _encode(document(parts.server.issuer)), [JSON, (b"cache-control", b"public, max-age=60")])
    found = find("GET" if request.method == "HEAD" else request.method, request.raw_path)
    if isinstance(found, list):
        return method_not_allowed(*found, "OPTIONS") if found else _nothing_here(request)
    operation, variables = found
    try:
        refuse_plain_http(request, await parts.directory.settings())
        caller = await _admit(request, parts, operation)
        call = await _read(request, parts, operation, variables, caller)
        response = await _once(request, operation, call, caller)
        return with_next_nonce(response, request, await parts.directory.settings(), parts)
    except ServiceError as error:
        return service_problem(error, request)
    except Refused as error:
        return refused(error, request, f"{parts.server.issuer}/.well-known/oauth-protected-resource")
    except Exception as error:
        problem = _problem(error, request)
        if problem is None:
            raise
        return problem


async def _admit(request: Request, parts: Parts, operation: Operation) -> Caller:
    """Whoever may: by the token's scope as for any service, and by the role that the operation needs."""
    scheme, _, token = (request.header(b"authorization") or "").partition(" ")
    caller = await parts.guard.admit(
        token.strip() if token and scheme.lower() in ("bearer", "dpop") else None,
        operation.service,
        None,
        raw_path=request.raw_path,
        sender=dpop_sender(request),
    )
    refuse_unless_allowed(roles(caller.groups), operation.action)
    return caller


async def _read(
    request: Request, parts: Parts, operation: Operation, variables: dict[str, str], caller: Caller
) -> AdminCall:
    query = _converted(_query(request), operation.query, strict=False)
    body = None
    if operation.body is not None:
        if request.headers.get(b"content-type", b"").partition(b";")[0].strip().lower() != b"application/json":
            raise _Unsupported("The body must be application/json.")
        body = _converted(json_object(await request.body(MOST_BYTES)), operation.body, strict=True)
    actor = Actor(caller.username) if caller.username else Actor(caller.client_id or caller.subject, "client")
    by = By(actor, parts.clock(), lambda: parts.sealer, roles(caller.groups))
    return AdminCall(parts, by, variables, query, body)


def _query(request: Request) -> dict[str, str]:
    pairs = form_pairs(request.query) if request.query else []
    query = dict(pairs)
    if len(query) != len(pairs):
        raise Unreadable("A query parameter is given twice.")
    if "\0" in "".join(query.values()):
        raise Unreadable("A query parameter holds a NUL character.")
    return query


def _converted(value: Any, kind: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(value, kind, strict=strict)
    except msgspec.ValidationError as error:
        sentence, _, pointer = str(error).partition(" - at `$")
        field = pointer.rstrip("`").lstrip(".")
        raise Invalid([FieldError(field, f"{sentence}.")]) from None


async def _once(request: Request, operation: Operation, call: AdminCall, caller: Caller) -> Response:
    """The answer; the kept one when what is made was asked for before under the same `Idempotency-Key`."""
    if operation.method != "POST" or b"idempotency-key" not in request.headers:
        return await _perform(request, operation, call)
    values = {"path": dict(call.variables), "body": msgspec.to_builtins(call.body)}

    async def perform() -> Response:
        return await _perform(request, operation, call)

    return await once(request, call.parts, caller, operation.service, values, KEPT_SECONDS, _MOST_SECONDS, perform)


async def _perform(request: Request, operation: Operation, call: AdminCall) -> Response:
    if operation.prepare is not None:
        call.prepared = await operation.prepare(call)
    expected, state = request.header(b"if-match") or "", None
    if operation.alone is not None:
        result = await operation.alone(call)
    elif operation.method == "GET":
        assert operation.verb is not None
        result = state = await call.parts.database.read(operation.verb, call)
    else:
        result, state = await call.parts.database.write(_change, operation, call, expected)
    headers = [NO_STORE]
    if operation.resource is not None and state is not None:
        headers.append((b"etag", etag(state).encode()))
        if operation.method == "GET" and request.header(b"if-none-match") == etag(state):
            return Response(304, b"", headers)
    if operation.location is not None:
        headers.append((b"location", f"{ROOT}{operation.location(result)}".encode()))
    if operation.answer is None:
        return Response(operation.status, b"", headers)
    return Response(operation.status, _encode(result), [JSON, *headers])


def _change(transaction: Transaction, operation: Operation, call: AdminCall, expected: str) -> tuple[Any, Any]:
    """The change in its transaction, if what it changes is what `expected` was made from; and the state after it."""
    if operation.resource is not None and expected not in ("", "*"):
        present = etag(operation.resource(transaction, call))
        if present not in [each.strip() for each in expected.split(",")]:
            raise _Stale("It was changed meanwhile. Load it again and repeat your change.")
    assert operation.verb is not None
    result = operation.verb(transaction, call)
    if operation.resource is None or operation.method == "DELETE":
        return result, None
    state = operation.resource(transaction, call)
    return (state if result is None else result), state


def _problem(error: Exception, request: Request) -> Response | None:
    """An error as problem details; None for one that is nobody's fault but ours."""
    if isinstance(error, Unavailable):
        _log.error("unavailable", request=request.id, path=request.path, detail=str(error))
        response = _say(request, 503, "Not available now", "Try again shortly.")
        response.headers.append((b"retry-after", b"1"))
        return response
    if isinstance(error, Invalid):
        listed = [{"field": each.field, "message": each.message} for each in error.errors]
        return _say(request, 422, "Not valid", "Some fields are not valid.", errors=listed)
    if isinstance(error, BodyTooLarge):
        return _say(request, 413, "The body is too large", f"A body has at most {MOST_BYTES} bytes.")
    for kind, (status, title) in _PROBLEMS.items():
        if isinstance(error, kind):
            return _say(request, status, title, str(error))
    return None


def _nothing_here(request: Request) -> Response:
    return _say(request, 404, "Not found", f"Nothing is served at this address; see {DOCUMENT}.")


def _say(request: Request, status: int, title: str, detail: str, **more: Any) -> Response:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more, "reference": request.id}
    return Response(status, _encode(body), [PROBLEM, NO_STORE])
