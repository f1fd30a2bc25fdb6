"""Running a flow up to a step, looking at the data there, and going on with others.

A run that stops is over: nothing of it stays on the server. What its steps gave is kept in a memory; to go on, the flow
runs again from its start, and each step that is in the memory gives what it gave, without being done a second time.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from gatewright.flow.trace import Record
from gatewright.flow.trace import Step
from gatewright.flow.trace import Trace

Key = tuple[str, tuple[int, ...], int]
"""A step taken: its pointer, the turns of the loops around it, and how often it was taken there before."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was done: what it gave, for the run that goes on, and its record for people."""

    pointer: str
    iteration: tuple[int, ...]
    times: int
    output: Any
    context: Any
    then: str | None
    record: Record

    @property
    def key(self) -> Key:
        """Which step it was."""
        return self.pointer, self.iteration, self.times


class Halt(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run stopped, before the step was done, and the data there."""

    pointer: str
    name: str
    iteration: tuple[int, ...]
    times: int
    data: Any
    context: Any


class Taken(msgspec.Struct, frozen=True):
    """In place of a record: the step is not done, this is what it gave."""

    output: Any
    context: Any
    then: str | None


class Changed(msgspec.Struct, frozen=True):
    """With a record: the step is done with these data."""

    record: Record | None
    data: Any
    context: Any


class Paused(BaseException):
    """The run stops here. Not an Exception: no step and no service may take it for a failure of its own."""

    def __init__(self, halt: Halt) -> None:
        self.halt = halt
        super().__init__(halt.pointer)


class Stepper(Trace):
    """A trace that stops the run before steps, and can take up one that was stopped.

    stops: pointers of the steps to stop before. memory: what was done already.
    resumed: where the run had stopped, with the data to go on with; it does not stop there again.
    single: stop before the first step after that one, whichever it is.
    """

    def __init__(
        self,
        stops: frozenset[str] = frozenset(),
        memory: Sequence[Kept] = (),
        resumed: Halt | None = None,
        *,
        single: bool = False,
    ) -> None:
        super().__init__()
        self._stops, self._resumed, self._single = stops, resumed, single
        self._known = {kept.key: kept for kept in memory}
        self._memory = dict(self._known)
        self._counts: dict[tuple[str, tuple[int, ...]], int] = {}
        self._open: dict[int, Key] = {}
        self._context: Any = {}
        self._paused = False

    @property
    def memory(self) -> tuple[Kept, ...]:
        """What was done so far, for the run that goes on."""
        return tuple(self._memory.values())

    @property
    def is_whole(self) -> bool:
        """Whether the memory holds all that was done: of a run with too many steps it does not."""
        return self.left_out == 0

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that are masked."""
        return tuple(self._secrets)

    def enter(self, step: Step, iteration: tuple[int, ...], data: Any) -> Any:
        """A step begins: its record, or Taken or Changed. Raises Paused where the run is to stop."""
        place = (step.pointer, iteration)
        times = self._counts.get(place, 0)
        self._counts[place] = times + 1
        key = (*place, times)
        kept = self._known.get(key)
        if kept is not None:
            self.add(kept.record)
            self._context = kept.context
            return Taken(kept.output, kept.context, kept.then)
        resumed = self._resumed
        if resumed is not None and (resumed.pointer, resumed.iteration, resumed.times) == key:
            self._resumed = None
            self._context = resumed.context
            return Changed(self._begin(step, key, resumed.data), resumed.data, resumed.context)
        if self._resumed is None and (self._single or step.pointer in self._stops):
            self._paused = True
            raise Paused(
                Halt(
                    pointer=step.pointer,
                    name=step.name,
                    iteration=iteration,
                    times=times,
                    data=data,
                    context=self._context,
                )
            )
        return self._begin(step, key, data)

    def leave(self, record: Record | None, output: Any, context: Any, then: str | None) -> None:
        """The step ended well: it is kept, in place of the steps inside it."""
        super().leave(record, output, context, then)
        self._context = context
        key = self._open.pop(id(record), None)
        if record is None or key is None:
            return
        self._forget_inside(record)
        pointer, iteration, times = key
        self._memory[key] = Kept(
            pointer=pointer,
            iteration=iteration,
            times=times,
            output=output,
            context=context,
            then=record.then,
            record=record,
        )

    def fail(self, record: Record | None, error: Any) -> None:
        """The step raised an error, unless the run only stopped inside it."""
        if record is not None and not self._paused:
            self._open.pop(id(record), None)
            self._forget_inside(record)
            super().fail(record, error)

    def _begin(self, step: Step, key: Key, data: Any) -> Record | None:
        record = super().enter(step, key[1], data)
        if record is not None:
            self._open[id(record)] = key
        return record

    def _forget_inside(self, record: Record) -> None:
        """Let go of the steps inside one that is over, and of how often they were taken: they begin anew with it."""
        inside = [f"{record.pointer}/"]
        if not record.pointer.startswith("/use/functions/"):
            inside.append("/use/functions/")
        depth = len(record.iteration)

        def is_inside(pointer: str, iteration: tuple[int, ...]) -> bool:
            return pointer.startswith(tuple(inside)) and iteration[:depth] == record.iteration

        self._memory = {key: kept for key, kept in self._memory.items() if not is_inside(*key[:2])}
        self._counts = {place: count for place, count in self._counts.items() if not is_inside(*place)}
