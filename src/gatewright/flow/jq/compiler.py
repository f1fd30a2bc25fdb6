"""Tree → Python source.

Three ways to write a node: `single` (it gives exactly one value: straight statements, an atom comes back), `stream` (any
number: the sink is called with the atom of each value, inside whatever loops that takes) and `path` (each value with
its path from where the path expression began). An atom is a local or a constant of the generated source.
"""

from __future__ import annotations

from collections.abc import Callable

from gatewright.flow.jq import syntax
from gatewright.flow.jq.cardinality import Cardinality
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.paths import PATHS
from gatewright.flow.jq.scope import MAYBE
from gatewright.flow.jq.scope import ONE
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.singles import SINGLES
from gatewright.flow.jq.sinks import PathSink
from gatewright.flow.jq.sinks import Sink
from gatewright.flow.jq.streams import STREAMS
from gatewright.flow.jq.streams import splits
from gatewright.flow.jq.writer import Writer

MAX_VISITS = 50_000


class Compiler:
    """Writes one program. Raises ExpressionProblem for what it does not support."""

    def __init__(self) -> None:
        self.writer = Writer()
        self._visits = 0
        self.cardinality = Cardinality(self.visit)

    def visit(self, node: syntax.Node) -> None:
        """Count a look at a node: inlined definitions may multiply them."""
        self._visits += 1
        if self._visits > MAX_VISITS:
            raise ExpressionProblem("the expression is too large; its definitions may multiply", node.offset)

    def is_one(self, node: syntax.Node, scope: Scope) -> bool:
        """Whether the node gives exactly one value."""
        return self.cardinality(node, scope) == ONE

    def single(self, node: syntax.Node, x: str, scope: Scope) -> str:
        """Write a node that gives exactly one value for the input `x`; its atom."""
        self.visit(node)
        return SINGLES[type(node)](self, node, x, scope)

    def stream(self, node: syntax.Node, x: str, scope: Scope, sink: Sink) -> None:
        """Write a node so that each of its values for the input `x` gets to the sink."""
        self.visit(node)
        if self.is_one(node, scope):
            sink.put(SINGLES[type(node)](self, node, x, scope))
        elif sink.small or not splits(node):
            STREAMS[type(node)](self, node, x, scope, sink)
        elif self.cardinality(node, scope) == MAYBE:
            self.maybe(lambda small: STREAMS[type(node)](self, node, x, scope, small), sink)
        else:
            self.generator(lambda small: STREAMS[type(node)](self, node, x, scope, small), sink)

    def path(self, node: syntax.Node, at: str, x: str, scope: Scope, sink: PathSink) -> None:
        """Write a node so that each value gets to the sink with its path; `at` is the path of `x`."""
        self.visit(node)
        write = PATHS.get(type(node), PATHS[syntax.Node])
        if sink.small or not splits(node):
            write(self, node, at, x, scope, sink)
        else:
            self.path_generator(lambda small: write(self, node, at, x, scope, small), sink)

    def assign(self, name: str) -> Sink:
        """A sink that keeps the last value in a local."""
        return Sink(lambda atom: self.writer.line(f"{name} = {atom}"), small=True)

    def maybe(self, body: Callable[[Sink], None], sink: Sink) -> None:
        """At most one value: through a local, so that the sink is written once."""
        name = self.writer.let("NOTHING")
        body(self.assign(name))
        with self.writer.block(f"if {name} is not NOTHING:"):
            sink.put(name)

    def generator(self, body: Callable[[Sink], None], sink: Sink) -> None:
        """Any number of values: through a generator function, so that the sink is written once."""
        emit = Sink(lambda atom: self.writer.line(f"yield {atom}"), small=True)
        name, free = self.writer.function([], lambda: body(emit), generator=True)
        value = self.writer.name()
        with self.writer.block(f"for {value} in {name}(B{free}):"):
            sink.put(value)

    def path_generator(self, body: Callable[[PathSink], None], sink: PathSink) -> None:
        """The same for values with paths."""
        emit = PathSink(lambda at, atom: self.writer.line(f"yield {at}, {atom}"), small=True)
        name, free = self.writer.function([], lambda: body(emit), generator=True)
        at, value = self.writer.name(), self.writer.name()
        with self.writer.block(f"for {at}, {value} in {name}(B{free}):"):
            sink.put(at, value)

    def first(self, body: Callable[[Sink], None], otherwise: str, shape: str = "{}") -> str:
        """A local with the first value that `body` puts, in this shape, or `otherwise`; the rest is never computed."""

        def write() -> None:
            body(Sink(lambda atom: self.writer.line("return " + shape.replace("{}", atom)), small=True))
            self.writer.line(f"return {otherwise}")

        name, free = self.writer.function([], write, generator=False)
        return self.writer.let(f"{name}(B{free})")

    def closure(self, node: syntax.Node, scope: Scope) -> str:
        """A Python expression: a function of a value that generates the node's values for it."""
        parameter = self.writer.fresh()
        emit = Sink(lambda atom: self.writer.line(f"yield {atom}"), small=True)
        name, free = self.writer.function(
            [parameter], lambda: self.stream(node, parameter, scope, emit), generator=True
        )
        return f"(lambda x: {name}(B, x{free}))"

    def path_closure(self, node: syntax.Node, scope: Scope) -> str:
        """The same for a path and a value, generating pairs."""
        at, parameter = self.writer.fresh(), self.writer.fresh()
        emit = PathSink(lambda path, atom: self.writer.line(f"yield {path}, {atom}"), small=True)
        name, free = self.writer.function(
            [at, parameter], lambda: self.path(node, at, parameter, scope, emit), generator=True
        )
        return f"(lambda p, x: {name}(B, p, x{free}))"

    def collect(self, body: Callable[[Sink], None]) -> str:
        """A local with the array of all values that `body` puts."""
        name = self.writer.let("[]")

        def put(atom: str) -> None:
            self.writer.allocated += 4
            self.writer.line(f"{name}.append({atom})")

        body(Sink(put, small=True))
        self.writer.line(f"B.items(len({name}))")
        return name

    def collect_paths(self, node: syntax.Node, x: str, scope: Scope) -> str:
        """A local with the list of all paths that the node leads to."""
        name = self.writer.let("[]")

        def put(at: str, _: str) -> None:
            self.writer.allocated += 6
            self.writer.line(f"{name}.append({at})")

        self.path(node, "()", x, scope, PathSink(put, small=True))
        return name

    def truth(self, atom: str) -> str:
        """A Python condition: the value is neither null nor false."""
        if atom in self.writer.booleans or atom in ("True", "False"):
            return atom
        if atom == "None":
            return "False"
        if not atom.startswith("v"):
            return "True"
        return f"{atom} is not None and {atom} is not False"

    def boolean(self, condition: str) -> str:
        """A local with a Python condition's value."""
        name = self.writer.let(condition)
        self.writer.booleans.add(name)
        return name
