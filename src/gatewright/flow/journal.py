"""What a run does, noted at little cost: should it fail, its trace is there.

Values are kept as they are, for nothing changes them, and copied for people only when somebody will read them.
"""

from collections import deque
from itertools import chain
from time import monotonic
from typing import Any

import msgspec

from gatewright.flow.trace import Record
from gatewright.flow.trace import Step
from gatewright.flow.trace import Trace

FIRST = 40
"""So many steps are kept from the beginning of a run,"""
LAST = 40
"""and so many from its end."""
_BETWEEN_LOOKS = 7
"""A mask: at one step of eight it is looked whether the run works on much data."""
_LONG_TEXT = 20_000
_MANY_ITEMS = 1_000
_COPIED = 50_000
"""Characters, about, that are kept of a step's data once it does: whole, they would hold the memory of many a copy."""


class Entry(msgspec.Struct):
    """One step taken; times in seconds, `began` by the monotonic clock."""

    step: Step
    iteration: tuple[int, ...]
    input: Any
    began: float
    seconds: float = 0.0
    output: Any = None
    context: Any = None
    then: str | None = None
    error: Any = None


class Times(msgspec.Struct):
    """How often a step ran, how often it failed, and the seconds of all of them together."""

    count: int = 0
    failed: int = 0
    seconds: float = 0.0


class Journal:
    """The steps of one run, the first and the last ones with their values.

    times: by the pointers of steps, where each adds its own; for all runs of one flow.
    weight: for how many runs this one stands there.
    """

    __slots__ = ("_began", "_first", "_last", "_of_much", "_secrets", "_taken", "_times", "_weight")

    def __init__(self, times: dict[str, Times], weight: int = 1) -> None:
        self._times, self._weight = times, weight
        self._began = monotonic()
        self._first: list[Entry] = []
        self._last: deque[Entry] = deque(maxlen=LAST)
        self._taken = 0
        self._of_much = False
        self._secrets: list[Any] = []

    def mask(self, secret: Any) -> None:
        """Show *** instead of this text, or of every text within this object."""
        self._secrets.append(secret)

    def enter(self, step: Step, iteration: tuple[int, ...], data: Any) -> Entry:
        """A step begins."""
        self._taken = taken = self._taken + 1
        if self._of_much or not taken & _BETWEEN_LOOKS:
            data = self._kept(data)
        entry = Entry(step, iteration, data, monotonic())
        if taken <= FIRST:
            self._first.append(entry)
        else:
            self._last.append(entry)
        return entry

    def leave(self, entry: Entry, output: Any, context: Any, then: str | None) -> None:
        """The step ended well."""
        entry.seconds = seconds = monotonic() - entry.began
        if self._of_much:
            output, context = self._kept(output), self._kept(context)
        entry.output = output
        entry.context = context
        entry.then = then
        times = self._times.get(entry.step.pointer) or self._new(entry.step.pointer)
        times.count += self._weight
        times.seconds += seconds * self._weight

    def fail(self, entry: Entry, error: Any) -> None:
        """The step raised an error, given as its problem details."""
        entry.seconds = seconds = monotonic() - entry.began
        entry.error = error
        times = self._times.get(entry.step.pointer) or self._new(entry.step.pointer)
        times.count += self._weight
        times.failed += self._weight
        times.seconds += seconds * self._weight

    def entries(self) -> list[Entry]:
        """The steps that are kept, in the order in which they began."""
        return [*self._first, *self._last]

    def trace(self, trace: Trace) -> Trace:
        """All of it written into `trace`, for people to read."""
        for secret in self._secrets:
            trace.mask(secret)
        for entry in chain(self._first, self._last):
            trace.add(_record(entry, self._began, trace))
        trace.left_out += self._taken - len(self._first) - len(self._last)
        return trace

    def _kept(self, value: Any) -> Any:
        """What people will see of a value, where it is much more than that."""
        if not is_much(value):
            return value
        self._of_much = True
        shown = Trace(size=_COPIED, guarded=True)
        for secret in self._secrets:
            shown.mask(secret)
        return shown.show(value)

    def _new(self, pointer: str) -> Times:
        return self._times.setdefault(pointer, Times())


def is_much(value: Any) -> bool:
    """Whether a value is long by itself, or holds a long one; values further within are not looked at."""
    kind = type(value)
    if kind is str:
        return len(value) > _LONG_TEXT
    if kind is not list and kind is not dict:
        return False
    return len(value) > _MANY_ITEMS or any(map(_is_long, value if kind is list else value.values()))


def _is_long(value: Any) -> bool:
    kind = type(value)
    if kind is str:
        return len(value) > _LONG_TEXT
    return (kind is list or kind is dict) and len(value) > _MANY_ITEMS


def _record(entry: Entry, began: float, trace: Trace) -> Record:
    step = entry.step
    return Record(
        step.pointer,
        step.name,
        step.kind,
        entry.began - began,
        entry.iteration,
        trace.show(entry.input),
        entry.seconds,
        trace.show(entry.output),
        trace.show(entry.context),
        trace.show(entry.error),
        entry.then,
    )
