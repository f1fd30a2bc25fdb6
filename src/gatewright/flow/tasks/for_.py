"""for: subtasks for each item of a collection; each turn's output is the next one's input."""

import re
from collections.abc import Mapping
from typing import Any

from gatewright.flow.check import task_list
from gatewright.flow.errors import standard_error
from gatewright.flow.kind import Kind
from gatewright.flow.lists import compile_list
from gatewright.flow.problems import Collector
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.run import extend
from gatewright.flow.scope import TASK_VARIABLES
from gatewright.flow.scope import Scope
from gatewright.flow.scope import Value
from gatewright.flow.scope import is_true
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.sequence import follow
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def variable_name(value: Any, at: str, problems: Collector) -> bool:
    """A name that an expression can write after `$`, not one of the standard's own."""
    if not isinstance(value, str) or not _NAME.match(value):
        problems.value(at, "a variable's name is letters, digits and underscores", "write it without the $")
        return False
    if value in TASK_VARIABLES | {"output"}:
        problems.value(at, f"${value} has a meaning of its own", "choose another name")
        return False
    return True


_FOR = fields({"each": variable_name, "in": text, "at": variable_name}, ("in",))


class _Turns:
    """The items to go through, and whether to go on."""

    def __init__(self, task: Mapping[str, Any], at: str, scope: Scope) -> None:
        loop = task["for"]
        self.each, self.at = loop.get("each", "item"), loop.get("at", "index")
        self._items = scope.expression(loop["in"], join(at, "for", "in"))
        inside = scope.naming(self.each, self.at)
        own = scope.sharing(self.each, self.at)
        self._while: Value | None = own.expression(task["while"], join(at, "while")) if "while" in task else None
        self.steps = compile_list(task["do"], join(at, "do"), inside)
        self.is_plain = self._while is None and not self.steps.is_async

    def items(self, frame: Frame, data: Any, variables: Mapping[str, Any]) -> list[Any]:
        found = self._items.of(data, variables, frame.run.budget)
        if not isinstance(found, list):
            raise standard_error("expression", "'for.in' must give an array")
        return found

    def run_plainly(self, frame: Frame, items: list[Any], data: Any) -> Any:
        """All turns, of a run that nobody watches. They share one frame, for nothing of a turn outlasts it."""
        outer, inner = frame.local, frame.naming({})
        run, only, each, at = self.steps.run, self.steps.only, self.each, self.at
        for index, item in enumerate(items):
            inner.local = {**outer, each: item, at: index} if outer else {each: item, at: index}
            if only is None:
                data = run(inner, data)
                continue
            inner.tick()
            data, following = only(inner, data)
            if following != 1:  # the end of the list of one is what follows, unless `then` says otherwise
                data = follow(self.steps, inner, data, following)
        return data

    def turn(self, frame: Frame, index: int, item: Any, data: Any, variables: Mapping[str, Any]) -> Frame | None:
        """The frame of the next turn, None when `while` says stop."""
        local = {self.each: item, self.at: index}
        if self._while is None:
            return frame.turn(local, index)
        go_on = is_true(self._while.of(data, extend(variables, frame, local), frame.run.budget))
        return frame.turn(local, index) if go_on else None


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    turns = _Turns(task, at, scope)
    steps = turns.steps

    def run_now(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        items = turns.items(frame, data, variables)
        if frame.run.trace is None and turns.is_plain:
            return turns.run_plainly(frame, items, data), None
        for index, item in enumerate(items):
            inner = turns.turn(frame, index, item, data, variables)
            if inner is None:
                break
            data = steps.run(inner, data)
        return data, None

    async def run_later(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        for index, item in enumerate(turns.items(frame, data, variables)):
            inner = turns.turn(frame, index, item, data, variables)
            if inner is None:
                break
            data = await steps.run(inner, data)
        return data, None

    return Body(True, run_later) if steps.is_async else Body(False, run_now)


KIND = Kind("for", {"for": _FOR, "while": text, "do": task_list}, _compile, optional=("while",))
