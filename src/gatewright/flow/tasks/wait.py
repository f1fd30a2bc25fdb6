"""wait: a pause, bounded by the time that the run has left."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.deadline import pause
from gatewright.flow.kind import Kind
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.vocabulary import DURATION


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    duration = scope.duration(task["wait"], join(at, "wait"))

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        await pause(duration.of(data, variables, frame.run.budget), frame)
        return data, None

    return Body(True, run)


KIND = Kind("wait", {"wait": DURATION}, _compile)
