"""Lists of tasks at run time: one loop that follows their directives."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import msgspec

from gatewright.flow.run import FlowEnded
from gatewright.flow.run import Frame

END = -1
Targets = Mapping[str, int]
"""Where a directive leads: the index of the next task in the list, the list's length to leave it, END to end the flow."""


class Body(msgspec.Struct, frozen=True):
    """A compiled list or task kind. `run` is called with frame, data (and, for a kind, variables); awaited when so said."""

    is_async: bool
    run: Callable[..., Any]


class Step(msgspec.Struct, frozen=True):
    """A compiled task. `run(frame, data)` gives its output and the index that follows."""

    pointer: str
    name: str
    kind: str
    is_async: bool
    run: Callable[[Frame, Any], Any]


DIRECTIVES = ("continue", "exit", "end")


def targets_of(names: list[str], index: int) -> dict[str, int]:
    """Where each directive leads from the task at `index`."""
    places = {name: place for place, name in enumerate(names)}
    return places | {"continue": index + 1, "exit": len(names), "end": END}


def run_list(steps: tuple[Step, ...]) -> Body:
    """One loop over the steps: a plain function when no step needs to wait for anything."""
    count = len(steps)
    names = tuple(step.name for step in steps)

    def run_now(frame: Frame, data: Any) -> Any:
        index = 0
        while 0 <= index < count:
            frame.tick()
            step = steps[index]
            if frame.run.trace is None:
                data, index = step.run(frame, data)
            else:
                data, index = _Watch(step, index, names, frame, data).run_now(data)
        return _finish(index, data)

    async def run_later(frame: Frame, data: Any) -> Any:
        index = 0
        while 0 <= index < count:
            frame.tick()
            step = steps[index]
            if frame.run.trace is not None:
                data, index = await _Watch(step, index, names, frame, data).run_later(data)
            elif step.is_async:
                data, index = await step.run(frame, data)
            else:
                data, index = step.run(frame, data)
        return _finish(index, data)

    if any(step.is_async for step in steps):
        return Body(True, run_later)
    return Body(False, run_now)


def _finish(index: int, data: Any) -> Any:
    if index == END:
        raise FlowEnded(data)
    return data


class _Watch:
    """A step taken under the eyes of the trace."""

    def __init__(self, step: Step, index: int, names: tuple[str, ...], frame: Frame, data: Any) -> None:
        assert frame.run.trace is not None
        self._step, self._index, self._names, self._frame = step, index, names, frame
        self._trace = frame.run.trace
        self._record = self._trace.enter(step.pointer, step.name, step.kind, frame.iteration, data)

    def run_now(self, data: Any) -> tuple[Any, int]:
        try:
            output, following = self._step.run(self._frame, data)
        except BaseException as error:
            self._fail(error)
            raise
        return self._leave(output, following)

    async def run_later(self, data: Any) -> tuple[Any, int]:
        if not self._step.is_async:
            return self.run_now(data)
        try:
            output, following = await self._step.run(self._frame, data)
        except BaseException as error:
            self._fail(error)
            raise
        return self._leave(output, following)

    def _leave(self, output: Any, following: int) -> tuple[Any, int]:
        self._trace.leave(self._record, output, self._frame.run.context, self._then(following))
        return output, following

    def _then(self, following: int) -> str | None:
        if following == self._index + 1:
            return None
        if following == END:
            return "end"
        return self._names[following] if following < len(self._names) else "exit"

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, FlowEnded):
            self._trace.leave(self._record, error.output, self._frame.run.context, "end")
            return
        value = getattr(error, "value", None)
        self._trace.fail(self._record, value() if callable(value) else {"title": type(error).__name__})
