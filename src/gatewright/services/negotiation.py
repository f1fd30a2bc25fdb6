"""Which form an answer takes: what `Accept` asks for (RFC 9110 §12.5.1), out of what the service's schema allows."""

import re
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import msgspec

from gatewright.services import csv_body
from gatewright.services import xml_body
from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.services.schema import properties
from gatewright.services.schema import types

_WEIGHT: Final = re.compile(r"q=([01](?:\.[0-9]{0,3})?)\Z")
_MOST_CHARACTERS: Final = 4000
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "null"})
JSON: Final = "application/json"


class Form(msgspec.Struct, frozen=True):
    """A form of answers: its media type, its Content-Type, and what writes a JSON value in it."""

    media_type: str
    content_type: bytes
    write: Callable[[object, Service], bytes]


def _write_form(value: object, service: Service) -> bytes:
    if not isinstance(value, dict):
        raise ServiceError(500, "The output is no object")
    return urlencode({name: _text(each) for name, each in value.items() if each is not None}).encode()


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_JSON: Final = Form(JSON, b"application/json", lambda value, service: msgspec.json.encode(value))
_XML: Final = Form("application/xml", b"application/xml; charset=utf-8", lambda value, service: xml_body.written(value))
_TEXT_XML: Final = Form("text/xml", b"text/xml; charset=utf-8", lambda value, service: xml_body.written(value))
_CSV: Final = Form(
    "text/csv",
    b"text/csv; charset=utf-8; header=present",
    lambda value, service: csv_body.written(value, service.output_schema),
)
_FORM: Final = Form("application/x-www-form-urlencoded", b"application/x-www-form-urlencoded", _write_form)


def offered(service: Service) -> tuple[Form, ...]:
    """The forms in which a service's output can be had, the usual one first."""
    forms = [_JSON, _XML, _TEXT_XML]
    schema = service.output_schema
    if csv_body.row_schema(schema) is not None:
        forms.append(_CSV)
    if schema is not None and types(schema, schema) == {"object"}:
        kinds = [types(each, schema) for each in properties(schema).values()]
        if kinds and all(each and each <= _SCALARS for each in kinds):
            forms.append(_FORM)
    return tuple(forms)


def chosen(accept: bytes, service: Service) -> Form | None:
    """The form that an Accept header likes best; None: JSON. Raises ServiceError 406 with what there is."""
    ranges = _ranges(accept[:_MOST_CHARACTERS].decode("latin-1").lower())
    if _weight(JSON, ranges) > 0 and "text/html" in ranges:
        return None  # a browser asks for pages first, and shows JSON best of what there is
    forms = offered(service)
    weight, _, form = max(
        ((_weight(each.media_type, ranges), -rank, each) for rank, each in enumerate(forms)),
        key=lambda found: found[:2],
    )
    if weight == 0:
        listed = ", ".join(each.media_type for each in forms)
        raise ServiceError(
            406, detail=f"there is {listed}", extensions={"available": [each.media_type for each in forms]}
        )
    return None if form is _JSON else form


def _ranges(accept: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for each in accept.split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        if "/" in name:
            weights = [match[1] for parameter in parameters if (match := _WEIGHT.match(parameter))]
            found[name] = float(weights[0]) if weights else 1.0
    return found


def _weight(media_type: str, ranges: dict[str, float]) -> float:
    """The weight of the most specific range that has it in."""
    for name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
