"""What a call brings: its bearer token, and the input object of the service (DESIGN section 2)."""

import base64
from typing import Any

import msgspec

from gatewright.app.parts import Parts
from gatewright.services import csv_body
from gatewright.services import xml_body
from gatewright.services.caller import Caller
from gatewright.services.catalogue import Service
from gatewright.services.envelope import envelope
from gatewright.services.errors import ServiceError
from gatewright.services.guard import Refused
from gatewright.services.input import merge_input
from gatewright.services.template import Match
from gatewright.web.http import Request
from gatewright.web.parameters import Pairs
from gatewright.web.parameters import form_pairs
from gatewright.web.parameters import json_value
from gatewright.web.parameters import multipart_pairs


class Body(msgspec.Struct, frozen=True):
    """A body as read: fields of a form, or a JSON value (an object of files for multipart). is_null: it says `null`.

    raw: as it came.
    """

    form: Pairs = []
    value: Any = None
    is_null: bool = False
    raw: bytes = b""


_NO_BODY = Body()
_TAKEN = "the body must be JSON, XML, a form, multipart/form-data, or CSV where the service takes rows"
_SCHEMES = frozenset({b"bearer", b"dpop"})


async def bearer_token(request: Request, parts: Parts) -> tuple[str | None, Body | None]:
    """The access token (RFC 6750 §2.1, §2.2; RFC 9449 §7.1), and the body if it had to be read for it."""
    token = token_in_header(request)
    if token is not None or not _is_form(request):
        return token, None
    body = await _read(request, parts, None)
    found = [value for name, value in body.form if name == "access_token"]
    if len(found) > 1:
        raise Refused(400, "invalid_request", "The access token is given twice.", rule="token_sent")
    if not found:
        return None, body
    # As form parameter the token is no input of the service.
    return found[0], Body([pair for pair in body.form if pair[0] != "access_token"])


async def service_input(
    request: Request, parts: Parts, service: Service, match: Match | None, body: Body | None, caller: Caller
) -> dict[str, Any]:
    """The input object: path variables, query and body; or the whole request for a flow that asks for it."""
    if body is None:
        body = await _read(request, parts, service)
    if any(name == "access_token" for name, _ in body.form):
        raise Refused(
            400, "invalid_request", "The access token is given twice: in the header and in the body.", rule="token_sent"
        )
    path = match.variables if match else None
    query = form_pairs(request.query) if request.query else []
    if not service.wants_envelope:
        if body.is_null:
            raise ServiceError(400, "The body does not fit", "the body is null; send an object, or no body")
        return merge_input(service, path=path, query=query, form=body.form, body=body.value)
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.items()]
    value = {**dict(body.form), **(body.value or {})} if body.form else body.value
    return envelope(caller, headers=headers, path=path, query=query, body=value, raw=body.raw)


def token_in_header(request: Request) -> str | None:
    """The access token of the header Authorization. Another scheme than Bearer and DPoP is as good as no token."""
    value = request.headers.get(b"authorization")
    if value is None:
        return None
    scheme, _, token = value.partition(b" ")
    return token.strip().decode("latin-1") if token and scheme.lower() in _SCHEMES else None


def _is_form(request: Request) -> bool:
    return request.method not in ("GET", "HEAD") and request.headers.get(b"content-type", b"").lower().startswith(
        b"application/x-www-form-urlencoded"
    )


async def _read(request: Request, parts: Parts, service: Service | None) -> Body:
    if request.method in ("GET", "HEAD"):
        return _NO_BODY
    settings = await parts.directory.settings()
    body = await request.body(settings.maximum_body_bytes)
    if not body:
        return _NO_BODY
    content_type = request.headers.get(b"content-type", b"application/json")
    match content_type.partition(b";")[0].strip().lower():
        case b"application/json":
            value = json_value(body)
            return Body(value=value, is_null=value is None, raw=body)
        case b"application/x-www-form-urlencoded":
            return Body(form_pairs(body), raw=body)
        case b"multipart/form-data":
            return _parts_of(multipart_pairs(body, content_type))
        case _ if service is not None and service.wants_envelope:
            return Body(raw=body)
        case b"application/xml" | b"text/xml" if service is not None:
            return Body(value=xml_body.read(body, service.input_schema))
        case b"text/csv" if service is not None:
            return Body(value=csv_body.read(body, service.input_schema))
        case kind if kind.startswith(b"application/") and kind.endswith(b"+json"):
            return Body(value=json_value(body))
        case _:
            raise ServiceError(415, detail=_TAKEN)


def _parts_of(pairs: list[tuple[str, str | dict[str, Any]]]) -> Body:
    """Text parts as form fields; files as objects of filename and base64 content."""
    form = [(name, value) for name, value in pairs if isinstance(value, str)]
    files = {
        name: {**value, "content": base64.b64encode(value["content"]).decode()}
        for name, value in pairs
        if isinstance(value, dict)
    }
    return Body(form, files or None)
