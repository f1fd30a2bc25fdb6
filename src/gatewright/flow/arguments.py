"""The arguments of a call, held against what the callee says it takes."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.errors import FlowError
from gatewright.flow.problems import did_you_mean
from gatewright.flow.problems import join
from gatewright.flow.schema import SchemaProblem
from gatewright.flow.schema import compile_schema
from gatewright.flow.scope import Scope
from gatewright.flow.scope import is_expression


def check_arguments(given: Any, schema: Mapping[str, Any] | None, callee: str, at: str, scope: Scope) -> None:
    """Tell arguments that are missing, that the callee does not know, or whose values it would refuse.

    Only what can be seen before the run: what an expression gives is left to the callee.
    """
    if given is not None and not isinstance(given, dict):
        if not (isinstance(given, str) and is_expression(given)):
            scope.problems.value(at, "arguments are a mapping, or one expression that gives it", "write ${ … }")
        return
    if schema:
        _check_names(given, schema, callee, at, scope)


def _check_names(given: Any, schema: Mapping[str, Any], callee: str, at: str, scope: Scope) -> None:
    known = schema.get("properties")
    known = known if isinstance(known, dict) else {}
    names = given or {}
    required = schema.get("required")
    for name in required if isinstance(required, list) else []:
        if isinstance(name, str) and name not in names:
            place = at if given is not None else at.rpartition("/")[0]
            scope.problems.key(place, f"{callee} needs the argument {name!r}", f"add {name!r} under 'with'")
    if schema.get("additionalProperties") is False:
        for name in names:
            if name not in known:
                mend = did_you_mean(name, known, f"it takes {', '.join(map(repr, known)) or 'none'}")
                scope.problems.key(join(at, name), f"{callee} has no argument {name!r}", mend)
    for name in names.keys() & known.keys():
        value, described = names[name], known[name]
        if isinstance(described, dict) and not _has_expression(value):
            _check_value(value, name, described, schema, callee, join(at, name), scope)


def _check_value(
    value: Any, name: str, described: Mapping[str, Any], schema: Mapping[str, Any], callee: str, at: str, scope: Scope
) -> None:
    """Hold a value that is written out against what the callee says of it."""
    if described.get("format") == "connection" and isinstance(value, str):
        scope.book.connection(value, at)
        return
    check = scope.book.argument_checks.get((callee, name))
    if check is None:
        inherited = {key: schema[key] for key in ("$schema", "$defs", "definitions") if key in schema}
        try:
            check = compile_schema({**inherited, **described}, f"the argument {name!r}")
        except SchemaProblem:
            check = _anything  # the callee's own check tells it
        scope.book.argument_checks[callee, name] = check
    try:
        check(value)
    except FlowError as error:
        scope.problems.value(at, f"{callee} does not take this: {error.detail}")


def _anything(value: Any) -> None:
    return


def _has_expression(value: Any) -> bool:
    if isinstance(value, str):
        return is_expression(value)
    if isinstance(value, dict | list):
        return any(map(_has_expression, value.values() if isinstance(value, dict) else value))
    return False
