"""Destructuring: the variables that a pattern makes out of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.flow.jq import syntax
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.scope import Scope

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler


def bind_pattern(c: Compiler, pattern: syntax.Pattern, value: str, x: str, scope: Scope) -> Scope:
    """The scope with the pattern's variables; writes the taking apart. `x` is the input for computed keys."""
    if isinstance(pattern, syntax.NamePattern):
        return scope.bind(pattern.name, c.writer.let(value))
    if isinstance(pattern, syntax.ArrayPattern):
        for place, item in enumerate(pattern.items):
            part = c.writer.let(f"item(B, {value}, {place})")
            scope = bind_pattern(c, item, part, x, scope)
        return scope
    for key, name, inner in pattern.entries:
        if not c.is_one(key, scope):
            raise ExpressionProblem("the key of a pattern must give exactly one value", key.offset)
        part = c.writer.let(f"item(B, {value}, {c.single(key, x, scope)})")
        if name:
            scope = scope.bind(name, part)
        if inner is not None:
            scope = bind_pattern(c, inner, part, x, scope)
    return scope
