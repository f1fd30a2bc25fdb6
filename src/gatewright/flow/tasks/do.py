"""do: subtasks in sequence."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.check import task_list
from gatewright.flow.kind import Kind
from gatewright.flow.lists import compile_list
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    steps = compile_list(task["do"], join(at, "do"), scope)

    def run_now(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        return steps.run(frame, data), None

    async def run_later(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        return await steps.run(frame, data), None

    return Body(True, run_later) if steps.is_async else Body(False, run_now)


KIND = Kind("do", {"do": task_list}, _compile)
