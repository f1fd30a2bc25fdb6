"""Upstream services: a document becomes services, which forward requests as they stand and answer flows' calls."""

import asyncio
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import Final
from urllib.parse import unquote_plus
from urllib.parse import urlencode

import msgspec
import structlog

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.services import upstream_headers
from gatewright.services.call import Call
from gatewright.services.errors import ServiceError
from gatewright.services.upstream import Operation
from gatewright.services.upstream import Secret
from gatewright.services.upstream import Upstream
from gatewright.services.upstream_answer import UpstreamAnswer
from gatewright.services.upstream_client import CredentialsRefused
from gatewright.services.upstream_path import PathMapping
from gatewright.services.upstream_request import Body
from gatewright.services.upstream_request import UpstreamRequest

WHOLE: Final = PathMapping("/{+path}")
"""What an upstream without operations takes."""
_SECRET: Final = "GATEWRIGHT_SECRET_"
_IN_QUERY: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_JSON_WANTED: Final = ((b"Accept", b"application/json"), (b"Accept-Encoding", b"identity"))
_NOT_SET_UP: Final = "The upstream is not set up"
_MOST_PASSES: Final = 3
_PSEUDONYM: Final = b"gatewright"
_VIA: Final = (b"Via", b"1.1 " + _PSEUDONYM)
_log = structlog.get_logger("gatewright.upstreams")


class Arrived(msgspec.Struct, frozen=True, kw_only=True):
    """A request to be forwarded. Header names are in lower case.

    variables: of the URL template that it came by; None: it came by the service's own address.
    prefix: of a template that ends in the rest of the path, what comes before that, as it stood in the request.
    """

    id: str
    method: str
    variables: Mapping[str, str] | None
    prefix: str | None = None
    query: str
    headers: Mapping[bytes, bytes]
    body: Body | bytes | None = None


class Forwarder(msgspec.Struct, frozen=True, kw_only=True):
    """How one service forwards. operation: None when it takes every method and path."""

    name: str
    upstream: Upstream
    operation: Operation | None
    path: PathMapping
    sent: frozenset[bytes]
    received: frozenset[bytes]

    async def forward(self, arrived: Arrived, call: Call) -> tuple[UpstreamAnswer, list[tuple[bytes, bytes]]]:
        """Send a request on; the answer, and those of its headers that pass. Raises ServiceError."""
        method = self._method(arrived)
        _refuse_loop(arrived.headers)
        values, query = self._values(arrived)
        headers = upstream_headers.sent(arrived.headers, self.sent)
        if call.runtime.spans is not None:  # the caller's own span is above ours, which is told instead
            ours = {name.encode("ascii") for name in call.runtime.spans.outgoing()}
            headers = [(name, value) for name, value in headers if name not in ours]
        headers.append((b"X-Request-Id", arrived.id.encode("ascii")))
        headers += await self._own_headers(call)
        request = UpstreamRequest(method=method, target=self._target(values, query), headers=headers, body=arrived.body)
        answer = await self._send(request, call)
        try:
            return answer, self._answer_headers(answer, arrived)
        except BaseException:
            answer.close()
            raise

    async def run(self, values: dict[str, Any], call: Call) -> object:
        """Answer a call by name with the body's value. Raises ServiceError for every status from 400 up."""
        if self.operation is None:
            method, path, query, body = _whole_call(values)
        else:
            method, path = self.operation.method, values
            rest = {name: value for name, value in values.items() if name not in self.path.variables}
            query, body = (rest, None) if method in _IN_QUERY else ({}, rest)
        headers = [*_JSON_WANTED, *await self._own_headers(call)]
        if body is not None:
            headers.append((b"Content-Type", b"application/json"))
        request = UpstreamRequest(
            method=method,
            target=self._target(path, urlencode(_texts(query), doseq=True)),
            headers=headers,
            body=None if body is None else msgspec.json.encode(body),
        )
        left = call.deadline - asyncio.get_running_loop().time()
        answer = await self._send(request, call, max(left, 0.001))
        try:
            return _value(answer, await answer.read())
        finally:
            answer.close()

    async def _send(self, request: UpstreamRequest, call: Call, seconds: float | None = None) -> UpstreamAnswer:
        """Send, with the credentials of the connection if there is one; once more, with a new token, when it is refused."""
        client = call.runtime.upstreams.client(self.name, self.upstream)
        if self.upstream.authentication is None:
            return await client.send(request, seconds)
        prepared, token = await self._authenticated(request, call)
        try:
            return await client.send(prepared, seconds)
        except CredentialsRefused:
            if not token or isinstance(request.body, Body):
                raise
            prepared, _ = await self._authenticated(request, call, refused=token)
            return await client.send(prepared, seconds)

    async def _authenticated(
        self, request: UpstreamRequest, call: Call, refused: str = ""
    ) -> tuple[UpstreamRequest, str]:
        assert self.upstream.authentication is not None
        name = self.upstream.authentication.use
        origin = f"{self.upstream.base.scheme}://{self.upstream.base.netloc}"
        asked = HttpRequest(request.method, origin + request.target)
        try:
            prepared, token = await call.runtime.connections.prepared(name, call, asked, refused=refused)
        except (FlowError, HttpFailure) as error:
            _log.error("upstream's connection cannot be used", service=call.service.name, reason=str(error))
            raise ServiceError(503, _NOT_SET_UP, "its administrator sees the reason in the log") from None
        given = _encoded(prepared.headers.items())
        names = {header.lower() for header, _ in given}
        headers = [pair for pair in request.headers if pair[0].lower() not in names]
        return (
            msgspec.structs.replace(request, target=prepared.uri.removeprefix(origin), headers=[*headers, *given]),
            token,
        )

    def _method(self, arrived: Arrived) -> str:
        if self.operation is None or (arrived.method == "HEAD" and self.operation.method == "GET"):
            return arrived.method
        # What is safe to ask for must stay so (RFC 9110 §9.2.1): links are followed and fetched ahead.
        if arrived.variables is None and arrived.method in _SAFE and self.operation.method not in _SAFE:
            raise ServiceError(405, detail=f"the operation is {self.operation.method}; send POST to this address")
        return self.operation.method

    def _values(self, arrived: Arrived) -> tuple[Mapping[str, object], str]:
        """The path's variables, and the query that passes on. What the template does not give, the query does."""
        values: dict[str, object] = dict(arrived.variables or {})
        kept = []
        for pair in arrived.query.split("&") if arrived.query else ():
            name, _, text = pair.partition("=")
            name = unquote_plus(name)
            if name in self.path.variables:
                if name in values:
                    raise ServiceError(400, "The input is ambiguous", f"{name!r} is given twice; give it once")
                values[name] = unquote_plus(text)
            elif name != "access_token" and self._passes(name):
                kept.append(pair)
        return values, "&".join(kept)

    def _passes(self, name: str) -> bool:
        allowed = self.upstream.query
        return allowed == "all" or (allowed != "none" and name in allowed)

    def _target(self, values: Mapping[str, object], query: str) -> str:
        is_base = self.operation is None and not values.get(WHOLE.rest)
        path = self.upstream.base.path + ("" if is_base else self.path.filled(values))
        return (path or "/") + (f"?{query.replace('#', '%23')}" if query else "")

    async def _own_headers(self, call: Call) -> list[tuple[bytes, bytes]]:
        """The fixed headers, and who calls."""
        headers = [_VIA]
        if call.runtime.spans is not None:
            headers += _encoded(call.runtime.spans.outgoing().items())
        for name, value in self.upstream.headers.set.items():
            headers += _encoded([(name, value if isinstance(value, str) else _secret(value, call))])
        caller = self.upstream.caller
        if caller is not None and call.caller.kind != "anonymous":
            is_token = caller.as_ == "token"
            text = await call.runtime.upstreams.token(
                call.caller, self.upstream.audience, caller.lifetime, as_access_token=is_token
            )
            headers += _encoded([("Authorization", f"Bearer {text}") if is_token else (caller.header, text)])
        return headers

    def _answer_headers(self, answer: UpstreamAnswer, arrived: Arrived) -> list[tuple[bytes, bytes]]:
        headers = []
        for name, value in upstream_headers.received(answer.headers, self.received):
            if name in (b"location", b"content-location"):
                value = self._location(value, arrived)
            if value:
                headers.append((name, value))
        return headers

    def _location(self, value: bytes, arrived: Arrived) -> bytes:
        """Where the caller finds what the upstream points to. Addresses of its own that lead nowhere here are left out."""
        text = value.decode("latin-1")
        base = self.upstream.base
        origin = f"{base.scheme}://{base.netloc}"
        if text == origin or text.startswith(origin + "/"):
            text = text.removeprefix(origin)
        elif "://" in text.partition("?")[0]:
            return value
        below = base.path + "/"
        if arrived.prefix is None or text.startswith("//"):
            return b""
        if not text.startswith("/"):
            return value
        return f"{arrived.prefix}/{text.removeprefix(below)}".encode("latin-1") if text.startswith(below) else b""


def _refuse_loop(headers: Mapping[bytes, bytes]) -> None:
    if headers.get(b"via", b"").count(_PSEUDONYM) >= _MOST_PASSES:
        raise ServiceError(508, "Loop Detected", "the upstream leads back to this server")


def _encoded(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(name.encode("ascii"), value.encode()) for name, value in headers]


def _secret(value: Secret, call: Call) -> str:
    loaded = call.catalogue.packages.get(call.service.package)
    declared = loaded.package.secrets if loaded and loaded.package else ()
    text = call.runtime.environ.get(_SECRET + value.secret.upper().replace("-", "_"))
    if value.secret not in declared or not text or not upstream_headers.is_value(value.before + text):
        _log.error("upstream's secret is not there", service=call.service.name, secret=value.secret)
        raise ServiceError(503, _NOT_SET_UP, "its administrator sees the reason in the log")
    return value.before + text


def _whole_call(values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], Mapping[str, Any], Any]:
    method, query = values.get("method", "GET"), values.get("query") or {}
    if method not in {*_IN_QUERY, "POST", "PUT", "PATCH"} or not isinstance(query, dict):
        raise ServiceError(400, "The input does not fit", "method is an HTTP method, query an object")
    return method, values, query, values.get("body")


def _texts(query: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in query.items():
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, dict | list):
                raise ServiceError(400, "The input does not fit", f"{name} must be a text, a number or a list of these")
        if value is not None:
            found[name] = [_text(each) for each in (value if isinstance(value, list) else [value])]
    return found


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _value(answer: UpstreamAnswer, body: bytes) -> object:
    kind = answer.content_type
    value: object = None
    if body:
        value = body.decode(errors="replace")
        if kind == "application/json" or kind.endswith("+json"):
            try:
                value = msgspec.json.decode(body)
            except (msgspec.DecodeError, RecursionError):
                raise ServiceError(
                    502, "The upstream's answer cannot be used", "it says it is JSON and is not"
                ) from None
    if answer.status >= 400:
        extensions = {"upstream": value} if len(body) <= 16_000 else {}
        raise ServiceError(answer.status, "The upstream refused", extensions=extensions)
    return value
