"""Calls: inlining of definitions, the special forms, native functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gatewright.flow.jq import syntax
from gatewright.flow.jq.functions import resolve
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.natives import NATIVES
from gatewright.flow.jq.scope import Closure
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.sinks import PathSink
from gatewright.flow.jq.sinks import Sink

if TYPE_CHECKING:
    from gatewright.flow.jq.compiler import Compiler

_ITERATE = syntax.Iterate(target=syntax.Identity())


def inline(
    c: Compiler, closure: Closure, node: syntax.Call, x: str, scope: Scope, body: Callable[[syntax.Node, Scope], None]
) -> None:
    """Bind the arguments (`$values` are computed, in loops if need be) and write the definition's body."""

    def argument(place: int, inner: Scope) -> None:
        if place == len(closure.parameters):
            assert closure.body is not None
            body(closure.body, inner)
            return
        parameter = closure.parameters[place]
        if not parameter.startswith("$"):
            argument(place + 1, inner.define(parameter, (), node.arguments[place], scope))
            return

        def with_value(atom: str) -> None:
            named = inner.bind(parameter[1:], atom)
            variable = syntax.Variable(name=parameter[1:], offset=node.offset)
            argument(place + 1, named.define(parameter[1:], (), variable, named))

        c.stream(node.arguments[place], x, scope, Sink(with_value))

    argument(0, closure.scope)


def with_arguments(
    c: Compiler, node: syntax.Call, x: str, scope: Scope, body: Callable[[list[str]], None], *, first_outermost: bool
) -> None:
    """Compute the arguments in nested loops and write the body with their atoms."""
    order = list(range(len(node.arguments)))
    if not first_outermost:
        order.reverse()

    def step(done: int, atoms: dict[int, str]) -> None:
        if done == len(order):
            body([atoms[place] for place in range(len(order))])
            return
        place = order[done]
        c.stream(node.arguments[place], x, scope, Sink(lambda atom: step(done + 1, {**atoms, place: atom})))

    step(0, {})


def native_name(name: Name) -> str:
    """The global of the generated source under which a native function goes."""
    return f"native_{name[0]}_{name[1]}"


def _native(c: Compiler, name: Name, x: str, atoms: list[str]) -> str:
    c.writer.allocated += 2
    return f"{native_name(name)}({', '.join(['B', x, *atoms])})"


def single_call(c: Compiler, node: syntax.Call, x: str, scope: Scope) -> str:
    """A call that gives exactly one value."""
    found = resolve(node, scope)
    if isinstance(found, Closure):
        atoms: list[str] = []
        inline(c, found, node, x, scope, lambda body, inner: atoms.append(c.single(body, x, inner)))
        return atoms[0]
    if found in NATIVES:
        arguments = [c.single(argument, x, scope) for argument in node.arguments]
        return c.writer.let(_native(c, found, x, arguments))
    return _SPECIAL_SINGLE[found](c, node, x, scope)


def _error(c: Compiler, _: syntax.Call, x: str, __: Scope) -> str:
    return c.writer.let(f"fail({x})")


def _not(c: Compiler, _: syntax.Call, x: str, __: Scope) -> str:
    return c.boolean(f"not ({c.truth(x)})")


def _isempty(c: Compiler, node: syntax.Call, x: str, scope: Scope) -> str:
    return c.first(lambda sink: c.stream(node.arguments[0], x, scope, sink), "True", "False")


def _any(c: Compiler, node: syntax.Call, x: str, scope: Scope) -> str:
    return _quantified(c, node, x, scope, "if {}:", "True")


def _all(c: Compiler, node: syntax.Call, x: str, scope: Scope) -> str:
    return _quantified(c, node, x, scope, "if not ({}):", "False")


def _quantified(c: Compiler, node: syntax.Call, x: str, scope: Scope, test: str, decided: str) -> str:
    source, condition = (_ITERATE, *node.arguments) if len(node.arguments) == 1 else node.arguments

    def search(sink: Sink) -> None:
        def decide(atom: str) -> None:
            with c.writer.block(test.format(c.truth(atom))):
                sink.put(decided)

        c.stream(source, x, scope, Sink(lambda value: c.stream(condition, value, scope, Sink(decide))))

    result = c.first(search, str(decided != "True"))
    c.writer.booleans.add(result)
    return result


def _until(c: Compiler, node: syntax.Call, x: str, scope: Scope) -> str:
    condition, update = node.arguments
    state, rounds = c.writer.let(x), c.writer.let("0")
    with c.writer.loop(lambda cost: "while True:"):
        c.writer.line(f"{rounds} = next_round(B, {state}, {rounds})")
        with c.writer.block(f"if {c.truth(c.single(condition, state, scope))}:"):
            c.writer.line("break")
        c.writer.line(f"{state} = {c.single(update, state, scope)}")
    return state


def _walk(c: Compiler, node: syntax.Call, x: str, scope: Scope) -> str:
    return c.writer.let(f"walk(B, {x}, {c.closure(node.arguments[0], scope)})")


def stream_call(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    """A call that gives any number of values."""
    found = resolve(node, scope)
    if isinstance(found, Closure):
        inline(c, found, node, x, scope, lambda body, inner: c.stream(body, x, inner, sink))
    elif found in NATIVES:
        _stream_native(c, found, node, x, scope, sink)
    else:
        _SPECIAL_STREAM[found](c, node, x, scope, sink)


def _stream_native(c: Compiler, name: Name, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    def call(atoms: list[str]) -> None:
        if not NATIVES[name].many:
            sink.put(c.writer.let(_native(c, name, x, atoms)))
            return
        value = c.writer.name()
        with c.writer.loop(lambda cost: f"for {value} in charged(B, {_native(c, name, x, atoms)}, {cost}):"):
            sink.put(value)

    with_arguments(c, node, x, scope, call, first_outermost=False)


def _empty(_: Compiler, __: syntax.Call, ___: str, ____: Scope, _____: Sink) -> None:
    """Nothing to write."""


def _first(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    result = c.first(lambda one: c.stream(node.arguments[0], x, scope, one), "NOTHING")
    with c.writer.block(f"if {result} is not NOTHING:"):
        sink.put(result)


def _last(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    result = c.writer.let("NOTHING")
    c.stream(node.arguments[0], x, scope, c.assign(result))
    with c.writer.block(f"if {result} is not NOTHING:"):
        sink.put(result)


def _path(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    def put(at: str, _: str) -> None:
        sink.put(c.writer.let(f"list({at})"))

    c.path(node.arguments[0], "()", x, scope, PathSink(put, sink.small))


def _recurse(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    closure, value = c.closure(node.arguments[0], scope), c.writer.name()
    with c.writer.loop(lambda cost: f"for {value} in recurse(B, {x}, {closure}, {cost}):"):
        sink.put(value)


def _range(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    def loop(atoms: list[str]) -> None:
        bounds = ["0", *atoms, "1"] if len(atoms) == 1 else [*atoms, "1"][:3]
        value = c.writer.name()
        with c.writer.loop(lambda cost: f"for {value} in span(B, {', '.join(bounds)}, {cost}):"):
            sink.put(value)

    with_arguments(c, node, x, scope, loop, first_outermost=True)


def _repeat(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    """The values of the argument, over and over."""
    with c.writer.loop(lambda cost: "while True:"):
        c.writer.line("B.spend(8)")
        c.stream(node.arguments[0], x, scope, sink)


def limiting(c: Compiler, count: str, put: Callable[..., None]) -> Callable[..., None]:
    """In a generator function: a sink's `put` that ends it after so many values."""
    seen = c.writer.let("0")
    with c.writer.block(f"if count_of({count}, 'limit') <= 0:"):
        c.writer.line("return")

    def put_and_count(*atoms: str) -> None:
        put(*atoms)
        c.writer.line(f"{seen} += 1")
        with c.writer.block(f"if {seen} >= {count}:"):
            c.writer.line("return")

    return put_and_count


def skipping(c: Compiler, count: str, put: Callable[..., None]) -> Callable[..., None]:
    """A sink's `put` that leaves out so many values."""
    seen, start = c.writer.let("0"), c.writer.let(f"count_of({count}, 'skip')")

    def put_after(*atoms: str) -> None:
        c.writer.line(f"{seen} += 1")
        with c.writer.block(f"if {seen} > {start}:"):
            put(*atoms)

    return put_after


def _limit(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    count, source = node.arguments

    def limited(small: Sink, atom: str) -> None:
        c.stream(source, x, scope, Sink(limiting(c, atom, small.put), small=True))

    c.stream(count, x, scope, Sink(lambda atom: c.generator(lambda small: limited(small, atom), sink)))


def _skip(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    count, source = node.arguments
    c.stream(
        count, x, scope, Sink(lambda atom: c.stream(source, x, scope, Sink(skipping(c, atom, sink.put), sink.small)))
    )


def _until_many(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    condition, update = node.arguments
    step = syntax.If(condition=condition, then=syntax.Call(name="empty", arguments=()), otherwise=update)
    states = syntax.Call(name="recurse", arguments=(step,))
    done = syntax.Call(name="select", arguments=(condition,))
    c.stream(syntax.Pipe(left=states, right=done), x, scope, sink)


def _walk_many(c: Compiler, node: syntax.Call, x: str, scope: Scope, sink: Sink) -> None:
    value = c.writer.name()
    closure = c.closure(node.arguments[0], scope)
    with c.writer.loop(lambda cost: f"for {value} in charged(B, walk_all(B, {x}, {closure}), {cost}):"):
        sink.put(value)


_SPECIAL_SINGLE: dict[Name, Callable[[Compiler, syntax.Call, str, Scope], str]] = {
    ("error", 0): _error,
    ("not", 0): _not,
    ("isempty", 1): _isempty,
    ("any", 1): _any,
    ("any", 2): _any,
    ("all", 1): _all,
    ("all", 2): _all,
    ("until", 2): _until,
    ("walk", 1): _walk,
}

_SPECIAL_STREAM: dict[Name, Callable[[Compiler, syntax.Call, str, Scope, Sink], None]] = {
    ("empty", 0): _empty,
    ("first", 1): _first,
    ("last", 1): _last,
    ("path", 1): _path,
    ("recurse", 1): _recurse,
    ("repeat", 1): _repeat,
    ("limit", 2): _limit,
    ("skip", 2): _skip,
    ("range", 1): _range,
    ("range", 2): _range,
    ("range", 3): _range,
    ("until", 2): _until_many,
    ("walk", 1): _walk_many,
}
