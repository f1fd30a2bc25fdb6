"""Assignments: every path that the left side leads to is read, computed anew and written into a copy."""

from __future__ import annotations

from typing import TYPE_CHECKING
from typing import TypeGuard

from gatewright.flow.jq import syntax
from gatewright.flow.jq.members import assigned_value
from gatewright.flow.jq.members import field_of
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.sinks import PathSink

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler


def modified(c: Compiler, node: syntax.Assign, x: str, scope: Scope) -> str:
    """`paths |= update`: the first value of the update; a place for which it has none is deleted."""
    if _is_member(node.left):
        new = _updated(c, node, field_of(c, x, node.left.name), scope)
        return _with_member(c, x, node.left.name, new)
    edit = c.writer.let(f"Edit(B, {x})")

    def change(at: str, _: str) -> None:
        old = c.writer.let(f"{edit}.get({at})")
        c.writer.line(f"{edit}.put({at}, {_updated(c, node, old, scope)})")

    return _apply(c, node, x, scope, edit, change)


def _updated(c: Compiler, node: syntax.Assign, old: str, scope: Scope) -> str:
    if c.is_one(node.right, scope):
        return c.single(node.right, old, scope)
    return c.first(lambda sink: c.stream(node.right, old, scope, sink), "NOTHING")


def _is_member(left: syntax.Node) -> TypeGuard[syntax.Field]:
    """Whether the left side is `.name`, which needs no search for paths."""
    return isinstance(left, syntax.Field) and isinstance(left.target, syntax.Identity)


def _with_member(c: Compiler, x: str, name: str, new: str) -> str:
    c.writer.allocated += 6
    return c.writer.let(f"with_member(B, {x}, {c.writer.constant(name)}, {new})")


def assigned(c: Compiler, node: syntax.Assign, x: str, scope: Scope, value: str) -> str:
    """`paths = value`, `paths += value` and so on, for one value of the right side."""
    if _is_member(node.left):
        old = field_of(c, x, node.left.name)
        return _with_member(c, x, node.left.name, assigned_value(node.operator, old, value))
    edit = c.writer.let(f"Edit(B, {x})")

    def change(at: str, _: str) -> None:
        old = c.writer.let(f"{edit}.get({at})") if node.operator else ""
        c.writer.line(f"{edit}.put({at}, {assigned_value(node.operator, old, value)})")

    return _apply(c, node, x, scope, edit, change)


def _apply(c: Compiler, node: syntax.Assign, x: str, scope: Scope, edit: str, change: object) -> str:
    """The paths are all known before the first change, as later ones are found in the data as it was."""
    c.writer.allocated += 6
    c.path(node.left, "()", x, scope, PathSink(change))  # type: ignore[arg-type]
    return c.writer.let(f"{edit}.result()")
