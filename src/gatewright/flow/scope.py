"""What compiling a part of a flow needs: definitions in reach, variables in reach, and where to report problems."""

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from gatewright.flow.contradictions import contradictions
from gatewright.flow.duration import UNITS
from gatewright.flow.duration import parse_duration
from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import ExpressionProblem
from gatewright.flow.jq import compile_expression
from gatewright.flow.jq import compile_template
from gatewright.flow.model import Registry
from gatewright.flow.openapi.kept import Documents
from gatewright.flow.problems import Collector
from gatewright.flow.problems import did_you_mean
from gatewright.flow.problems import join
from gatewright.flow.schema import Check
from gatewright.flow.schema import SchemaProblem
from gatewright.flow.schema import compile_schema

Evaluate = Callable[[Any, Mapping[str, object], Budget], Any]

TASK_VARIABLES = frozenset(["input", "context", "task", "workflow", "runtime", "secrets", "authorization"])
"""In reach of every expression of a task; `$output` is in reach of `export.as` alone."""

_WHOLE = re.compile(r"\s*\$\{(.*)\}\s*\Z", re.DOTALL)


class Value:
    """A compiled expression or template. `of(data, variables, budget)` raises ExpressionError."""

    __slots__ = ("names", "of")

    def __init__(self, of: Evaluate, names: frozenset[str] = frozenset()) -> None:
        self.of, self.names = of, names


def _has_expression(value: Any) -> bool:
    """Whether any text in this value, or in this mapping's values, is an expression."""
    texts = value.values() if isinstance(value, dict) else [value]
    return any(isinstance(text, str) and is_expression(text) for text in texts)


def _broken(data: Any, variables: Mapping[str, object], budget: Budget) -> Any:
    raise AssertionError("a flow with problems is never run")


BROKEN = Value(_broken)


def is_true(value: Any) -> bool:
    """jq's truth: everything but null and false."""
    return value is not None and value is not False


def is_expression(text: str) -> bool:
    """Whether the text is one whole `${ … }`."""
    return _WHOLE.match(text) is not None


class Book:
    """What all scopes of one document share."""

    def __init__(self, definition: Mapping[str, Any], problems: Collector, registry: Registry | None) -> None:
        self.use: Mapping[str, Any] = definition.get("use") or {}
        self.problems = problems
        self.registry = registry
        self.functions: dict[str, Any] = {}  # compiled bodies by name, filled once all are known
        self.documents = Documents()
        self.connections: set[str] = set()  # the names of those that the document uses
        self.argument_checks: dict[tuple[str, str], Check] = {}  # by callee and argument, made when first needed

    def connection(self, name: str, at: str, declared: Iterable[str] = ()) -> bool:
        """Note that the document uses a connection; False, and a problem, when the server has none of that name.

        declared: other names that might have been meant.
        """
        known = self.registry.connections() if self.registry is not None else None
        if known is not None and name not in known:
            mend = did_you_mean(name, [*declared, *known], "make it in the console, under Connections, or by apply")
            self.problems.value(at, f"there is no connection named {name!r}", mend)
            return False
        self.connections.add(name)
        return True

    def find(self, part: str, name: str, at: str, what: str) -> Any:
        """The definition `name` in `use.<part>`; None, and a problem, when there is none."""
        known = self.use.get(part) or {}
        if name not in known:
            mend = did_you_mean(name, known, f"define it under use.{part}")
            self.problems.value(at, f"there is no {what} named {name!r}", mend)
            return None
        return known[name]


class Scope:
    """The place of one task: its variables, and which of them its own expressions name."""

    def __init__(self, book: Book, variables: frozenset[str] = TASK_VARIABLES) -> None:
        self.book = book
        self.problems = book.problems
        self.variables = variables
        self._named: set[str] = set()

    @property
    def names(self) -> tuple[str, ...]:
        """The variables named by what was compiled in this scope."""
        return tuple(sorted(self._named))

    def for_task(self) -> "Scope":
        """The same reach, with its own account of names."""
        return Scope(self.book, self.variables)

    def naming(self, *names: str) -> "Scope":
        """A scope in which these variables are in reach too."""
        return Scope(self.book, self.variables | set(names))

    def sharing(self, *names: str) -> "Scope":
        """Such a scope for the task's own expressions: what they name is on the same account."""
        scope = self.naming(*names)
        scope._named = self._named
        return scope

    def expression(self, text: str, at: str) -> Value:
        """A field that is an expression: bare jq or `${ … }`."""
        match = _WHOLE.match(text)
        try:
            expression = compile_expression(match[1] if match else text, variables=self.variables)
        except ExpressionProblem as problem:
            self._refuse(problem, at)
            return BROKEN
        self._named |= expression.names
        return Value(expression.first, expression.names)

    def template(self, value: Any, at: str) -> Value:
        """Any value: texts within it that are one whole `${ … }` are expressions, all else is literal."""
        try:
            template = compile_template(value, variables=self.variables)
        except ExpressionProblem as problem:
            self._refuse(problem, at + problem.pointer)
            self._refuse_rest(value, at, at + problem.pointer)
            return BROKEN
        self._named |= template.names
        return Value(template.render, template.names)

    def transformation(self, value: Any, at: str) -> Value:
        """The value of `from` or `as`: a text is an expression, a mapping a template."""
        return self.expression(value, at) if isinstance(value, str) else self.template(value, at)

    def _refuse_rest(self, value: Any, at: str, told: str) -> None:
        """Tell the problems of a template's other expressions too."""
        if isinstance(value, str) and is_expression(value) and at != told:
            self.expression(value, at)
        elif isinstance(value, dict | list):
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                self._refuse_rest(item, join(at, key), told)

    def _refuse(self, problem: ExpressionProblem, at: str) -> None:
        mend = f"at character {problem.offset + 1} of the expression"
        self.problems.value(at, f"this expression cannot be compiled: {problem.message}", mend)

    def schema(self, part: Mapping[str, Any], at: str, what: str) -> Check | None:
        """The check of `part["schema"]`, None when it has none."""
        schema = part.get("schema")
        if schema is None:
            return None
        place = join(at, "schema", "document")
        try:
            check = compile_schema(schema["document"], what, schema.get("format", "json"))
        except SchemaProblem as problem:
            self.problems.value(join(place, *problem.path), f"bad schema: {problem.message}")
            return None
        for path, why in contradictions(schema["document"]):
            self.problems.value(join(place, *path), f"the schema contradicts itself: {why}")
        return check

    def duration(self, value: Any, at: str) -> Value:
        """A duration in seconds: ISO 8601, days to milliseconds, or an expression that gives either."""
        if isinstance(value, dict) and not value.keys() <= UNITS.keys():
            return BROKEN  # told already, as an unknown keyword
        if not _has_expression(value):
            try:
                seconds = parse_duration(value)
            except ValueError as error:
                self.problems.value(at, str(error), "for example PT1M30S, or {minutes: 1, seconds: 30}")
                return BROKEN
            return Value(lambda data, variables, budget: seconds)
        given = self.template(value, at)

        def seconds_of(data: Any, variables: Mapping[str, object], budget: Budget) -> float:
            try:
                return parse_duration(given.of(data, variables, budget))
            except ValueError as error:
                raise ExpressionError(str(error)) from None

        return Value(seconds_of, given.names)

    def timeout(self, value: Any, at: str) -> Value | None:
        """The duration of a timeout: inline, or the name of one in `use.timeouts`."""
        if isinstance(value, str):
            found = self.book.find("timeouts", value, at, "timeout")
            if found is None:
                return None
            value, at = found, join("/use/timeouts", value)
        return self.duration(value["after"], join(at, "after"))
