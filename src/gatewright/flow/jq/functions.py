"""Which function a call means: one of the expression's own, a special form, one of the prelude, a native one, or none."""

from __future__ import annotations

import difflib
from functools import cache

from gatewright.flow.jq import syntax
from gatewright.flow.jq.builtins_regex import compiled
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.natives import NATIVES
from gatewright.flow.jq.parser import parse
from gatewright.flow.jq.prelude import PRELUDE
from gatewright.flow.jq.scope import Closure
from gatewright.flow.jq.scope import Scope

SPECIAL: frozenset[Name] = frozenset(
    {
        *(("empty", 0), ("error", 0), ("not", 0), ("isempty", 1), ("path", 1), ("first", 1), ("last", 1)),
        *(("any", 1), ("all", 1), ("any", 2), ("all", 2), ("recurse", 1), ("until", 2), ("walk", 1)),
        *(("range", 1), ("range", 2), ("range", 3), ("repeat", 1), ("limit", 2), ("skip", 2)),
    }
)
"""Written by `calls.py`."""

_PATTERNS = frozenset({"test", "match", "capture", "scan", "split", "splits", "sub", "gsub"})
_SERVER = "an expression reaches nothing but its data"
REFUSED = {
    **dict.fromkeys(["env", "input", "inputs", "input_filename", "input_line_number", "stderr", "debug"], _SERVER),
    **dict.fromkeys(["halt", "halt_error", "get_search_list", "modulemeta", "get_jq_origin"], _SERVER),
    **dict.fromkeys(["get_prog_origin", "builtins", "localtime", "strflocaltime", "input_raw"], _SERVER),
}


@cache
def prelude(name: Name) -> syntax.Define:
    """A definition of the prelude, parsed when first used."""
    node = parse(PRELUDE[name] + " .")
    assert isinstance(node, syntax.Define)
    return node


_ROOT = Scope()


@cache
def _prelude_closure(name: Name) -> Closure:
    node = prelude(name)
    return Closure(node.name, node.parameters, node.body, _ROOT)


def resolve(node: syntax.Call, scope: Scope) -> Closure | Name:
    """The definition to inline, or the name of a special or native function. Raises ExpressionProblem."""
    name = (node.name, len(node.arguments))
    closure = scope.functions.get(name)
    if closure is not None:
        if closure.body is None:
            raise ExpressionProblem(f"`{node.name}` calls itself; recursive definitions are not supported", node.offset)
        return closure
    _check_pattern(node)
    if name in SPECIAL or name in NATIVES:
        return name
    if name in PRELUDE:
        return _prelude_closure(name)
    raise ExpressionProblem(_unknown(node.name, len(node.arguments)), node.offset)


def _check_pattern(node: syntax.Call) -> None:
    """A pattern that stands in the expression is tried when it is compiled."""
    pattern = node.arguments[0] if node.arguments and node.name in _PATTERNS else None
    if node.name == "split" and len(node.arguments) < 2:
        return
    if isinstance(pattern, syntax.Literal) and type(pattern.value) is str:
        try:
            compiled(pattern.value, "x" if len(node.arguments) > 1 else "")
        except Raised as fault:
            raise ExpressionProblem(str(fault), pattern.offset) from None


def _unknown(name: str, arity: int) -> str:
    if name in REFUSED:
        return f"`{name}` is not supported: {REFUSED[name]}"
    known = {*SPECIAL, *PRELUDE, *NATIVES}
    arities = sorted(count for one, count in known if one == name)
    if arities:
        counts = " or ".join(str(count) for count in arities)
        return f"`{name}` takes {counts} arguments, not {arity}"
    near = difflib.get_close_matches(name, {one for one, _ in known if not one.startswith("_")}, 1)
    return f"there is no function `{name}`" + (f"; did you mean `{near[0]}`?" if near else "")
