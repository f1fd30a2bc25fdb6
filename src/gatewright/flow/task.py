"""What every task has in common, compiled around its kind: if, input, output, export, timeout, then.

Order (the standard's data flow): `if` on the raw input, input.schema on the raw input, input.from, the task, output.as,
output.schema on the result, export.as, which replaces `$context`, export.schema.
"""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from gatewright.flow.deadline import within
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import limit_reached
from gatewright.flow.errors import standard_error
from gatewright.flow.jq import BudgetExceeded
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import bounded
from gatewright.flow.problems import join
from gatewright.flow.run import NO_VARIABLES
from gatewright.flow.run import Frame
from gatewright.flow.run import moment
from gatewright.flow.scope import TASK_VARIABLES
from gatewright.flow.scope import Scope
from gatewright.flow.scope import is_true
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Step
from gatewright.flow.sequence import Targets

_SKIPPED: Any = object()


class Task:
    """One compiled task."""

    def __init__(self, name: str, at: str, task: Mapping[str, Any], scope: Scope, targets: Targets) -> None:
        self.name, self.at, self.definition = name, at, task
        self.follow = targets["continue"]
        self.then = targets.get(task.get("then", "continue"), self.follow)
        given, result = task.get("input") or {}, task.get("output") or {}
        export, timeout = task.get("export") or {}, task.get("timeout")
        self._if = scope.expression(task["if"], join(at, "if")) if "if" in task else None
        self._input_schema = scope.schema(given, join(at, "input"), f"the input of {name!r}")
        self._input_from = scope.transformation(given["from"], join(at, "input", "from")) if "from" in given else None
        self._output_as = scope.transformation(result["as"], join(at, "output", "as")) if "as" in result else None
        self._output_schema = scope.schema(result, join(at, "output"), f"the output of {name!r}")
        after = scope.sharing("output")
        self._export_as = after.transformation(export["as"], join(at, "export", "as")) if "as" in export else None
        self._export_schema = scope.schema(export, join(at, "export"), "the context")
        self._timeout = scope.timeout(timeout, join(at, "timeout")) if timeout is not None else None
        self._body: Body = Body(False, lambda frame, data, variables: (data, None))
        self._names: tuple[str, ...] = ()

    def around(self, body: Body, scope: Scope, kind: str) -> Step:
        """The step made of this task's common parts and its kind's body."""
        self._body, self._names = body, scope.names
        parts = (self._if, self._input_schema, self._input_from, self._output_as, self._output_schema)
        if self._timeout is not None:
            return Step(self.at, self.name, kind, True, self._run_timed)
        rest = (*parts[:3], parts[4], self._export_as, self._export_schema)
        if not any(rest) and not {"task", "context"}.intersection(self._names):
            if body.is_async:
                return Step(self.at, self.name, kind, True, self._bare_later())
            if self._output_as is None:
                return Step(self.at, self.name, kind, False, self._bare())
        return Step(self.at, self.name, kind, body.is_async, self._run_later if body.is_async else self._run_now)

    def _bare(self) -> Callable[[Frame, Any], tuple[Any, int]]:
        """What `_run_now` does for a task that has nothing but its kind's own keywords, and `then`."""
        run, names, then = self._body.run, self._names, self.then
        of_loops = not TASK_VARIABLES.intersection(names)  # what the frame holds anyway is all there is to name
        value = self._body.value

        def step_of_value(frame: Frame, raw: Any) -> tuple[Any, int]:
            try:
                return value(raw, frame.local, frame.run.budget), then  # type: ignore[misc]  # used only when it is one
            except (FlowError, ExpressionError, RecursionError) as error:
                raise self._locate(error) from error.__cause__

        if value is not None and of_loops:
            return step_of_value

        def step(frame: Frame, raw: Any) -> tuple[Any, int]:
            try:
                output, chosen = run(frame, raw, frame.local if of_loops else frame.bind(names, raw))
            except (FlowError, ExpressionError, RecursionError) as error:
                raise self._locate(error) from error.__cause__
            return output, then if chosen is None else chosen

        return step

    def _bare_later(self) -> Callable[[Frame, Any], Awaitable[tuple[Any, int]]]:
        """The same for a task that waits, and may have output.as: most calls are such."""
        run, names, then, shape = self._body.run, self._names, self.then, self._output_as

        async def step(frame: Frame, raw: Any) -> tuple[Any, int]:
            try:
                variables = frame.bind(names, raw) if names else NO_VARIABLES
                output, chosen = await run(frame, raw, variables)
                if shape is not None:
                    output = shape.of(output, variables, frame.run.budget)
            except (FlowError, ExpressionError, RecursionError) as error:
                raise self._locate(error) from error.__cause__
            return output, then if chosen is None else chosen

        return step

    def _run_now(self, frame: Frame, raw: Any) -> tuple[Any, int]:
        try:
            data, variables = self._begin(frame, raw)
            if data is _SKIPPED:
                return raw, self.follow
            output, chosen = self._body.run(frame, data, variables)
            return self._end(frame, output, variables), self.then if chosen is None else chosen
        except (FlowError, ExpressionError, RecursionError) as error:
            raise self._locate(error) from error.__cause__

    async def _run_later(self, frame: Frame, raw: Any) -> tuple[Any, int]:
        try:
            data, variables = self._begin(frame, raw)
            if data is _SKIPPED:
                return raw, self.follow
            output, chosen = await self._body.run(frame, data, variables)
            return self._end(frame, output, variables), self.then if chosen is None else chosen
        except (FlowError, ExpressionError, RecursionError) as error:
            raise self._locate(error) from error.__cause__

    async def _run_timed(self, frame: Frame, raw: Any) -> tuple[Any, int]:
        assert self._timeout is not None
        try:
            seconds: float = self._timeout.of(raw, frame.bind(self._names, raw), frame.run.budget)
        except ExpressionError as error:
            raise self._locate(error) from None
        run = self._run_later if self._body.is_async else self._run_soon
        try:
            return await within(seconds, frame, lambda inner: run(inner, raw), repr(self.name))  # type: ignore[no-any-return]
        except FlowError as error:
            raise self._locate(error) from error.__cause__

    async def _run_soon(self, frame: Frame, raw: Any) -> tuple[Any, int]:
        return self._run_now(frame, raw)

    def _begin(self, frame: Frame, raw: Any) -> tuple[Any, dict[str, Any]]:
        variables = frame.bind(self._names, raw) if self._names else NO_VARIABLES
        if "task" in variables:
            variables["task"] = self._describe(frame, raw)
        budget = frame.run.budget
        if self._if is not None and not is_true(self._if.of(raw, variables, budget)):
            return _SKIPPED, variables
        if self._input_schema is not None:
            bounded(budget, raw)
            self._input_schema(raw)
        if self._input_from is None:
            return raw, variables
        data = self._input_from.of(raw, variables, budget)
        if self._names:
            variables["input"] = data
        return data, variables

    def _end(self, frame: Frame, output: Any, variables: dict[str, Any]) -> Any:
        run = frame.run
        if "context" in variables:
            variables["context"] = run.context  # the task's own subtasks may have replaced it
        if "task" in variables:
            variables["task"] = variables["task"] | {"output": output}
        if self._output_as is not None:
            output = self._output_as.of(output, variables, run.budget)
        if self._output_schema is not None:
            bounded(run.budget, output)
            self._output_schema(output)
        if self._export_as is not None:
            if "output" in variables:
                variables["output"] = output
            run.context = self._export_as.of(output, variables, run.budget)
            if self._export_schema is not None:
                bounded(run.budget, run.context)
                self._export_schema(run.context)
        return output

    def _describe(self, frame: Frame, raw: Any) -> dict[str, Any]:
        return {
            "name": self.name,
            "reference": self.at,
            "definition": self.definition,
            "input": raw,
            "startedAt": moment(frame.run.host.now()),
        }

    def _locate(self, error: Exception) -> FlowError:
        """The error as `catch` sees it; the innermost step that it passed is its instance."""
        if isinstance(error, BudgetExceeded):
            error = limit_reached("runtime", str(error))
        elif isinstance(error, ExpressionError):
            error = standard_error("expression", str(error))
        elif isinstance(error, RecursionError):
            error = limit_reached("runtime", "the flow is nested too deeply")
        assert isinstance(error, FlowError)
        if not error.instance:
            error.instance = self.at
        return error
