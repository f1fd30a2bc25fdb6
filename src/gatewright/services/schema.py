"""The little that the runtime reads from JSON Schemas of inputs: which texts stand for numbers, booleans and lists.

Values from a path, a query or a form are texts; the schema of the service says what they stand for.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any

Schema = Mapping[str, Any]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_BOOLEAN = {"true": True, "false": False}


def properties(schema: Schema | None) -> dict[str, Schema]:
    """The named properties of an object's schema."""
    found = schema.get("properties") if schema else None
    return {name: value for name, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}


def is_closed(schema: Schema | None) -> bool:
    """Whether an object of this schema may hold nothing but its named properties."""
    return schema is not None and schema.get("additionalProperties") is False


def resolve(schema: Schema, root: Schema) -> Schema:
    """The schema that a local `$ref` stands for (`#/$defs/Name`), or the schema itself."""
    for _ in range(10):
        reference = schema.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return schema
        found: Any = root
        for part in reference[2:].split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
        if not isinstance(found, dict):
            return {}
        schema = found
    return {}


def types(schema: Schema, root: Schema) -> frozenset[str]:
    """The JSON types a value of this schema may have, as far as it says; alternatives are followed one level."""
    schema = resolve(schema, root)
    named = schema.get("type")
    found = {named} if isinstance(named, str) else set(named) if isinstance(named, list) else set()
    for keyword in ("anyOf", "oneOf"):
        for branch in schema.get(keyword) or ():
            if isinstance(branch, dict):
                inner = resolve(branch, root).get("type")
                found |= {inner} if isinstance(inner, str) else set(inner or ())
    for constant in [*(schema.get("enum") or ()), *([schema["const"]] if "const" in schema else ())]:
        found.add(_type_of(constant))
    return frozenset(found)


def _type_of(value: object) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null")


def list_names(schema: Schema | None) -> frozenset[str]:
    """The properties that hold lists: only these may come more than once in a query or form."""
    return frozenset(name for name, value in properties(schema).items() if "array" in types(value, schema or {}))


def from_text(value: object, schema: Schema, root: Schema) -> object:
    """What a text from a path, query or form stands for by its schema; the text itself where it fits nothing else."""
    allowed = types(schema, root)
    if "array" in allowed:
        items = _items(schema, root)
        return [from_text(item, items, root) for item in (value if isinstance(value, list) else [value])]
    if not isinstance(value, str) or "string" in allowed:
        return value
    if allowed & {"integer", "number"} and _INTEGER.match(value):
        return int(value)
    if "number" in allowed and _NUMBER.match(value) and isfinite(float(value)):
        return float(value)
    if "boolean" in allowed:
        return _BOOLEAN.get(value, value)
    return value


def _items(schema: Schema, root: Schema) -> Schema:
    schema = resolve(schema, root)
    branches = [schema, *(resolve(branch, root) for branch in schema.get("anyOf") or () if isinstance(branch, dict))]
    return next((branch["items"] for branch in branches if isinstance(branch.get("items"), dict)), {})


def readers(schema: Schema | None) -> dict[str, Schema]:
    """The properties whose texts stand for something else than text, with their schemas."""
    root = schema or {}
    return {name: value for name, value in properties(root).items() if not _is_text(types(value, root))}


def _is_text(allowed: frozenset[str]) -> bool:
    return not allowed or ("string" in allowed and "array" not in allowed)
