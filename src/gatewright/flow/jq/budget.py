"""How much the expressions of one flow run may do."""

import time
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import chain
from itertools import islice
from typing import Protocol
from typing import TypeVar

from gatewright.flow.jq.errors import BudgetExceeded

T = TypeVar("T")

CHECK_EVERY = 1_000
"""Units between two looks at the clock."""

PORTION = 500
"""Items of what is long are worked on at once; then the clock is looked at."""

MAX_DEPTH = 256
"""How deep a value made by an expression may nest."""


class Pause(Protocol):
    """A turn at the event loop, which ends, by the budget's clock."""

    ends: float

    def give_way(self) -> None:
        """Let others work, and come back."""
        ...


class Budget:
    """Counts the work of one run; shared by all its expressions, not by threads.

    `units`: one is an iteration or the making of some 50 bytes. `size`: the longest string (characters) and the longest
    array (eight bytes an item) an expression may make. `deadline`: by `clock`, in its seconds. `now` answers `now`.
    `pause`: whom to tell when the turn is over.
    """

    __slots__ = ("_clock", "_deadline", "_left", "_mark", "_pause", "now", "size")

    def __init__(
        self,
        *,
        units: int = 10_000_000,
        size: int = 50_000_000,
        deadline: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
        pause: Pause | None = None,
    ) -> None:
        self._left = units
        self._mark = max(units - CHECK_EVERY, 0)
        self._deadline = deadline
        self._clock = clock
        self._pause = pause
        self.size = size
        self.now = now

    @property
    def left(self) -> int:
        """The units that remain."""
        return self._left

    def spend(self, units: int) -> None:
        """Charge work before it is done. Raises BudgetExceeded."""
        self._left = left = self._left - units
        if left < self._mark:
            self._look(left)

    def _look(self, left: int) -> None:
        if left < 0:
            raise BudgetExceeded("the expression does more work than a run may do")
        now = self._clock()
        if self._deadline is not None and now > self._deadline:
            raise BudgetExceeded("the time for this run is over")
        if self._pause is not None and now > self._pause.ends:
            self._pause.give_way()
        self._mark = max(left - CHECK_EVERY, 0)

    def breathe(self) -> None:
        """Look at the clock amid work that is charged already. Raises BudgetExceeded."""
        self._look(self._left)

    def portions(self, values: Iterable[T], cost: int) -> Iterator[list[T]]:
        """The values, some at a time, each charged before they are given. Raises BudgetExceeded."""
        rest = iter(values)
        while portion := list(islice(rest, PORTION)):
            self.spend(len(portion) * cost)
            self.breathe()
            yield portion

    def spread(self, values: Collection[T], cost: int = 0) -> Iterable[T]:
        """The values, charged; between the portions of many, others may work."""
        if len(values) <= PORTION:
            self.spend(len(values) * cost)
            return values
        return chain.from_iterable(self.portions(values, cost))

    def text(self, length: int) -> None:
        """Charge a string of `length` characters that is about to be made. Raises BudgetExceeded."""
        if length > self.size:
            raise BudgetExceeded("a string grows longer than a run may make it")
        self.spend(length >> 4)

    def items(self, count: int) -> None:
        """Charge an array or object of `count` items that is about to be made by copying. Raises BudgetExceeded."""
        if count << 3 > self.size:
            raise BudgetExceeded("an array or object grows larger than a run may make it")
        self.spend(count >> 2)
