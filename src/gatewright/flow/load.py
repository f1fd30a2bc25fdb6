"""From a document's text to a flow: parse, check, compile."""

from typing import Any

from gatewright.flow.check import check_structure
from gatewright.flow.flow import Flow
from gatewright.flow.flow import Parts
from gatewright.flow.lists import compile_list
from gatewright.flow.lists import compile_single
from gatewright.flow.model import Registry
from gatewright.flow.problems import Collector
from gatewright.flow.problems import FlowProblems
from gatewright.flow.problems import Problem
from gatewright.flow.problems import join
from gatewright.flow.scope import Book
from gatewright.flow.scope import Scope
from gatewright.flow.tasks import KINDS
from gatewright.kernel.yaml import YamlProblem
from gatewright.kernel.yaml import load

_BEFORE = frozenset(["secrets", "workflow", "runtime", "authorization"])
_AFTER = _BEFORE | {"context"}


def check_flow(source: str, registry: Registry | None = None) -> list[Problem]:
    """Every problem and warning of a flow's text, in the text's order; without a registry any service's name is taken."""
    return _read(source, registry)[1]


def load_flow(source: str, registry: Registry | None = None) -> Flow:
    """A flow that is ready to run. Raises FlowProblems with all errors; warnings do not keep a flow from loading."""
    parts, problems = _read(source, registry)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors or parts is None:
        raise FlowProblems(errors)
    return Flow(parts)


def _read(source: str, registry: Registry | None) -> tuple[Parts | None, list[Problem]]:
    try:
        document = load(source)
    except YamlProblem as problem:
        mend = "indent with spaces, and quote texts that hold ': ' or ' #'"
        return None, [Problem(problem.line, problem.column, "", problem.message, mend)]
    problems = Collector(document, KINDS)
    parts = None
    if check_structure(document.value, problems):
        parts = _compile(document.value, problems, registry)
    return parts, problems.sorted()


def _compile(definition: dict[str, Any], problems: Collector, registry: Registry | None) -> Parts:
    book = Book(definition, problems, registry)
    for name, function in (book.use.get("functions") or {}).items():
        book.functions[name] = compile_single(name, function, join("/use/functions", name), Scope(book))
    given, result = definition.get("input") or {}, definition.get("output") or {}
    before, after = Scope(book, _BEFORE), Scope(book, _AFTER)
    timeout = definition.get("timeout")
    return Parts(
        definition=definition,
        steps=compile_list(definition["do"], "/do", Scope(book)),
        input_check=before.schema(given, "/input", "the input"),
        input_from=before.transformation(given["from"], "/input/from") if "from" in given else None,
        output_as=after.transformation(result["as"], "/output/as") if "as" in result else None,
        output_check=after.schema(result, "/output", "the output"),
        timeout=before.timeout(timeout, "/timeout") if timeout is not None else None,
        names_before=before.names,
        names_after=after.names,
        connections=frozenset(book.connections),
        documents=book.documents,
    )
