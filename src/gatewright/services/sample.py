"""A sample input for a service, from its schema: for the console's Run and for exported requests."""

from collections.abc import Mapping
from typing import Any

from gatewright.services.schema import Schema
from gatewright.services.schema import properties
from gatewright.services.schema import resolve

_DEEPEST = 8
_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T08:15:00Z",
    "time": "08:15:00Z",
    "email": "ada@example.com",
    "uuid": "018f4d2e-0000-7000-8000-000000000000",
    "uri": "https://example.com/",
}


def sample_of(schema: Schema | None) -> Mapping[str, Any]:
    """An input object: the schema's own examples where it has some, else the plainest value of each required property.

    Properties that are not required come along only when they have an example of their own.
    """
    found = _value(schema or {}, schema or {}, 0)
    return found if isinstance(found, dict) else {}


def _value(schema: Schema, root: Schema, depth: int) -> Any:
    schema = resolve(schema, root)
    known, value = _stated(schema)
    if known:
        return value
    for keyword in ("anyOf", "oneOf"):
        branches = [branch for branch in schema.get(keyword) or () if isinstance(branch, dict)]
        if branches:
            return _value(branches[0], root, depth + 1) if depth < _DEEPEST else None
    return _plainest(schema, root, depth)


def _stated(schema: Schema) -> tuple[bool, Any]:
    if "const" in schema:
        return True, schema["const"]
    for keyword in ("examples", "enum"):
        values = schema.get(keyword)
        if isinstance(values, list) and values:
            return True, values[0]
    return ("default" in schema), schema.get("default")


def _plainest(schema: Schema, root: Schema, depth: int) -> Any:
    type_ = schema.get("type")
    kind = type_[0] if isinstance(type_, list) and type_ else type_
    if kind == "object" or "properties" in schema:
        return _object(schema, root, depth) if depth < _DEEPEST else {}
    if kind == "array":
        items = schema.get("items")
        return [_value(items, root, depth + 1)] if isinstance(items, dict) and depth < _DEEPEST else []
    if kind in ("integer", "number"):
        return schema.get("minimum", schema.get("exclusiveMinimum", 0) + ("exclusiveMinimum" in schema))
    if kind == "boolean":
        return False
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "text"[: schema.get("maxLength", 4)])
    return None


def _object(schema: Schema, root: Schema, depth: int) -> dict[str, Any]:
    required = schema.get("required") or ()
    wanted = {
        name: value
        for name, value in properties(schema).items()
        if name in required or "examples" in resolve(value, root)
    }
    return {name: _value(value, root, depth + 1) for name, value in wanted.items()}
