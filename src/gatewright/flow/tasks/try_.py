"""try: subtasks whose errors are caught, perhaps after retries, and handled."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from gatewright.flow.check import task_list
from gatewright.flow.deadline import pause
from gatewright.flow.deadline import within
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import LimitReached
from gatewright.flow.errors import canonical_type
from gatewright.flow.kind import Kind
from gatewright.flow.lists import compile_list
from gatewright.flow.problems import join
from gatewright.flow.retry import Retry
from gatewright.flow.run import Frame
from gatewright.flow.run import clock
from gatewright.flow.run import extend
from gatewright.flow.scope import Scope
from gatewright.flow.scope import Value
from gatewright.flow.scope import is_true
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import by_type
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text
from gatewright.flow.shapes import whole
from gatewright.flow.tasks.for_ import variable_name
from gatewright.flow.vocabulary import RETRY

_FILTER = fields(
    {"type": text, "status": whole(100, 599), "instance": text, "title": text, "detail": text, "details": text}
)
_CATCH = fields(
    {
        "errors": fields({"with": _FILTER}),
        "as": variable_name,
        "when": text,
        "exceptWhen": text,
        "retry": by_type(string=text, mapping=RETRY),
        "do": task_list,
        "then": text,
    }
)


class _Catch:
    """What is caught, how often it is tried again, and what handles it."""

    def __init__(self, task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> None:
        catch = task["catch"]
        place = join(at, "catch")
        self._filter = dict((catch.get("errors") or {}).get("with") or {})
        if "details" in self._filter:
            self._filter["detail"] = self._filter.pop("details")
        if "type" in self._filter:
            self._filter["type"] = canonical_type(self._filter["type"])
        self._as = catch.get("as", "error")
        own = scope.sharing(self._as)
        self._when = _expression(catch, "when", place, own)
        self._unless = _expression(catch, "exceptWhen", place, own)
        self.retry = _retry(catch, place, own)
        inside = scope.naming(self._as)
        self.handler = compile_list(catch["do"], join(place, "do"), inside) if "do" in catch else None
        self.then = targets.get(catch["then"]) if "then" in catch else None

    def frame(self, frame: Frame, error: FlowError) -> Frame:
        """Where the handler runs: it can name the error."""
        return frame.naming({self._as: error.value()})

    def catches(self, frame: Frame, error: FlowError, data: Any, variables: Mapping[str, Any]) -> bool:
        """Whether this error is caught here. A limit of the whole run never is."""
        if isinstance(error, LimitReached):
            return False
        value = error.value()
        if any(value.get(key) != wanted for key, wanted in self._filter.items()):
            return False
        variables = self.variables(frame, error, variables)
        budget = frame.run.budget
        if self._when is not None and not is_true(self._when.of(data, variables, budget)):
            return False
        return self._unless is None or not is_true(self._unless.of(data, variables, budget))

    def variables(self, frame: Frame, error: FlowError, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables of the conditions: the task's own, and the error."""
        return extend(variables, frame, {self._as: error.value()})


def _expression(catch: Mapping[str, Any], key: str, at: str, scope: Scope) -> Value | None:
    return scope.expression(catch[key], join(at, key)) if key in catch else None


def _retry(catch: Mapping[str, Any], at: str, scope: Scope) -> Retry | None:
    if "retry" not in catch:
        return None
    policy, place = catch["retry"], join(at, "retry")
    if isinstance(policy, str):
        found = scope.book.find("retries", policy, place, "retry policy")
        if found is None:
            return None
        policy, place = found, join("/use/retries", policy)
    return Retry(policy, place, scope)


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    steps = compile_list(task["try"], join(at, "try"), scope)
    catch = _Catch(task, at, scope, targets)
    handler = catch.handler

    def run_now(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, int | None]:
        try:
            return steps.run(frame, data), None
        except FlowError as error:
            if not catch.catches(frame, error, data, variables):
                raise
            caught = error
        return data if handler is None else handler.run(catch.frame(frame, caught), data), catch.then

    async def run_later(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, int | None]:
        try:
            return await _attempts(steps, catch, frame, data, variables), None
        except FlowError as error:
            if not catch.catches(frame, error, data, variables):
                raise
            if handler is None and catch.retry is not None:
                raise  # tried as often as it may be, and nobody handles it
            caught = error
        if handler is None:
            return data, catch.then
        output = handler.run(catch.frame(frame, caught), data)
        return await output if handler.is_async else output, catch.then

    if steps.is_async or catch.retry is not None or (handler is not None and handler.is_async):
        return Body(True, run_later)
    return Body(False, run_now)


async def _attempts(steps: Body, catch: _Catch, frame: Frame, data: Any, variables: Mapping[str, Any]) -> Any:
    """The first attempt that succeeds; the last error when no more may be made."""
    began, done = clock(), 0
    while True:
        try:
            return await _attempt(steps, catch, frame, data, variables)
        except FlowError as error:
            if catch.retry is None or not catch.catches(frame, error, data, variables):
                raise
            seconds = catch.retry.pause(done, began, frame, data, catch.variables(frame, error, variables))
            if seconds is None:
                raise
        done += 1
        frame.tick()
        await pause(seconds, frame)


async def _attempt(steps: Body, catch: _Catch, frame: Frame, data: Any, variables: Mapping[str, Any]) -> Any:
    async def work(inner: Frame) -> Any:
        output = steps.run(inner, data)
        return await output if steps.is_async else output

    bound = catch.retry.attempt_seconds if catch.retry is not None else None
    if bound is None:
        return await work(frame)
    return await within(bound.of(data, variables, frame.run.budget), frame, work, "an attempt")


def _directives(task: Mapping[str, Any]) -> Iterable[tuple[str, tuple[str | int, ...]]]:
    catch = task.get("catch")
    if isinstance(catch, dict) and isinstance(catch.get("then"), str):
        yield catch["then"], ("catch", "then")


KIND = Kind("try", {"try": task_list, "catch": _CATCH}, _compile, directives=_directives)
