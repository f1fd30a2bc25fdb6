"""switch: the first case whose condition holds says what follows, else the case without one; the data go through."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from gatewright.flow.kind import Kind
from gatewright.flow.problems import Collector
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.scope import Value
from gatewright.flow.scope import is_true
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text

_CASE = fields({"when": text, "then": text}, ("then",))


def _shape(value: Any, at: str, problems: Collector) -> bool:
    if not isinstance(value, list) or not value:
        problems.value(at, "a list of named cases is expected here", "write '- name:' with when and then below it")
        return False
    fits = True
    default: str | None = None
    for index, item in enumerate(value):
        if not isinstance(item, dict) or len(item) != 1:
            problems.value(join(at, index), "a case has exactly one name", "give each case its own '- name:'")
            fits = False
            continue
        name, case = next(iter(item.items()))
        fits = _CASE(case, join(at, index, name), problems) and fits
        if isinstance(case, dict) and "when" not in case:
            if default is not None:
                problems.key(join(at, index, name), f"{default!r} is the default already", "give this case a 'when'")
            default = name
    return fits


def _cases(task: Mapping[str, Any]) -> Iterable[tuple[int, str, Mapping[str, Any]]]:
    listed = task["switch"] if isinstance(task["switch"], list) else []
    for index, item in enumerate(listed):
        if isinstance(item, dict) and len(item) == 1:
            name, case = next(iter(item.items()))
            if isinstance(case, dict):
                yield index, name, case


def _directives(task: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    for index, name, case in _cases(task):
        if isinstance(case.get("then"), str):
            yield case["then"], ("switch", index, name, "then")


def _falls_through(task: Mapping[str, Any]) -> bool:
    return all("when" in case for _, _, case in _cases(task))


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    cases: list[tuple[Value, int | None]] = []
    default: int | None = None
    for index, name, case in _cases(task):
        target = targets.get(case["then"])
        if "when" in case:
            cases.append((scope.expression(case["when"], join(at, "switch", index, name, "when")), target))
        else:
            default = target

    def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, int | None]:
        for when, target in cases:
            if is_true(when.of(data, variables, frame.run.budget)):
                return data, target
        return data, default

    return Body(False, run)


KIND = Kind("switch", {"switch": _shape}, _compile, directives=_directives, falls_through=_falls_through)
