"""Lists of tasks at run time: one loop that follows their directives."""

from collections import ChainMap
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import msgspec

from gatewright.flow.run import FlowEnded
from gatewright.flow.run import Frame
from gatewright.flow.run import Run
from gatewright.flow.stepper import Changed
from gatewright.flow.stepper import Taken
from gatewright.flow.trace import Watch

END = -1
Targets = Mapping[str, int]
"""Where a directive leads: the index of the next task in the list, the list's length to leave it, END to end the flow."""


class Body(msgspec.Struct, frozen=True):
    """A compiled list or task kind. `run` is called with frame, data (and, for a kind, variables); awaited when so said.

    value: of a kind that does nothing but give a value, `value(data, variables, budget)`.
    only: of a list of one step that waits for nothing, that step's `run`.
    """

    is_async: bool
    run: Callable[..., Any]
    value: Callable[..., Any] | None = None
    only: Callable[..., Any] | None = None


class Step(msgspec.Struct, frozen=True):
    """A compiled task. `run(frame, data)` gives its output and the index that follows."""

    pointer: str
    name: str
    kind: str
    is_async: bool
    run: Callable[[Frame, Any], Any]


DIRECTIVES = ("continue", "exit", "end")


def targets_of(names: list[str]) -> list[Targets]:
    """Where each directive leads from each task of a list."""
    places = {name: place for place, name in enumerate(names)}
    return [
        ChainMap({"continue": index + 1, "exit": len(names), "end": END}, places) for index in range(max(len(names), 1))
    ]


def run_list(steps: tuple[Step, ...]) -> Body:
    """One loop over the steps: a plain function when no step needs to wait for anything."""
    count = len(steps)
    watched_now, watched_later = _watched_now(steps), _watched_later(steps)

    def run_now(frame: Frame, data: Any) -> Any:
        if frame.run.trace is not None:
            return watched_now(frame, data)
        index = 0
        while 0 <= index < count:
            frame.tick()
            data, index = steps[index].run(frame, data)
        return _finish(index, data)

    async def run_later(frame: Frame, data: Any) -> Any:
        if frame.run.trace is not None:
            return await watched_later(frame, data)
        index = 0
        while 0 <= index < count:
            frame.tick()
            step = steps[index]
            if step.is_async:
                data, index = await step.run(frame, data)
            else:
                data, index = step.run(frame, data)
        return _finish(index, data)

    if any(step.is_async for step in steps):
        return Body(True, run_later)
    if count == 1:
        return Body(False, _one(steps[0].run, watched_now), only=steps[0].run)
    return Body(False, run_now)


def _one(only: Callable[..., Any], watched: Callable[..., Any]) -> Callable[..., Any]:
    """The same for a list of one step, as most loops have."""

    def run_now(frame: Frame, data: Any) -> Any:
        if frame.run.trace is not None:
            return watched(frame, data)
        index = 0
        while index == 0:  # as long as its `then` leads to itself
            frame.tick()
            data, index = only(frame, data)
        return data if index == 1 else _finish(index, data)

    return run_now


def _watched_now(steps: tuple[Step, ...]) -> Callable[..., Any]:
    """The same loop, for runs whose steps somebody watches; whoever does may stop it, or step in (`stepper`)."""
    count = len(steps)

    def run_now(frame: Frame, data: Any) -> Any:
        index, run, watch = 0, frame.run, frame.run.trace
        assert watch is not None
        while 0 <= index < count:
            frame.tick()
            step, here = steps[index], index
            record = watch.enter(step, frame.iteration, data)
            if type(record) is Taken:
                data, index = record.output, _index(steps, here, record.then)
                run.context = record.context
                continue
            if type(record) is Changed:
                data, run.context, record = record.data, record.context, record.record
            try:
                data, index = step.run(frame, data)
            except BaseException as error:
                _fail(watch, record, error, run)
                raise
            watch.leave(record, data, run.context, None if index == here + 1 else _then(steps, index))
        return _finish(index, data)

    return run_now


def _watched_later(steps: tuple[Step, ...]) -> Callable[..., Any]:
    """The same, where some step waits."""
    count = len(steps)

    async def run_later(frame: Frame, data: Any) -> Any:
        index, run, watch = 0, frame.run, frame.run.trace
        assert watch is not None
        while 0 <= index < count:
            frame.tick()
            step, here = steps[index], index
            record = watch.enter(step, frame.iteration, data)
            if type(record) is Taken:
                data, index = record.output, _index(steps, here, record.then)
                run.context = record.context
                continue
            if type(record) is Changed:
                data, run.context, record = record.data, record.context, record.record
            try:
                if step.is_async:
                    data, index = await step.run(frame, data)
                else:
                    data, index = step.run(frame, data)
            except BaseException as error:
                _fail(watch, record, error, run)
                raise
            watch.leave(record, data, run.context, None if index == here + 1 else _then(steps, index))
        return _finish(index, data)

    return run_later


def follow(body: Body, frame: Frame, data: Any, following: int) -> Any:
    """Go on in a list of one step that says itself what follows it."""
    return body.run(frame, data) if following == 0 else _finish(following, data)


def _finish(index: int, data: Any) -> Any:
    if index == END:
        raise FlowEnded(data)
    return data


def _then(steps: tuple[Step, ...], following: int) -> str:
    if following == END:
        return "end"
    return steps[following].name if following < len(steps) else "exit"


def _index(steps: tuple[Step, ...], here: int, then: str | None) -> int:
    """The index that a step led to, by what `_then` said of it; None: the next one."""
    if then is None:
        return here + 1
    if then == "end":
        return END
    return next((index for index, step in enumerate(steps) if step.name == then), len(steps))


def _fail(watch: Watch, record: Any, error: BaseException, run: Run) -> None:
    if isinstance(error, FlowEnded):
        watch.leave(record, error.output, run.context, "end")
        return
    value = getattr(error, "value", None)
    watch.fail(record, value() if callable(value) else {"title": type(error).__name__})
