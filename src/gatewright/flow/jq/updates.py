"""Assignments: every path that the left side leads to is read, computed anew and written into a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.flow.jq import syntax
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.sinks import PathSink

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler

_OPERATIONS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}


def modified(c: Compiler, node: syntax.Assign, x: str, scope: Scope) -> str:
    """`paths |= update`: the first value of the update; a place for which it has none is deleted."""
    edit = c.writer.let(f"Edit(B, {x})")

    def change(at: str, _: str) -> None:
        old = c.writer.let(f"{edit}.get({at})")
        if c.is_one(node.right, scope):
            new = c.single(node.right, old, scope)
        else:
            new = c.first(lambda sink: c.stream(node.right, old, scope, sink), "NOTHING")
        c.writer.line(f"{edit}.put({at}, {new})")

    return _apply(c, node, x, scope, edit, change)


def assigned(c: Compiler, node: syntax.Assign, x: str, scope: Scope, value: str) -> str:
    """`paths = value`, `paths += value` and so on, for one value of the right side."""
    edit = c.writer.let(f"Edit(B, {x})")

    def change(at: str, _: str) -> None:
        c.writer.line(f"{edit}.put({at}, {_operation(c, node.operator, edit, at, value)})")

    return _apply(c, node, x, scope, edit, change)


def _operation(c: Compiler, operator: str, edit: str, at: str, value: str) -> str:
    if not operator:
        return value
    old = c.writer.let(f"{edit}.get({at})")
    if operator == "//":
        return f"{value} if {old} is None or {old} is False else {old}"
    return f"{_OPERATIONS[operator]}(B, {old}, {value})"


def _apply(c: Compiler, node: syntax.Assign, x: str, scope: Scope, edit: str, change: object) -> str:
    """The paths are all known before the first change, as later ones are found in the data as it was."""
    c.writer.allocated += 6
    c.path(node.left, "()", x, scope, PathSink(change))  # type: ignore[arg-type]
    return c.writer.let(f"{edit}.result()")
