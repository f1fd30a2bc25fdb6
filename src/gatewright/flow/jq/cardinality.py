"""How many values each node gives."""

from __future__ import annotations

from collections.abc import Callable

from gatewright.flow.jq import syntax
from gatewright.flow.jq.functions import resolve
from gatewright.flow.jq.natives import NATIVES
from gatewright.flow.jq.scope import MANY
from gatewright.flow.jq.scope import MAYBE
from gatewright.flow.jq.scope import ONE
from gatewright.flow.jq.scope import Closure
from gatewright.flow.jq.scope import Scope

_ALWAYS_ONE = (
    syntax.Identity,
    syntax.Literal,
    syntax.Variable,
    syntax.Format,
    syntax.Array,
    syntax.Items,
    syntax.First,
)
_SPECIAL = {
    **dict.fromkeys([("error", 0), ("not", 0), ("isempty", 1), ("any", 1), ("all", 1), ("any", 2), ("all", 2)], ONE),
    **dict.fromkeys([("empty", 0), ("first", 1), ("last", 1)], MAYBE),
    **dict.fromkeys([("range", 1), ("range", 2), ("range", 3)], MANY),
    **dict.fromkeys([("path", 1), ("recurse", 1), ("repeat", 1), ("limit", 2), ("skip", 2)], MANY),
}


class Cardinality:
    """Answers ONE, MAYBE or MANY for a node in a scope, remembering what it found."""

    def __init__(self, visit: Callable[[syntax.Node], None]) -> None:
        self._visit = visit
        self._known: dict[tuple[int, int], tuple[int, syntax.Node, Scope]] = {}

    def __call__(self, node: syntax.Node, scope: Scope) -> int:
        """ONE, MAYBE or MANY."""
        key = (id(node), id(scope))
        if key not in self._known:
            self._visit(node)
            self._known[key] = (self._of(node, scope), node, scope)
        return self._known[key][0]

    def most(self, scope: Scope, *nodes: syntax.Node | None) -> int:
        """The largest of several."""
        return max((self(node, scope) for node in nodes if node is not None), default=ONE)

    def _of(self, node: syntax.Node, scope: Scope) -> int:
        if isinstance(node, _ALWAYS_ONE):
            return ONE
        if isinstance(node, syntax.Call):
            return self._call(node, scope)
        if isinstance(node, syntax.Alternative):
            left, right = self(node.left, scope), self(node.right, scope)
            return MANY if left == MANY else right
        if isinstance(node, syntax.Try):
            return max(self(node.body, scope), self(node.handler, scope) if node.handler else MAYBE)
        if isinstance(node, syntax.Assign):
            return ONE if node.operator == "|" else self(node.right, scope)
        if isinstance(node, syntax.Define):
            return self(node.rest, scope.after_definition(node))
        if isinstance(node, syntax.Label):
            return max(MAYBE, self(node.body, scope))
        if isinstance(node, syntax.Leave):
            return MAYBE
        if isinstance(node, syntax.Reduce):
            return self(node.start, scope)
        return self._combined(node, scope)

    def _combined(self, node: syntax.Node, scope: Scope) -> int:
        if isinstance(node, syntax.Field):
            return self(node.target, scope)
        if isinstance(node, syntax.Index):
            return self.most(scope, node.target, node.key)
        if isinstance(node, syntax.Slice):
            return self.most(scope, node.target, node.low, node.high)
        if isinstance(node, syntax.Object):
            return self.most(scope, *(part for entry in node.entries for part in entry))
        if isinstance(node, syntax.Text):
            return self.most(scope, *(part for part in node.parts if isinstance(part, syntax.Node)))
        if isinstance(node, syntax.Negate):
            return self(node.operand, scope)
        if isinstance(node, syntax.Pipe | syntax.Binary | syntax.Both):
            return self.most(scope, node.left, node.right)
        if isinstance(node, syntax.If):
            return self.most(scope, node.condition, node.then, node.otherwise)
        if isinstance(node, syntax.Bind):
            return self.most(scope, node.source, node.body)
        return MANY  # Comma, Iterate, Foreach, RecurseDefault

    def _call(self, node: syntax.Call, scope: Scope) -> int:
        found = resolve(node, scope)
        if isinstance(found, Closure):
            return self._closure(node, found, scope)
        if found in _SPECIAL:
            return _SPECIAL[found]
        if found in NATIVES:
            return MANY if NATIVES[found].many else self.most(scope, *node.arguments)
        return self.most(scope, *node.arguments)

    def _closure(self, node: syntax.Call, closure: Closure, scope: Scope) -> int:
        assert closure.body is not None
        inner, most = closure.scope, ONE
        for parameter, argument in zip(closure.parameters, node.arguments, strict=True):
            if parameter.startswith("$"):
                most = max(most, self(argument, scope))
                inner = inner.define(parameter[1:], (), syntax.Identity(), inner)
            else:
                inner = inner.define(parameter, (), argument, scope)
        return max(most, self(closure.body, inner))
