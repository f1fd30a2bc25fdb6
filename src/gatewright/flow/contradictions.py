"""Schemas that no value fits: what contradicts itself can be told before anything runs."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import jsonschema_rs

_BOUNDS = (
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minContains", "maxContains"),
)
_OF_SCHEMAS = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
_OF_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_OF_NAMES = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_DEEPEST = 50

Path = tuple[str | int, ...]


def contradictions(schema: Any) -> Iterator[tuple[Path, str]]:
    """Every part that contradicts itself: the path of the keyword to change, and why. The schema has compiled."""
    yield from _within(schema, schema if isinstance(schema, dict) else {}, (), 0)


def _within(schema: Any, root: Mapping[str, Any], path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    if not isinstance(schema, dict) or depth > _DEEPEST:
        return
    yield from _own(schema, root, path)
    for key in _OF_SCHEMAS:
        yield from _within(schema.get(key), root, (*path, key), depth + 1)
    for key in _OF_LISTS:
        for index, inner in enumerate(schema.get(key) or ()):
            yield from _within(inner, root, (*path, key, index), depth + 1)
    for key in _OF_NAMES:
        inner = schema.get(key)
        for name, each in inner.items() if isinstance(inner, dict) else ():
            yield from _within(each, root, (*path, key, name), depth + 1)


def _own(schema: Mapping[str, Any], root: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for least, most in _BOUNDS:
        if least in schema and most in schema and schema[least] > schema[most]:
            yield (*path, most), f"{most} {schema[most]} is below {least} {schema[least]}: no value fits"
    known = schema.get("properties") or {}
    if schema.get("additionalProperties") is False and "patternProperties" not in schema and "$ref" not in schema:
        for index, name in enumerate(schema.get("required") or ()):
            if name not in known:
                yield (*path, "required", index), f"{name!r} is required, and not among the properties that are allowed"
    if "const" in schema and not _fits(schema["const"], schema, root):
        yield (*path, "const"), "the constant does not fit the rest of the schema: no value fits"
    if "enum" in schema and not any(_fits(value, schema, root) for value in schema["enum"]):
        yield (*path, "enum"), "no value of the enum fits the rest of the schema"


def _fits(value: Any, schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    inherited = {key: root[key] for key in ("$schema", "$defs", "definitions") if key in root}
    try:
        return bool(jsonschema_rs.validator_for({**inherited, **schema}, offline=True).is_valid(value))
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return True  # it refers to what is elsewhere: nothing can be said
