"""set: the task's output is the object given, each text in it that is one whole `${ … }` evaluated."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.kind import Kind
from gatewright.flow.problems import Collector
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.scope import is_expression
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets


def _shape(value: Any, at: str, problems: Collector) -> bool:
    if (isinstance(value, dict) and value) or (isinstance(value, str) and is_expression(value)):
        return True
    problems.value(at, "a mapping of what to set is expected here, or one expression that gives it", "write ${ … }")
    return False


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    value = scope.template(task["set"], join(at, "set"))

    def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        return value.of(data, variables, frame.run.budget), None

    return Body(False, run, value=value.of)


KIND = Kind("set", {"set": _shape}, _compile)
