"""Flows that ask for the whole request, or give a whole response (`document.metadata.gatewright`, see the flow guide)."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

import msgspec

from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError

# What authenticates the caller is not for services.
_WITHHELD = frozenset(["authorization", "proxy-authorization", "cookie"])
# The server's own: framing, and what would speak for the whole origin.
_NOT_SETTABLE = frozenset(
    ["connection", "content-length", "date", "keep-alive", "server", "set-cookie", "te", "trailer", "transfer-encoding",
     "upgrade", "strict-transport-security", "www-authenticate", "x-request-id"]
)  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}\Z")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]{0,8000}\Z")


def principal(caller: Caller) -> dict[str, Any]:
    """What expressions may know of the caller: `$authorization`, and the envelope's `principal`. Never the token."""
    return {
        "kind": caller.kind,
        "subject": caller.subject,
        "username": caller.username,
        "client_id": caller.client_id,
        "actor": caller.actor,
        "scopes": list(caller.scopes),
    }


def envelope(
    caller: Caller,
    *,
    headers: Iterable[tuple[str, str]] = (),
    path: Mapping[str, str] | None = None,
    query: Iterable[tuple[str, str]] = (),
    body: object = None,
    raw: bytes = b"",
) -> dict[str, Any]:
    """The input of a flow that asks for the whole request.

    `text` is the body as it came, for signatures and for what is neither JSON nor a form; null when it is no UTF-8.
    Header names are in lower case, repeated ones joined by a comma; a query name given more than once has a list.
    """
    seen: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key not in _WITHHELD:
            seen[key] = f"{seen[key]}, {value}" if key in seen else value
    asked: dict[str, Any] = {}
    for name, value in query:
        earlier = asked.get(name)
        asked[name] = value if earlier is None else [*(earlier if isinstance(earlier, list) else [earlier]), value]
    return {
        "headers": seen,
        "path": dict(path or {}),
        "query": asked,
        "body": body,
        "text": _text(raw),
        "principal": principal(caller),
    }


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None


class Response(msgspec.Struct, frozen=True):
    """A whole answer. `content` is a JSON value, or a text that goes out as it is when the headers name its type."""

    status: int
    headers: dict[str, str]
    content: Any


def response_of(output: object) -> Response:
    """The answer that a flow with `gives_response` means. Raises ServiceError 500 for anything that cannot be one."""
    given = output if isinstance(output, dict) else {"": output}
    status, headers = given.get("statusCode", 200), given.get("headers", {})
    if not given.keys() <= {"statusCode", "headers", "content"} or not isinstance(headers, dict):
        raise _bad("it is an object of statusCode, headers and content")
    if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
        raise _bad("its statusCode is a number from 200 to 599")
    texts = {str(name).lower(): str(value) for name, value in headers.items() if value is not None}
    for name, value in texts.items():
        if name in _NOT_SETTABLE or not _HEADER_NAME.match(name) or not _HEADER_VALUE.match(value):
            raise _bad(f"a flow cannot set the header {name!r}")
    return Response(status, texts, given.get("content"))


def _bad(reason: str) -> ServiceError:
    return ServiceError(500, "The flow's response cannot be sent", reason)
