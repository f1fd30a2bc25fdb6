"""Nodes as path expressions: each value comes with its path from where the path expression began."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from typing import cast

from gatewright.flow.jq import syntax
from gatewright.flow.jq.binding import bind_pattern
from gatewright.flow.jq.calls import inline
from gatewright.flow.jq.calls import limiting
from gatewright.flow.jq.calls import skipping
from gatewright.flow.jq.functions import resolve
from gatewright.flow.jq.members import field_of
from gatewright.flow.jq.members import index_of
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.scope import Closure
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.sinks import PathSink
from gatewright.flow.jq.sinks import Sink
from gatewright.flow.jq.streams import is_empty
from gatewright.flow.jq.streams import labelled
from gatewright.flow.jq.streams import leave

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler


def no_path(c: Compiler, node: syntax.Node, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    """A value that was computed has no path, unless it is the very null, true or false that the input is."""

    def put(atom: str) -> None:
        c.writer.line(f"same_place({x}, {atom})")
        sink.put(at, x)

    c.stream(node, x, scope, Sink(put, sink.small))


def _identity(_: Compiler, __: syntax.Identity, at: str, x: str, ___: Scope, sink: PathSink) -> None:
    sink.put(at, x)


def _recurse_default(c: Compiler, _: syntax.RecurseDefault, at: str, x: str, __: Scope, sink: PathSink) -> None:
    inner, value = c.writer.name(), c.writer.name()
    with c.writer.loop(lambda cost: f"for {inner}, {value} in descend_paths(B, {at}, {x}, {cost}):"):
        sink.put(inner, value)


def _field(c: Compiler, node: syntax.Field, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def step(inner: str, target: str) -> None:
        value = field_of(c, target, node.name)
        sink.put(c.writer.let(f"{inner} + ({c.writer.constant(node.name)},)"), value)

    c.path(node.target, at, x, scope, PathSink(step))


def _index(c: Compiler, node: syntax.Index, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def with_key(key: str) -> None:
        def step(inner: str, target: str) -> None:
            value = index_of(c, target, key)
            sink.put(c.writer.let(f"{inner} + ({key},)"), value)

        c.path(node.target, at, x, scope, PathSink(step))

    c.stream(node.key, x, scope, Sink(with_key))


def _slice(c: Compiler, node: syntax.Slice, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    nothing = syntax.Literal(value=None)

    def with_bounds(low: str, high: str) -> None:
        def step(inner: str, target: str) -> None:
            value = c.writer.let(f"part(B, {target}, {low}, {high})")
            sink.put(c.writer.let(f"{inner} + ({{'start': {low}, 'end': {high}}},)"), value)

        c.path(node.target, at, x, scope, PathSink(step))

    def with_low(low: str) -> None:
        c.stream(node.high or nothing, x, scope, Sink(lambda high: with_bounds(low, high)))

    c.stream(node.low or nothing, x, scope, Sink(with_low))


def _iterate(c: Compiler, node: syntax.Iterate, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def each(inner: str, target: str) -> None:
        key, value = c.writer.name(), c.writer.name()
        with c.writer.loop(lambda cost: f"for {key}, {value} in entries(B, {target}, {cost + 2}):"):
            sink.put(c.writer.let(f"{inner} + ({key},)"), value)

    c.path(node.target, at, x, scope, PathSink(each))


def _pipe(c: Compiler, node: syntax.Pipe, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    c.path(node.left, at, x, scope, PathSink(lambda inner, value: c.path(node.right, inner, value, scope, sink)))


def _comma(c: Compiler, node: syntax.Comma, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    for item in node.items:
        c.path(item, at, x, scope, sink)


def _alternative(c: Compiler, node: syntax.Alternative, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    found = c.boolean("False")

    def keep(inner: str, value: str) -> None:
        with c.writer.block(f"if {c.truth(value)}:"):
            c.writer.line(f"{found} = True")
            sink.put(inner, value)

    c.path(node.left, at, x, scope, PathSink(keep))
    with c.writer.block(f"if not {found}:"):
        c.path(node.right, at, x, scope, sink)


def _if(c: Compiler, node: syntax.If, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def decide(atom: str) -> None:
        with c.writer.block(f"if {c.truth(atom)}:"):
            c.path(node.then, at, x, scope, sink)
        if not is_empty(node.otherwise):
            with c.writer.block("else:"):
                c.path(node.otherwise, at, x, scope, sink)

    c.stream(node.condition, x, scope, Sink(decide))


def _try(c: Compiler, node: syntax.Try, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def guarded(small: PathSink) -> None:
        value, fault = c.writer.let("NOTHING"), c.writer.name()
        with c.writer.block("try:"):
            c.path(node.body, at, x, scope, small)
        with c.writer.block(f"except Raised as {fault}:"):
            c.writer.line(f"{value} = {fault}.value")
        if node.handler is not None and not is_empty(node.handler):
            with c.writer.block(f"if {value} is not NOTHING:"):
                no_path(c, node.handler, at, value, scope, small)

    c.path_generator(guarded, sink)


def _reduce(c: Compiler, node: syntax.Reduce, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def begin(start_at: str, start: str) -> None:
        where, state = c.writer.let(start_at), c.writer.let(start)

        def step(atom: str) -> None:
            inner = bind_pattern(c, node.pattern, atom, x, scope)
            before_at, before = c.writer.let(where), c.writer.let(state)

            def keep(new_at: str, new: str) -> None:
                c.writer.line(f"{where}, {state} = {new_at}, {new}")

            c.path(node.update, before_at, before, inner, PathSink(keep, small=True))

        c.stream(node.source, x, scope, Sink(step))
        sink.put(where, state)

    c.path(node.start, at, x, scope, PathSink(begin))


def _foreach(c: Compiler, node: syntax.Foreach, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def begin(start_at: str, start: str) -> None:
        where, state = c.writer.let(start_at), c.writer.let(start)

        def step(atom: str) -> None:
            inner = bind_pattern(c, node.pattern, atom, x, scope)
            before_at, before = c.writer.let(where), c.writer.let(state)

            def extract(new_at: str, new: str) -> None:
                c.writer.line(f"{where}, {state} = {new_at}, {new}")
                c.path(node.extract, new_at, new, inner, sink)

            c.path(node.update, before_at, before, inner, PathSink(extract))

        c.stream(node.source, x, scope, Sink(step))

    c.path(node.start, at, x, scope, PathSink(begin))


def _bind(c: Compiler, node: syntax.Bind, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def with_source(source: str) -> None:
        c.path(node.body, at, x, bind_pattern(c, node.pattern, source, x, scope), sink)

    c.stream(node.source, x, scope, Sink(with_source))


def _define(c: Compiler, node: syntax.Define, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    c.path(node.rest, at, x, scope.after_definition(node), sink)


def _label(c: Compiler, node: syntax.Label, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    c.path_generator(lambda small: labelled(c, node, scope, lambda inner: c.path(node.body, at, x, inner, small)), sink)


def _leave_label(c: Compiler, node: syntax.Leave, _: str, x: str, scope: Scope, __: PathSink) -> None:
    leave(c, node, x, scope, Sink(lambda atom: None))


def _call(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    found = resolve(node, scope)
    if isinstance(found, Closure):
        inline(c, found, node, x, scope, lambda body, inner: c.path(body, at, x, inner, sink))
    elif found in _CALLS:
        _CALLS[found](c, node, at, x, scope, sink)
    else:
        no_path(c, node, at, x, scope, sink)


def _empty(_: Compiler, __: syntax.Call, ___: str, ____: str, _____: Scope, ______: PathSink) -> None:
    """Nothing to write."""


def _getpath(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def follow(keys: str) -> None:
        inner = c.writer.let(f"path_keys(B, {keys})")
        sink.put(c.writer.let(f"{at} + {inner}"), c.writer.let(f"follow(B, {x}, {inner})"))

    c.stream(node.arguments[0], x, scope, Sink(follow))


def _first(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    def body(one: Sink) -> None:
        emit = PathSink(lambda inner, value: one.put(f"({inner}, {value})"), small=True)
        c.path(node.arguments[0], at, x, scope, emit)

    _put_pair(c, c.first(body, "NOTHING"), sink)


def _last(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    pair = c.writer.let("NOTHING")
    keep = PathSink(lambda inner, value: c.writer.line(f"{pair} = ({inner}, {value})"), small=True)
    c.path(node.arguments[0], at, x, scope, keep)
    _put_pair(c, pair, sink)


def _put_pair(c: Compiler, pair: str, sink: PathSink) -> None:
    with c.writer.block(f"if {pair} is not NOTHING:"):
        inner, value = c.writer.name(), c.writer.name()
        c.writer.line(f"{inner}, {value} = {pair}")
        sink.put(inner, value)


def _recurse(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    closure = c.path_closure(node.arguments[0], scope)
    inner, value = c.writer.name(), c.writer.name()
    with c.writer.loop(lambda cost: f"for {inner}, {value} in recurse_paths(B, {at}, {x}, {closure}, {cost}):"):
        sink.put(inner, value)


def _limit(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    count, source = node.arguments

    def limited(small: PathSink, atom: str) -> None:
        c.path(source, at, x, scope, PathSink(limiting(c, atom, small.put), small=True))

    c.stream(count, x, scope, Sink(lambda atom: c.path_generator(lambda small: limited(small, atom), sink)))


def _skip(c: Compiler, node: syntax.Call, at: str, x: str, scope: Scope, sink: PathSink) -> None:
    count, source = node.arguments

    def skipped(atom: str) -> None:
        c.path(source, at, x, scope, PathSink(skipping(c, atom, sink.put), sink.small))

    c.stream(count, x, scope, Sink(skipped))


PathWriter = Callable[["Compiler", syntax.Node, str, str, Scope, PathSink], None]

_CALLS: dict[Name, Callable[[Compiler, syntax.Call, str, str, Scope, PathSink], None]] = {
    ("empty", 0): _empty,
    ("getpath", 1): _getpath,
    ("first", 1): _first,
    ("last", 1): _last,
    ("recurse", 1): _recurse,
    ("limit", 2): _limit,
    ("skip", 2): _skip,
}

PATHS = cast(
    "dict[type[syntax.Node], PathWriter]",
    {
        syntax.Node: no_path,
        syntax.Identity: _identity,
        syntax.RecurseDefault: _recurse_default,
        syntax.Field: _field,
        syntax.Index: _index,
        syntax.Slice: _slice,
        syntax.Iterate: _iterate,
        syntax.Pipe: _pipe,
        syntax.Comma: _comma,
        syntax.Alternative: _alternative,
        syntax.If: _if,
        syntax.Try: _try,
        syntax.Reduce: _reduce,
        syntax.Foreach: _foreach,
        syntax.Bind: _bind,
        syntax.Define: _define,
        syntax.Label: _label,
        syntax.Leave: _leave_label,
        syntax.Call: _call,
    },
)
