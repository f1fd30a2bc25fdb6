"""Nodes that give any number of values, written as loops around what becomes of each value."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import cast

from gatewright.flow.jq import syntax
from gatewright.flow.jq.binding import bind_pattern
from gatewright.flow.jq.calls import stream_call
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.members import field_of
from gatewright.flow.jq.members import index_of
from gatewright.flow.jq.scope import MAYBE
from gatewright.flow.jq.scope import Mark
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.singles import binary_of
from gatewright.flow.jq.singles import negate_of
from gatewright.flow.jq.singles import object_display
from gatewright.flow.jq.singles import reduce_from
from gatewright.flow.jq.singles import text_of
from gatewright.flow.jq.sinks import Sink
from gatewright.flow.jq.updates import assigned

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler


def is_empty(node: syntax.Node) -> bool:
    """Whether the node is a plain `empty`."""
    return isinstance(node, syntax.Call) and node.name == "empty" and not node.arguments


def splits(node: syntax.Node) -> bool:
    """Whether the sink is written more than once for this node."""
    if isinstance(node, syntax.If):
        return not (is_empty(node.then) or is_empty(node.otherwise))
    return isinstance(node, syntax.Comma | syntax.Alternative | syntax.Both)


def _field(c: Compiler, node: syntax.Field, x: str, scope: Scope, sink: Sink) -> None:
    c.stream(node.target, x, scope, Sink(lambda target: sink.put(field_of(c, target, node.name))))


def _index(c: Compiler, node: syntax.Index, x: str, scope: Scope, sink: Sink) -> None:
    def with_key(key: str) -> None:
        c.stream(node.target, x, scope, Sink(lambda target: sink.put(index_of(c, target, key))))

    c.stream(node.key, x, scope, Sink(with_key))


def _slice(c: Compiler, node: syntax.Slice, x: str, scope: Scope, sink: Sink) -> None:
    nothing = syntax.Literal(value=None)

    def with_bounds(low: str, high: str) -> None:
        def cut(target: str) -> None:
            sink.put(c.writer.let(f"part(B, {target}, {low}, {high})"))

        c.stream(node.target, x, scope, Sink(cut))

    def with_low(low: str) -> None:
        c.stream(node.high or nothing, x, scope, Sink(lambda high: with_bounds(low, high)))

    c.stream(node.low or nothing, x, scope, Sink(with_low))


def _iterate(c: Compiler, node: syntax.Iterate, x: str, scope: Scope, sink: Sink) -> None:
    def each(target: str) -> None:
        value = c.writer.name()
        with c.writer.loop(lambda cost: f"for {value} in items(B, {target}, {cost}):"):
            sink.put(value)

    c.stream(node.target, x, scope, Sink(each))


def _recurse(c: Compiler, _: syntax.RecurseDefault, x: str, __: Scope, sink: Sink) -> None:
    value = c.writer.name()
    with c.writer.loop(lambda cost: f"for {value} in descend(B, {x}, {cost}):"):
        sink.put(value)


def _object(c: Compiler, node: syntax.Object, x: str, scope: Scope, sink: Sink) -> None:
    def entry(place: int, pairs: list[tuple[str, str]]) -> None:
        if place == len(node.entries):
            sink.put(object_display(c, pairs))
            return
        key_node, value_node = node.entries[place]

        def with_key(key: str) -> None:
            c.stream(value_node, x, scope, Sink(lambda value: entry(place + 1, [*pairs, (key, value)])))

        c.stream(key_node, x, scope, Sink(with_key))

    entry(0, [])


def _text(c: Compiler, node: syntax.Text, x: str, scope: Scope, sink: Sink) -> None:
    nodes = [part for part in node.parts if not isinstance(part, str)]

    def before(place: int, atoms: list[str]) -> None:
        """The last interpolation is the outermost loop."""
        if place < 0:
            sink.put(text_of(c, node, atoms))
            return
        c.stream(nodes[place], x, scope, Sink(lambda atom: before(place - 1, [atom, *atoms])))

    before(len(nodes) - 1, [])


def _negate(c: Compiler, node: syntax.Negate, x: str, scope: Scope, sink: Sink) -> None:
    c.stream(node.operand, x, scope, Sink(lambda atom: sink.put(negate_of(c, atom))))


def _pipe(c: Compiler, node: syntax.Pipe, x: str, scope: Scope, sink: Sink) -> None:
    c.stream(node.left, x, scope, Sink(lambda atom: c.stream(node.right, atom, scope, sink)))


def _comma(c: Compiler, node: syntax.Comma, x: str, scope: Scope, sink: Sink) -> None:
    for item in node.items:
        c.stream(item, x, scope, sink)


def binary(c: Compiler, node: syntax.Binary, x: str, scope: Scope, sink: Sink) -> None:
    """The right side is the outer loop."""

    def with_right(right: str) -> None:
        def with_left(left: str) -> None:
            sink.put(binary_of(c, node.operator, left, right))

        c.stream(node.left, x, scope, Sink(with_left))

    c.stream(node.right, x, scope, Sink(with_right))


def _both(c: Compiler, node: syntax.Both, x: str, scope: Scope, sink: Sink) -> None:
    decided = str(node.operator == "or")

    def with_left(left: str) -> None:
        condition = c.truth(left)
        with c.writer.block(f"if not ({condition}):" if node.operator == "and" else f"if {condition}:"):
            sink.put(decided)
        with c.writer.block("else:"):
            c.stream(node.right, x, scope, Sink(lambda right: sink.put(c.boolean(c.truth(right)))))

    c.stream(node.left, x, scope, Sink(with_left))


def _alternative(c: Compiler, node: syntax.Alternative, x: str, scope: Scope, sink: Sink) -> None:
    found = c.boolean("False")

    def keep(atom: str) -> None:
        with c.writer.block(f"if {c.truth(atom)}:"):
            c.writer.line(f"{found} = True")
            sink.put(atom)

    c.stream(node.left, x, scope, Sink(keep))
    with c.writer.block(f"if not {found}:"):
        c.stream(node.right, x, scope, sink)


def _if(c: Compiler, node: syntax.If, x: str, scope: Scope, sink: Sink) -> None:
    def decide(atom: str) -> None:
        condition = c.truth(atom)
        if is_empty(node.then):
            with c.writer.block(f"if not ({condition}):"):
                c.stream(node.otherwise, x, scope, sink)
            return
        with c.writer.block(f"if {condition}:"):
            c.stream(node.then, x, scope, sink)
        if not is_empty(node.otherwise):
            with c.writer.block("else:"):
                c.stream(node.otherwise, x, scope, sink)

    c.stream(node.condition, x, scope, Sink(decide))


def _try(c: Compiler, node: syntax.Try, x: str, scope: Scope, sink: Sink) -> None:
    if c.cardinality(node, scope) == MAYBE:
        c.maybe(lambda small: _try_once(c, node, x, scope, small), sink)
    else:
        c.generator(lambda small: _try_many(c, node, x, scope, small), sink)


def _try_once(c: Compiler, node: syntax.Try, x: str, scope: Scope, sink: Sink) -> None:
    fault = c.writer.name()
    with c.writer.block("try:"):
        c.stream(node.body, x, scope, sink)
    with c.writer.block(f"except Raised as {fault}:"):
        if node.handler is not None:
            c.stream(node.handler, c.writer.let(f"{fault}.value"), scope, sink)


def _try_many(c: Compiler, node: syntax.Try, x: str, scope: Scope, sink: Sink) -> None:
    """The handler runs outside the `except`, so that its own errors are its own."""
    value, fault = c.writer.let("NOTHING"), c.writer.name()
    with c.writer.block("try:"):
        c.stream(node.body, x, scope, sink)
    with c.writer.block(f"except Raised as {fault}:"):
        c.writer.line(f"{value} = {fault}.value")
    if node.handler is not None:
        with c.writer.block(f"if {value} is not NOTHING:"):
            c.stream(node.handler, value, scope, sink)


def _reduce(c: Compiler, node: syntax.Reduce, x: str, scope: Scope, sink: Sink) -> None:
    c.stream(node.start, x, scope, Sink(lambda start: sink.put(reduce_from(c, node, x, scope, start))))


def _foreach(c: Compiler, node: syntax.Foreach, x: str, scope: Scope, sink: Sink) -> None:
    def begin(start: str) -> None:
        state, rounds = c.writer.let(start), c.writer.let("0")

        def step(atom: str) -> None:
            inner = bind_pattern(c, node.pattern, atom, x, scope)
            c.writer.line(f"{rounds} += 1")
            with c.writer.block(f"if {rounds} % 100 == 0:"):
                c.writer.line(f"bounded(B, {state})")
            before = c.writer.let(state)

            def extract(value: str) -> None:
                c.writer.line(f"{state} = {value}")
                c.stream(node.extract, value, inner, sink)

            c.stream(node.update, before, inner, Sink(extract))

        c.stream(node.source, x, scope, Sink(step))

    c.stream(node.start, x, scope, Sink(begin))


def _bind(c: Compiler, node: syntax.Bind, x: str, scope: Scope, sink: Sink) -> None:
    def with_source(source: str) -> None:
        c.stream(node.body, x, bind_pattern(c, node.pattern, source, x, scope), sink)

    c.stream(node.source, x, scope, Sink(with_source))


def _define(c: Compiler, node: syntax.Define, x: str, scope: Scope, sink: Sink) -> None:
    c.stream(node.rest, x, scope.after_definition(node), sink)


def labelled(c: Compiler, node: syntax.Label, scope: Scope, body: Callable[[Scope], None]) -> None:
    """The inside of a label's own generator: `break` there returns, from functions within it raises."""
    token, fault = c.writer.let("object()"), c.writer.name()
    with c.writer.block("try:"):
        body(scope.label(node.name, Mark(c.writer.frame, token)))
    with c.writer.block(f"except Break as {fault}:"), c.writer.block(f"if {fault}.token is not {token}:"):
        c.writer.line("raise")


def _label(c: Compiler, node: syntax.Label, x: str, scope: Scope, sink: Sink) -> None:
    c.generator(
        lambda small: labelled(c, node, scope, lambda inner: c.stream(node.body, x, inner, small)),
        sink,
    )


def leave(c: Compiler, node: syntax.Leave, _: str, scope: Scope, __: Sink) -> None:
    """`break`: a return in the label's own function, an exception in one within."""
    mark = scope.labels.get(node.name)
    if mark is None:
        raise ExpressionProblem(f"there is no `label ${node.name}` around this `break`", node.offset)
    c.writer.line("return" if mark.frame is c.writer.frame else f"raise Break({mark.token})")


def assign(c: Compiler, node: syntax.Assign, x: str, scope: Scope, sink: Sink) -> None:
    """One result for each value of the right side."""
    c.stream(node.right, x, scope, Sink(lambda value: sink.put(assigned(c, node, x, scope, value))))


Stream = Callable[["Compiler", syntax.Node, str, Scope, Sink], None]

STREAMS = cast(
    "dict[type[syntax.Node], Stream]",
    {
        syntax.Field: _field,
        syntax.Index: _index,
        syntax.Slice: _slice,
        syntax.Iterate: _iterate,
        syntax.RecurseDefault: _recurse,
        syntax.Object: _object,
        syntax.Text: _text,
        syntax.Negate: _negate,
        syntax.Pipe: _pipe,
        syntax.Comma: _comma,
        syntax.Binary: binary,
        syntax.Both: _both,
        syntax.Alternative: _alternative,
        syntax.Assign: assign,
        syntax.If: _if,
        syntax.Try: _try,
        syntax.Reduce: _reduce,
        syntax.Foreach: _foreach,
        syntax.Bind: _bind,
        syntax.Label: _label,
        syntax.Leave: leave,
        syntax.Define: _define,
        syntax.Call: stream_call,
    },
)
