"""Nodes that give exactly one value, written as straight statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import cast

from gatewright.flow.jq import syntax
from gatewright.flow.jq.accumulate import grow
from gatewright.flow.jq.accumulate import grows_in_place
from gatewright.flow.jq.binding import bind_pattern
from gatewright.flow.jq.calls import single_call
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.formats import FORMATS
from gatewright.flow.jq.members import ARITHMETIC
from gatewright.flow.jq.members import field_of
from gatewright.flow.jq.members import index_of
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.sinks import Sink
from gatewright.flow.jq.values import MAX_EXACT

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler

_FEW = 64
"""So many members are copied without being charged one by one: what repeats the copying is charged anyway."""

_ORDER = {"<": "{} < 0", "<=": "{} <= 0", ">": "{} > 0", ">=": "{} >= 0"}


def _identity(_: Compiler, __: syntax.Identity, x: str, ___: Scope) -> str:
    return x


def _literal(c: Compiler, node: syntax.Literal, _: str, __: Scope) -> str:
    return c.writer.constant(node.value)


def _variable(_: Compiler, node: syntax.Variable, __: str, scope: Scope) -> str:
    if node.name in scope.variables:
        return scope.variables[node.name]
    if node.name in ("ENV", "__prog_args"):
        raise ExpressionProblem(
            f"${node.name} is not supported: an expression reaches nothing but its data", node.offset
        )
    known = ", ".join(f"${name}" for name in sorted(scope.variables)) or "none"
    raise ExpressionProblem(f"${node.name} is not defined here (there are: {known})", node.offset)


def _field(c: Compiler, node: syntax.Field, x: str, scope: Scope) -> str:
    return field_of(c, c.single(node.target, x, scope), node.name)


def _index(c: Compiler, node: syntax.Index, x: str, scope: Scope) -> str:
    key = c.single(node.key, x, scope)
    return index_of(c, c.single(node.target, x, scope), key)


def _slice(c: Compiler, node: syntax.Slice, x: str, scope: Scope) -> str:
    low = c.single(node.low, x, scope) if node.low else "None"
    high = c.single(node.high, x, scope) if node.high else "None"
    target = c.single(node.target, x, scope)
    return c.writer.let(f"part(B, {target}, {low}, {high})")


def _array(c: Compiler, node: syntax.Array, x: str, scope: Scope) -> str:
    if node.body is None:
        return c.writer.let("[]")
    items = node.body.items if isinstance(node.body, syntax.Comma) else (node.body,)
    if all(c.is_one(item, scope) for item in items):
        return _display(c, items, x, scope)
    body = node.body
    return c.collect(lambda sink: c.stream(body, x, scope, sink))


def _display(c: Compiler, items: tuple[syntax.Node, ...], x: str, scope: Scope) -> str:
    atoms = [c.single(item, x, scope) for item in items]
    c.writer.allocated += 2 + len(atoms) // 4
    return c.writer.let(f"[{', '.join(atoms)}]")


def _items(c: Compiler, node: syntax.Items, x: str, scope: Scope) -> str:
    return _display(c, node.items, x, scope)


def object_display(c: Compiler, pairs: list[tuple[str, str]]) -> str:
    """A local with an object of these keys and values."""
    c.writer.allocated += 4 + len(pairs)
    entries = ", ".join(f"{_key(key)}: {value}" for key, value in pairs)
    return c.writer.let(f"{{{entries}}}")


def _key(atom: str) -> str:
    return atom if atom[0] in "'\"" else f"key(B, {atom})"


def _object(c: Compiler, node: syntax.Object, x: str, scope: Scope) -> str:
    return object_display(c, [(c.single(key, x, scope), c.single(value, x, scope)) for key, value in node.entries])


def text_of(c: Compiler, node: syntax.Text, atoms: list[str]) -> str:
    """A local with the string that these parts make; `atoms` stand for the nodes among them."""
    form = format_name(node.format, node)
    rest = iter(atoms)
    pieces = []
    for part in node.parts:
        if not isinstance(part, str):
            atom = c.writer.local(next(rest))
            plain = f"{atom} if type({atom}) is str else " if form == "text" else ""
            pieces.append(f"({plain}format_{form}(B, {atom}))")
        elif part:
            pieces.append(c.writer.constant(part))
    c.writer.allocated += 2
    return c.writer.let(f"concat(B, ({', '.join(pieces)},))")


def format_name(name: str, node: syntax.Node) -> str:
    """The name of a format that exists. Raises ExpressionProblem."""
    if name not in FORMATS:
        raise ExpressionProblem(f"@{name} is not a format (there are: {', '.join(sorted(FORMATS))})", node.offset)
    return name


def _text(c: Compiler, node: syntax.Text, x: str, scope: Scope) -> str:
    return text_of(c, node, [c.single(part, x, scope) for part in node.parts if not isinstance(part, str)])


def _format(c: Compiler, node: syntax.Format, x: str, _: Scope) -> str:
    return c.writer.let(f"format_{format_name(node.name, node)}(B, {x})")


def negate_of(c: Compiler, atom: str) -> str:
    """A local with the negated number."""
    return c.writer.let(f"negate(B, {atom})")


def _negate(c: Compiler, node: syntax.Negate, x: str, scope: Scope) -> str:
    if isinstance(node.operand, syntax.Literal) and type(node.operand.value) in (int, float):
        return c.writer.constant(-cast("int", node.operand.value))
    return negate_of(c, c.single(node.operand, x, scope))


def _pipe(c: Compiler, node: syntax.Pipe, x: str, scope: Scope) -> str:
    return c.single(node.right, c.single(node.left, x, scope), scope)


def binary_of(c: Compiler, operator: str, left: str, right: str) -> str:
    """A local with the result of an arithmetic operation or a comparison."""
    if operator in ARITHMETIC:
        c.writer.allocated += 1
        call = f"{ARITHMETIC[operator]}(B, {left}, {right})"
        return c.writer.let(f"{_quick_sum(c, left, right)}{call}" if operator == "+" else call)
    if operator in ("==", "!="):
        return c.boolean(_equality(left, right, negated=operator == "!="))
    if _is_number(right) and left.startswith("v"):
        quick = (
            f"{left} {operator} {right} if type({left}) is int or (type({left}) is float and {left} == {left}) else "
        )
        return c.boolean(quick + _ORDER[operator].format(f"compare(B, {left}, {right})"))
    return c.boolean(_ORDER[operator].format(f"compare(B, {left}, {right})"))


def _quick_sum(c: Compiler, left: str, right: str) -> str:
    """The beginning of a conditional expression: the sum of two whole numbers, if they are such."""
    if not all(atom.startswith("v") or _is_number(atom) for atom in (left, right)):
        return ""
    total = c.writer.name()
    whole = " and ".join(f"type({atom}) is int" for atom in (left, right) if atom.startswith("v"))
    if not whole:
        return ""
    return f"{total} if {whole} and -{MAX_EXACT} <= ({total} := {left} + {right}) <= {MAX_EXACT} else "


def _is_number(atom: str) -> bool:
    return atom.isdigit()


def _equality(left: str, right: str, *, negated: bool) -> str:
    if not left.startswith("v"):
        left, right = right, left
    if left.startswith("v") and right in ("None", "True", "False"):
        return f"{left} is {'not ' if negated else ''}{right}"
    if left.startswith("v") and right[0] in "'\"":
        return f"{left} {'!=' if negated else '=='} {right}"
    return f"{'not ' if negated else ''}equal(B, {left}, {right})"


def _binary(c: Compiler, node: syntax.Binary, x: str, scope: Scope) -> str:
    right = c.single(node.right, x, scope)
    left = c.single(node.left, x, scope)
    if (
        node.operator == "+"
        and isinstance(node.right, syntax.Object)
        and right.startswith("v")
        and left.startswith("v")
    ):
        c.writer.allocated += 4
        quick = f"{{**{left}, **{right}}} if type({left}) is dict and len({left}) < {_FEW} else "
        return c.writer.let(f"{quick}add(B, {left}, {right})")
    return binary_of(c, node.operator, left, right)


def both(c: Compiler, node: syntax.Both, x: str, scope: Scope) -> str:
    """`and`, `or`: the right side is looked at only when the left one leaves it open."""
    left = c.truth(c.single(node.left, x, scope))
    result = c.boolean(str(node.operator == "or"))
    with c.writer.block(f"if {left}:" if node.operator == "and" else f"if not ({left}):"):
        right = c.truth(c.single(node.right, x, scope))
        c.writer.line(f"{result} = {right}")
    return result


def _alternative(c: Compiler, node: syntax.Alternative, x: str, scope: Scope) -> str:
    if c.is_one(node.left, scope):
        result = c.writer.let(c.single(node.left, x, scope))
    else:
        result = c.writer.let("None")
        c.stream(node.left, x, scope, c.assign(result))
    with c.writer.block(f"if {result} is None or {result} is False:"):
        c.writer.line(f"{result} = {c.single(node.right, x, scope)}")
    return result


def _if(c: Compiler, node: syntax.If, x: str, scope: Scope) -> str:
    condition = c.truth(c.single(node.condition, x, scope))
    result = c.writer.name()
    with c.writer.block(f"if {condition}:"):
        c.writer.line(f"{result} = {c.single(node.then, x, scope)}")
    with c.writer.block("else:"):
        c.writer.line(f"{result} = {c.single(node.otherwise, x, scope)}")
    return result


def _try(c: Compiler, node: syntax.Try, x: str, scope: Scope) -> str:
    result, fault = c.writer.let("NOTHING"), c.writer.name()
    with c.writer.block("try:"):
        c.writer.line(f"{result} = {c.single(node.body, x, scope)}")
    with c.writer.block(f"except Raised as {fault}:"):
        value = c.writer.let(f"{fault}.value")
        assert node.handler is not None
        c.writer.line(f"{result} = {c.single(node.handler, value, scope)}")
    return result


def _bind(c: Compiler, node: syntax.Bind, x: str, scope: Scope) -> str:
    source = c.single(node.source, x, scope)
    return c.single(node.body, x, bind_pattern(c, node.pattern, source, x, scope))


def _define(c: Compiler, node: syntax.Define, x: str, scope: Scope) -> str:
    return c.single(node.rest, x, scope.after_definition(node))


def _reduce(c: Compiler, node: syntax.Reduce, x: str, scope: Scope) -> str:
    return reduce_from(c, node, x, scope, c.single(node.start, x, scope))


def reduce_from(c: Compiler, node: syntax.Reduce, x: str, scope: Scope, start: str) -> str:
    """A local with the last state; an update without a value leaves null."""
    if grows_in_place(c, node.update, scope):
        return _reduce_in_place(c, node, x, scope, start)
    state, rounds = c.writer.let(start), c.writer.let("0")

    def step(atom: str) -> None:
        inner = bind_pattern(c, node.pattern, atom, x, scope)
        c.writer.line(f"{rounds} += 1")
        if c.is_one(node.update, inner):
            c.writer.line(f"{state} = {c.single(node.update, state, inner)}")
            return
        last = c.writer.let("None")
        c.stream(node.update, state, inner, c.assign(last))
        c.writer.line(f"{state} = {last}")

    c.stream(node.source, x, scope, Sink(step))
    return _checked(c, state, rounds)


def _reduce_in_place(c: Compiler, node: syntax.Reduce, x: str, scope: Scope, start: str) -> str:
    edit, rounds = c.writer.let(f"Edit(B, {start})"), c.writer.let("0")

    def step(atom: str) -> None:
        inner = bind_pattern(c, node.pattern, atom, x, scope)
        c.writer.line(f"{rounds} += 1")
        c.writer.allocated += 2
        grow(c, node.update, edit, x, inner)

    c.stream(node.source, x, scope, Sink(step))
    return _checked(c, c.writer.let(f"{edit}.result()"), rounds)


def _checked(c: Compiler, state: str, rounds: str) -> str:
    """The state of a loop; after many rounds its size and depth are looked at."""
    with c.writer.block(f"if {rounds} > 16:"):
        c.writer.line(f"bounded(B, {state})")
    return state


def _first(c: Compiler, node: syntax.First, x: str, scope: Scope) -> str:
    if c.is_one(node.body, scope):
        return c.single(node.body, x, scope)
    result = c.first(lambda sink: c.stream(node.body, x, scope, sink), "NOTHING")
    with c.writer.block(f"if {result} is NOTHING:"):
        c.writer.line("no_value()")
    return result


def _assign(c: Compiler, node: syntax.Assign, x: str, scope: Scope) -> str:
    from gatewright.flow.jq.updates import assigned
    from gatewright.flow.jq.updates import modified

    if node.operator == "|":
        return modified(c, node, x, scope)
    return assigned(c, node, x, scope, c.single(node.right, x, scope))


Single = Callable[["Compiler", syntax.Node, str, Scope], str]

SINGLES = cast(
    "dict[type[syntax.Node], Single]",
    {
        syntax.Identity: _identity,
        syntax.Literal: _literal,
        syntax.Variable: _variable,
        syntax.Field: _field,
        syntax.Index: _index,
        syntax.Slice: _slice,
        syntax.Array: _array,
        syntax.Items: _items,
        syntax.Object: _object,
        syntax.Text: _text,
        syntax.Format: _format,
        syntax.Negate: _negate,
        syntax.Pipe: _pipe,
        syntax.Binary: _binary,
        syntax.Both: both,
        syntax.Alternative: _alternative,
        syntax.Assign: _assign,
        syntax.If: _if,
        syntax.Try: _try,
        syntax.Bind: _bind,
        syntax.Define: _define,
        syntax.Reduce: _reduce,
        syntax.First: _first,
        syntax.Call: single_call,
    },
)
