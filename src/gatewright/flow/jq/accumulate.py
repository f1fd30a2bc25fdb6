"""`reduce` with a state that grows: written in place, as nothing but the loop sees it before its end.

For updates like `.[$key] = …`, `.count += 1`, `. + [$x]` whose right side and keys don't look at the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gatewright.flow.jq import syntax
from gatewright.flow.jq.members import assigned_value

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler
    from gatewright.flow.jq.scope import Scope


def ignores_input(node: syntax.Node) -> bool:
    """Whether the node surely gives the same whatever its input."""
    if isinstance(node, syntax.Literal | syntax.Variable):
        return True
    if isinstance(node, syntax.Pipe):
        return ignores_input(node.left)
    if isinstance(node, syntax.Field | syntax.Iterate):
        return ignores_input(node.target)
    if isinstance(node, syntax.Index):
        return ignores_input(node.target) and ignores_input(node.key)
    if isinstance(node, syntax.Object):
        return all(ignores_input(part) for entry in node.entries for part in entry)
    if isinstance(node, syntax.Array):
        return node.body is None or ignores_input(node.body)
    if isinstance(node, syntax.Comma):
        return all(ignores_input(item) for item in node.items)
    if isinstance(node, syntax.Text):
        return all(isinstance(part, str) or ignores_input(part) for part in node.parts)
    if isinstance(node, syntax.Binary | syntax.Both | syntax.Alternative):
        return ignores_input(node.left) and ignores_input(node.right)
    return False


def _keys(node: syntax.Node) -> list[syntax.Node] | None:
    """The keys of a plain path from `.`, outermost first; None for any other node."""
    if isinstance(node, syntax.Identity):
        return []
    if not isinstance(node, syntax.Field | syntax.Index):
        return None
    before = _keys(node.target)
    key = syntax.Literal(value=node.name) if isinstance(node, syntax.Field) else node.key
    return [*before, key] if before is not None and ignores_input(key) else None


def grows_in_place(c: Compiler, update: syntax.Node, scope: Scope) -> bool:
    """Whether the update of a `reduce` may write into its state."""
    if isinstance(update, syntax.Binary):
        appends = update.operator == "+" and isinstance(update.left, syntax.Identity)
        return appends and ignores_input(update.right) and c.is_one(update.right, scope)
    if not isinstance(update, syntax.Assign) or update.operator == "|" or not ignores_input(update.right):
        return False
    keys = _keys(update.left)
    return bool(keys) and all(c.is_one(node, scope) for node in (update.right, *(keys or ())))


def grow(c: Compiler, update: syntax.Node, edit: str, x: str, scope: Scope) -> None:
    """Write one round of the update on the `Edit` in this local."""
    if isinstance(update, syntax.Binary):
        c.writer.line(f"{edit}.append({c.single(update.right, x, scope)})")
        return
    assert isinstance(update, syntax.Assign)
    value = c.single(update.right, x, scope)
    keys = ", ".join(c.single(key, x, scope) for key in _keys(update.left) or ())
    at = c.writer.let(f"({keys},)")
    old = c.writer.let(f"{edit}.get({at})") if update.operator else ""
    c.writer.line(f"{edit}.put({at}, {assigned_value(update.operator, old, value)})")
