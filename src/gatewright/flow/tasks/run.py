"""run: another workflow, which is a service of this server: its namespace is the folder, its name the service."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.kind import Kind
from gatewright.flow.problems import Collector
from gatewright.flow.problems import join
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import any_value
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text
from gatewright.flow.tasks import call_service

_NO_PROCESS = "a flow starts no {}: write a Python service and call it by its name"
_WORKFLOW = fields(
    {"namespace": text, "name": text, "version": text, "input": any_value}, ("namespace", "name", "version")
)


def _awaited(value: Any, at: str, problems: Collector) -> bool:
    if value is True:
        return True
    problems.value(
        at, "a flow waits for what it runs: leaving it running is outside the synchronous profile", "leave it out"
    )
    return False


_RUN = fields(
    {"workflow": _WORKFLOW, "await": _awaited},
    ("workflow",),
    refused={
        "shell": _NO_PROCESS.format("shell"),
        "container": _NO_PROCESS.format("container"),
        "script": _NO_PROCESS.format("script"),
        "return": "'return' concerns processes; a workflow's output is the task's output",
    },
)


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    given, place = task["run"]["workflow"], join(at, "run", "workflow")
    name = f"{given['namespace']}:{given['name']}"
    return call_service.compile_call(name, given.get("input"), join(place, "input"), join(place, "name"), scope)


KIND = Kind("run", {"run": _RUN}, _compile)
