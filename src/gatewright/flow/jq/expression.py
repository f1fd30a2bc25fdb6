"""Expressions and templates, compiled once and then evaluated on any data."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from types import CodeType
from typing import Any
from typing import NamedTuple

from gatewright.flow.jq import syntax
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.calls import native_name
from gatewright.flow.jq.compiler import Compiler
from gatewright.flow.jq.errors import BudgetExceeded
from gatewright.flow.jq.errors import ExpressionError
from gatewright.flow.jq.errors import ExpressionProblem
from gatewright.flow.jq.parser import parse
from gatewright.flow.jq.runtime import ENVIRONMENT
from gatewright.flow.jq.scope import Scope
from gatewright.flow.jq.sinks import Sink
from gatewright.flow.jq.values import NOTHING

Variables = Mapping[str, object]
_MISHAPS = (RecursionError, MemoryError, UnicodeError)


def _explained(mishap: BaseException) -> ExpressionError:
    """What Python itself gave up on, as an error of the expression."""
    if isinstance(mishap, UnicodeError):
        return ExpressionError("a string holds half of a surrogate pair, which is no character")
    if isinstance(mishap, MemoryError):
        return BudgetExceeded("there is no memory left for this expression")
    return BudgetExceeded("the data is nested too deeply for this expression")


class Expression:
    """A compiled expression, safe to share between threads.

    `text`; `names`: the variables it really uses; `pure`: whether it gives the same for the same data and variables at
    any time.
    """

    __slots__ = ("_all", "_first", "_node", "names", "pure", "text")

    def __init__(self, text: str, node: syntax.Node, variables: frozenset[str]) -> None:
        self.text = text
        self._node = node
        self._first, self.names, self.pure = _program(node, variables, generator=False)
        self._all: Callable[..., Iterator[object]] | None = None

    def first(self, data: object, variables: Variables, budget: Budget) -> object:
        """The first value. Raises ExpressionError when it fails or gives none, BudgetExceeded when it takes too much."""
        try:
            value = self._first(data, variables, budget)
        except _MISHAPS as mishap:
            raise _explained(mishap) from None
        if value is NOTHING:
            raise ExpressionError("the expression gives no value")
        return value

    def all(self, data: object, variables: Variables, budget: Budget) -> Iterator[object]:
        """All values, one after the other, with the errors of `first` but no complaint when there is none."""
        if self._all is None:
            self._all = _program(self._node, self.names, generator=True).call
        try:
            yield from self._all(data, variables, budget)
        except _MISHAPS as mishap:
            raise _explained(mishap) from None


class Template:
    """A compiled JSON tree whose strings of the form `${ … }` are expressions; `names` are the variables used."""

    __slots__ = ("_render", "names")

    def __init__(self, node: syntax.Node, variables: frozenset[str]) -> None:
        self._render, self.names, _ = _program(node, variables, generator=False)

    def render(self, data: object, variables: Variables, budget: Budget) -> object:
        """The tree with each expression's first value in its place. Raises ExpressionError, BudgetExceeded."""
        try:
            return self._render(data, variables, budget)
        except _MISHAPS as mishap:
            raise _explained(mishap) from None


def compile_expression(text: str, *, variables: frozenset[str] = frozenset()) -> Expression:
    """Compile bare jq (without `${ }`); `variables` are the names that may be used as `$name`. Raises ExpressionProblem."""
    return Expression(text, parse(text), variables)


def compile_template(value: object, *, variables: frozenset[str] = frozenset()) -> Template:
    """Compile a JSON tree; a string that is one whole `${ … }` is an expression, every other one stays as it is.

    Raises ExpressionProblem with `pointer`, the JSON pointer (RFC 6901) of the string within the tree, and `offset` in it.
    """
    try:
        return Template(_tree(value, "", None), variables)
    except ExpressionProblem as problem:
        if problem.pointer:
            raise
        return Template(_tree(value, "", variables), variables)  # tells which of the expressions it is


def _tree(value: object, pointer: str, variables: frozenset[str] | None) -> syntax.Node:
    if isinstance(value, str):
        inner = expression_in(value)
        return syntax.Literal(value=value) if inner is None else _leaf(inner, value, pointer, variables)
    if isinstance(value, dict):
        members = {key: _tree(one, f"{pointer}/{_escaped(str(key))}", variables) for key, one in value.items()}
        if all(isinstance(node, syntax.Literal) for node in members.values()):
            return syntax.Literal(value=value)
        return syntax.Object(entries=tuple((syntax.Literal(value=key), node) for key, node in members.items()))
    if isinstance(value, list):
        nodes = tuple(_tree(one, f"{pointer}/{place}", variables) for place, one in enumerate(value))
        return (
            syntax.Literal(value=value)
            if all(isinstance(n, syntax.Literal) for n in nodes)
            else syntax.Items(items=nodes)
        )
    return syntax.Literal(value=value)


def _leaf(text: str, whole: str, pointer: str, variables: frozenset[str] | None) -> syntax.Node:
    """An expression of the tree. variables: it is also written alone, so that its problem is told with its place."""
    try:
        node = syntax.First(body=parse(text))
        if variables is not None:
            _written(node, variables, generator=False)
    except ExpressionProblem as problem:
        offset = problem.offset + whole.index("${") + 2
        raise ExpressionProblem(problem.message, offset, pointer) from None
    return node


def expression_in(text: str) -> str | None:
    """The text inside a string that is one whole `${ … }`, else None."""
    bare = text.strip()
    return bare[2:-1] if bare.startswith("${") and bare.endswith("}") else None


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


class _Program(NamedTuple):
    """`call(data, variables, budget)`, the names of the variables it reads, whether it never looks at the clock."""

    call: Callable[..., Any]
    names: frozenset[str]
    pure: bool


def _program(node: syntax.Node, variables: frozenset[str], *, generator: bool) -> _Program:
    """Write, compile and load the Python function for a tree. Raises ExpressionProblem."""
    source, used, constants = _written(node, variables, generator=generator)
    try:
        code = compile(source, "<expression>", "exec")
        environment = {name: ENVIRONMENT[name] for name in _global_names(code) if name in ENVIRONMENT}
        environment |= {"__builtins__": {}, **constants}
        exec(code, environment)  # noqa: S102  source of our own writing, see writer.py
    except (SyntaxError, RecursionError, MemoryError):
        raise ExpressionProblem("the expression nests more loops than can be compiled", node.offset) from None
    function: Callable[..., Any] = environment["main"]  # type: ignore[assignment]
    return _Program(function, used, f"{native_name(('now', 0))}(" not in source)


def _written(
    node: syntax.Node, variables: frozenset[str], *, generator: bool
) -> tuple[str, frozenset[str], dict[str, object]]:
    """The source for a tree, the variables it reads, its constants. Raises ExpressionProblem."""
    compiler = Compiler()
    writer = compiler.writer
    atoms = {name: writer.fresh() for name in sorted(variables)}
    x = writer.fresh()
    keyword = "yield" if generator else "return"
    emit = Sink(lambda atom: writer.line(f"{keyword} {atom}"), small=True)
    scope = Scope(variables=atoms)
    try:
        source, used = writer.main(x, atoms, lambda: compiler.stream(node, x, scope, emit), generator=generator)
    except RecursionError:
        raise ExpressionProblem("the expression is nested too deeply", node.offset) from None
    return source, used, writer.constants


def _global_names(code: CodeType) -> set[str]:
    """The names that a module's code and the functions in it look up."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _global_names(constant)
    return names
