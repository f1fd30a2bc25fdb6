"""Work begun at once, and awaited only for what is left of it."""

from collections.abc import Awaitable
from collections.abc import Generator
from functools import partial


class Started:
    """Work that has run up to where it first waits: most of what is called waits for nothing, and needs no timer.

    Raises what the work raises before it waits. When it has not `ended`, it is to be awaited for the rest.
    """

    __slots__ = ("_awaited", "_steps", "ended", "output")

    def __init__(self, work: Awaitable[object]) -> None:
        self._steps, self.ended = work.__await__(), False
        try:
            self._awaited = next(self._steps)
        except StopIteration as end:
            self.ended, self.output = True, end.value

    def __await__(self) -> Generator[object, None, object]:
        awaited, steps = self._awaited, self._steps
        while True:
            try:
                yield awaited
            except BaseException as error:
                proceed = partial(steps.throw, error)
            else:
                proceed = partial(next, steps)
            try:
                awaited = proceed()
            except StopIteration as end:
                return end.value
