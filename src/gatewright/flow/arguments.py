"""The arguments of a call, held against what the callee says it takes."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.problems import did_you_mean
from gatewright.flow.problems import join
from gatewright.flow.scope import Scope
from gatewright.flow.scope import is_expression


def check_arguments(given: Any, schema: Mapping[str, Any] | None, callee: str, at: str, scope: Scope) -> None:
    """Tell required arguments that are missing and arguments that the callee does not know.

    Only what can be seen before the run: arguments given whole by an expression are left to the callee.
    """
    if given is not None and not isinstance(given, dict):
        if not (isinstance(given, str) and is_expression(given)):
            scope.problems.value(at, "arguments are a mapping, or one expression that gives it", "write ${ … }")
        return
    if not schema:
        return
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
