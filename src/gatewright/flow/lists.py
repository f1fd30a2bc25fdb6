"""Compiling lists of tasks, and tasks that stand alone."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.check import kind_of
from gatewright.flow.problems import join
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Step
from gatewright.flow.sequence import Targets
from gatewright.flow.sequence import run_list
from gatewright.flow.sequence import targets_of
from gatewright.flow.task import Task


def compile_list(value: list[Any], at: str, scope: Scope) -> Body:
    """A list of named tasks as one body; `run(frame, data)` gives the last task's output."""
    names = [next(iter(item), "") if isinstance(item, dict) else "" for item in value]
    targets, steps = targets_of(names), []
    for index, name in enumerate(names):
        place = join(at, index, name)
        if join(at, index) in scope.problems.unfit or place in scope.problems.unfit:
            continue
        steps.append(compile_task(name, value[index][name], place, scope, targets[index]))
    return run_list(tuple(steps))


def compile_single(name: str, value: Mapping[str, Any], at: str, scope: Scope) -> Body:
    """One task as a body of its own: a function, or a branch of a fork."""
    if at in scope.problems.unfit:
        return Body(False, lambda frame, data: data)
    return run_list((compile_task(name, value, at, scope, targets_of([name])[0]),))


def compile_task(name: str, value: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Step:
    """One task that fits its shape."""
    kind = kind_of(value, scope.problems.kinds)
    assert kind is not None
    own = scope.for_task()
    task = Task(name, at, value, own, targets)
    return task.around(kind.compile(value, at, own, targets), own, kind.keyword)
