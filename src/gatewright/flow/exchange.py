"""One exchange with another server, as `call: http` and `call: openapi` share it."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import msgspec

from gatewright.flow.authentication import Authentication
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.http import HttpFailure
from gatewright.flow.http import HttpRequest
from gatewright.flow.http import HttpResponse
from gatewright.flow.run import Frame
from gatewright.flow.uri import require_http
from gatewright.flow.uri import text_of
from gatewright.flow.uri import without_query

_MOST_ERROR_BODY = 16_000
_NEVER_SHOWN = frozenset(["authorization", "proxy-authorization", "cookie"])
_BAD_IN_HEADER = frozenset("\r\n\0")


def encode(value: Any, headers: Mapping[str, str]) -> tuple[bytes, str | None]:
    """A body for the wire, and its content type when the headers name none.

    JSON, unless the headers say form encoding; a text under a content type of the author's own goes as it is.
    """
    given = next((item for name, item in headers.items() if name.lower() == "content-type"), None)
    if given is not None and isinstance(value, str):
        return value.encode(), None
    if given is not None and given.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        if not isinstance(value, dict):
            raise standard_error("expression", "a form-encoded body must be an object")
        return urlencode(pairs(value)).encode(), None
    return msgspec.json.encode(value), None if given is not None else "application/json"


def pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and texts for a query or a form: null is left out, an array repeats its name."""
    found = []
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict | list):
                raise standard_error("expression", f"{name!r} must be a text, a number, a boolean or an array of these")
            if item is not None:
                found.append((name, text_of(item)))
    return found


def add_query(uri: str, values: list[tuple[str, str]]) -> str:
    """The address with these parameters after those it has."""
    if not values:
        return uri
    uri, hash_sign, fragment = uri.partition("#")
    return f"{uri}{'&' if '?' in uri else '?'}{urlencode(values)}{hash_sign}{fragment}"


def header_texts(values: Any) -> dict[str, str]:
    """Header fields from an object of scalars; null is left out."""
    if not isinstance(values, dict):
        raise standard_error("expression", "headers must be an object")
    found = {}
    for name, value in values.items():
        if isinstance(value, dict | list):
            raise standard_error("expression", f"the header {name!r} must be a text, a number or a boolean")
        text = "" if value is None else text_of(value)
        if _BAD_IN_HEADER & set(name + text) or not text.isascii() or not name.isascii():
            raise standard_error("expression", f"the header {name!r} has a character that headers cannot hold")
        if value is not None:
            found[name] = text
    return found


async def obtain(
    frame: Frame,
    request: HttpRequest,
    authentication: Authentication | None,
    data: Any,
    variables: Mapping[str, Any],
    *,
    redirect: bool,
) -> HttpResponse:
    """Send, and give a successful answer. A failed exchange raises a communication or timeout error.

    `redirect`: whether a redirection, which is never followed, counts as success.
    """
    require_http(request.uri)
    try:
        if authentication is None:
            response = await frame.run.request(request)
        else:
            response = await authentication.send(frame, request, data, variables)
    except HttpFailure as failure:
        raise failed(request, failure) from None
    if not 200 <= response.status < (400 if redirect else 300):
        raise _refused(request, response)
    return response


def present(request: HttpRequest, response: HttpResponse, output: str) -> Any:
    """The answer as the call's `output` says: raw (base64), content, or the whole response."""
    if output == "raw":
        return base64.b64encode(response.body).decode()
    content = decode(response)
    return _whole(request, response, content) if output == "response" else content


def failed(request: HttpRequest, failure: HttpFailure) -> FlowError:
    """The error of an exchange that brought no answer."""
    kind = "timeout" if failure.kind == "timeout" else "communication"
    return standard_error(kind, f"{_name(request)}: {failure}", origin="call")


def _refused(request: HttpRequest, response: HttpResponse) -> FlowError:
    reason = f" {response.reason}" if response.reason else ""
    return standard_error(
        "communication",
        f"{_name(request)} answered {response.status}{reason}",
        status=response.status,
        title=response.reason or None,
        extensions={"response": _bounded(response)},
        origin="call",
    )


def _bounded(response: HttpResponse) -> dict[str, Any]:
    if len(response.body) <= _MOST_ERROR_BODY:
        content = decode(response)
    else:
        content = response.body[:_MOST_ERROR_BODY].decode(errors="replace") + "…"
    return {"statusCode": response.status, "headers": dict(response.headers), "content": content}


def _name(request: HttpRequest) -> str:
    return f"{request.method.upper()} {without_query(request.uri)}"


def _whole(request: HttpRequest, response: HttpResponse, content: Any) -> dict[str, Any]:
    sent = {name: value for name, value in request.headers.items() if name.lower() not in _NEVER_SHOWN}
    return {
        "request": {"method": request.method.lower(), "uri": request.uri, "headers": sent},
        "statusCode": response.status,
        "headers": dict(response.headers),
        "content": content,
    }


def decode(response: HttpResponse) -> Any:
    """The content: JSON parsed, texts as texts, nothing as null, anything else in base64.

    JSON that is none, in a successful answer, is a communication error.
    """
    if not response.body:
        return None
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return msgspec.json.decode(response.body)
        except (msgspec.DecodeError, RecursionError):
            if not 200 <= response.status < 300:
                return response.body.decode(errors="replace")
            raise standard_error("communication", "the answer says it is JSON and is not", origin="call") from None
    if (
        kind.startswith("text/")
        or kind.endswith("+xml")
        or kind in ("application/xml", "application/x-www-form-urlencoded")
    ):
        return response.body.decode(errors="replace")
    return base64.b64encode(response.body).decode()
