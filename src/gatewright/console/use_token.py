"""Calling a service of this server with a token, through the guard, as a request from outside would."""

import time
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from gatewright.console.templating import pretty_json
from gatewright.console.visit import Visit
from gatewright.services.template import parse_template
from gatewright.web.http import Request
from gatewright.web.http import Response
from gatewright.web.service_endpoints import invoke
from gatewright.web.service_endpoints import route


async def use_token(visit: Visit, access_token: str, request: str, body: str) -> dict[str, Any]:
    """Call `request`, `METHOD /path/{variable}`, with the JSON object `body`; the context of the page's `call`."""
    try:
        values = msgspec.json.decode(body.encode() or b"{}", type=dict[str, Any])
        method, target, rest = _address(request, values)
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        return _shown(request, body, 0.0, Response(400, f"The input does not fit the request: {error}".encode()))
    began = time.monotonic()
    response = await _send(visit, _request(access_token, method, target, rest))
    return _shown(request, body, time.monotonic() - began, response)


def _address(request: str, values: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """The method, the path with its variables filled in, and the values that are left."""
    method, _, path = request.partition(" ")
    if path.startswith("/invoke/"):
        return method, path, values
    template = parse_template(request)
    missing = [name for name in template.variables if name not in values]
    if missing:
        raise ValueError(f"{', '.join(missing)} is missing")
    return (
        template.method,
        template.filled(values),
        {name: value for name, value in values.items() if name not in template.variables},
    )


def _request(access_token: str, method: str, path: str, values: dict[str, Any]) -> Request:
    in_query = method in ("GET", "DELETE")
    body = b"" if in_query else msgspec.json.encode(values)
    query = urlencode({name: _text(value) for name, value in values.items()}) if in_query else ""

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"authorization", f"Bearer {access_token}".encode()), (b"content-type", b"application/json")]
    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 0),
        },
        receive,
    )


async def _send(visit: Visit, request: Request) -> Response:
    if request.path.startswith("/invoke/"):
        return await invoke(request, visit.parts)
    return await route(request, visit.parts) or Response(404, b"Nothing is served at this address.")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _shown(request: str, body: str, seconds: float, response: Response) -> dict[str, Any]:
    return {
        "request": request,
        "body": body,
        "status": response.status,
        "milliseconds": seconds * 1000,
        "headers": [(name.decode(), value.decode("latin-1")) for name, value in response.headers],
        "answer": _pretty(response.body),
    }


def _pretty(body: bytes) -> str:
    try:
        return pretty_json(msgspec.json.decode(body))
    except msgspec.MsgspecError:
        return body.decode("utf-8", "replace")
