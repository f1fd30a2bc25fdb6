"""Values against what services say they take and give: conversion, and what exactly does not fit."""

import dataclasses
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final

import jsonschema_rs
import msgspec
import structlog

from gatewright.services.errors import ServiceError

Check = Callable[[object], object]

_MOST_ERRORS: Final = 20
_MOST_CHARACTERS: Final = 300
_DEEPEST: Final = 64
_UNCHECKED: Final = (Any, object, dict, dict[str, Any], dict[str, object], list, list[Any])
_log = structlog.get_logger("gatewright.services")


def fitted(values: dict[str, Any], arguments: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The input as a function takes it. arguments: a TypedDict; schema: the same as JSON Schema.

    Raises ServiceError 400 with `errors`: where each value stands that does not fit, and what was expected there.
    """
    try:
        found: dict[str, Any] = msgspec.convert(values, arguments)
    except msgspec.ValidationError as error:
        try:
            # JSON Schema takes 1.0 for an integer (2020-12, core §4.2.3), msgspec does not.
            found = msgspec.convert(_with_integers(values, 0), arguments)
        except msgspec.ValidationError:
            raise _misfit(str(error), values, schema) from None
    return found


def _with_integers(value: Any, depth: int) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict) and depth < _DEEPEST:
        return {name: _with_integers(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list) and depth < _DEEPEST:
        return [_with_integers(each, depth + 1) for each in value]
    return value


def _misfit(words: str, values: dict[str, Any], schema: Mapping[str, Any]) -> ServiceError:
    errors = [{"pointer": pointer, "message": message} for pointer, message in _found(values, schema)]
    extensions = {"errors": errors} if errors else {}
    return ServiceError(400, "The input does not fit the service", words, extensions=extensions)


def _found(value: object, schema: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Places, as JSON pointers (RFC 6901), and what is wrong there."""
    found = []
    try:
        validator = jsonschema_rs.validator_for(dict(schema), offline=True)
        for error in validator.iter_errors(value):
            pointer = "".join("/" + str(each).replace("~", "~0").replace("/", "~1") for each in error.instance_path)
            found.append((pointer, error.message[:_MOST_CHARACTERS]))
            if len(found) == _MOST_ERRORS:
                break
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return []  # the sentence says one of them
    return found


def output_check(annotation: Any) -> Check | None:
    """What holds a function's output to its annotation; None when that says nothing that could be held.

    It gives the output, or raises ServiceError 500: a fault of the service, of which the log has the place.
    """
    if annotation in _UNCHECKED:
        return None
    is_own = isinstance(annotation, type) and (
        issubclass(annotation, msgspec.Struct) or dataclasses.is_dataclass(annotation)
    )

    # msgspec keeps what it knows of a struct's fields; an annotation alone it would read anew each time.
    held = msgspec.defstruct("Output", [("output", annotation)])

    def check(output: object) -> object:
        if is_own and type(output) is annotation:
            return output
        try:
            msgspec.convert({"output": output}, held)
            return output
        except (msgspec.ValidationError, TypeError):
            pass  # it may hold what only stands for JSON: dates, sets, other structs
        try:
            msgspec.convert(msgspec.to_builtins(output, str_keys=True), annotation)
        except (msgspec.ValidationError, TypeError, ValueError, OverflowError, RecursionError) as error:
            _log.error("output does not fit", expected=str(annotation), error=str(error))
            raise ServiceError(500, "The service's output does not fit its description", fault=True) from None
        return output

    return check
