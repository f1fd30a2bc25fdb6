"""JSON: texts and values."""

from typing import Any

import msgspec

from gatewright.flow import FlowError
from gatewright.flow.schema import SchemaProblem
from gatewright.flow.schema import compile_schema
from gatewright.flow.turns import unhurried
from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import bounded
from gatewright.services.builtin.refusals import refusal


@service(inline=True)
def parse(text: str) -> Any:
    """The value that a JSON text says (RFC 8259)."""
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise refusal("the text is nested too deeply") from None
    except msgspec.DecodeError as error:
        raise refusal(f"the text is no JSON: {error}") from None


@service(inline=True)
def serialise(value: Any, indent: int = 0, sort_keys: bool = False) -> str:
    """A value as JSON text; `indent` blanks for each level, 0: on one line."""
    if not 0 <= indent <= 8:
        raise refusal("indent is a number from 0 to 8")
    encoded = msgspec.json.encode(value, order="sorted" if sort_keys else None)
    return bounded((msgspec.json.format(encoded, indent=indent) if indent else encoded).decode())


@service(inline=True)
def merge(base: Any, patch: Any) -> Any:
    """`base` with `patch` merged into it (RFC 7396): members are replaced, null removes one, objects merge within."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


@service(inline=True)
def pointer(value: Any, pointer: str) -> Any:
    """The part of a value that a JSON Pointer leads to (RFC 6901), null when there is none."""
    if pointer and not pointer.startswith("/"):
        raise refusal("a JSON Pointer is empty or begins with /")
    for token in pointer.split("/")[1:]:
        key = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isascii() and key.isdigit() and len(key) < 10 and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


@service(inline=True)
def validate(value: Any, schema: dict[str, Any]) -> dict[str, Any]:
    """Hold a value against a JSON Schema: whether it is `valid`, and its `errors`, each with `pointer` and `message`."""
    try:
        check = compile_schema(schema, "the value")
    except SchemaProblem as problem:
        raise refusal(f"the schema cannot be used: {problem.message}") from None
    try:
        check(value)
    except FlowError as error:
        return {"valid": False, "errors": error.extensions["errors"]}
    return {"valid": True, "errors": []}


@service(inline=True)
def lines(text: str) -> list[Any]:
    """The values of a text with one JSON value on each line; empty lines are passed over."""
    found = []
    for number, line in enumerate(unhurried(text.splitlines()), 1):
        if line.strip():
            try:
                found.append(msgspec.json.decode(line))
            except (msgspec.DecodeError, RecursionError):
                raise refusal(f"line {number} is no JSON") from None
    return found
