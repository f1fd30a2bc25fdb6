"""Overload of one process: who is refused at the door, before anything is read but a request's head.

Two things tell of it, each for half a second and not for a moment. Calls wait for the store: whoever would write is then
refused while MOST_WAITING do. The event loop is late: each of its turns then begins so many requests only as keep it in
time. What was begun is finished either way.

A refusal costs a third of an answer, most of that in the kernel. Clients that ask again at once, whatever Retry-After
says, could keep a process busy with refusals alone: a connection that was refused is read again when there is room.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final
from typing import Protocol

import structlog

from gatewright.kernel.telemetry import Activity
from gatewright.kernel.telemetry import Cell

MANY_WAITING: Final = 256
"""Calls that wait for the store, on average, when refusing begins: some 15 ms of work on a quick disk."""
MOST_WAITING: Final = 512
"""So many wait then at the most: one group that the store commits, one that gathers. More fit no processor's caches."""
BURST: Final = 4096
"""So many may wait for a moment."""
LATE_SECONDS: Final = 0.1
"""How late the loop may be; half of it while requests are refused."""
STANDING_SECONDS: Final = 0.5
"""For how long it must have been late, each time it was looked at; and over how long the calls that wait are averaged."""
FEWEST: Final = 4
FIRST: Final = 256
UNLIMITED: Final = 4096
"""Requests that one turn of the loop begins: at the least, when refusing begins, and from where on there is no limit."""
_TICK_SECONDS: Final = 0.02
_QUICK_TICK_SECONDS: Final = 0.005  # while connections wait to be read again
_LEAST_READ_PER_SECOND: Final = 300
_REPORT_SECONDS: Final = 1.0
_log = structlog.get_logger("gatewright.web")


class Store(Protocol):
    """What is asked of the store."""

    @property
    def waiting(self) -> int:
        """How many calls wait for it."""
        ...


class _NoStore:
    waiting = 0


class Overload:
    """Whether this process has more to do than it can, and who is let in meanwhile.

    is_on: whether `admits` is to be asked.
    """

    def __init__(self, store: Store | None = None) -> None:
        self.store: Store = store or _NoStore()
        self.is_on = False
        self.refused = 0
        self._most: int | None = None  # requests of a turn, while the loop is late
        self._late_since: float | None = None
        self._behind = 0.0  # calls that wait for the store, on average
        self._begun = 0  # in this turn of the loop
        self._outside: deque[Callable[[], None]] = deque()

    def admits(self, *, writes: bool) -> bool:
        """Whether one more request may begin in this turn of the loop."""
        full = self._most is not None and self._begun >= self._most
        if full or (writes and self.store.waiting + self._begun >= MOST_WAITING):
            self.refused += 1
            return False
        if self._begun == 0:
            asyncio.get_running_loop().call_soon(self._end_turn)  # runs when all that has arrived by now is read
        self._begun += 1
        return True

    def keep_outside(self, read_again: Callable[[], None]) -> None:
        """Call `read_again` when there is room for a request of the connection that was refused."""
        self._outside.append(read_again)

    def let_in(self, seconds: float) -> None:
        """Read as many of the refused connections as there is room for; at least so many as `seconds` allow."""
        room = (MOST_WAITING - self.store.waiting) // 4 if self._most is None else self._most // 4
        for _ in range(min(len(self._outside), max(1, room, int(_LEAST_READ_PER_SECOND * seconds)))):
            self._outside.popleft()()

    def observe(self, late: float, seconds: float, now: float) -> None:
        """Take in by how many seconds the loop was late at the time `now`, `seconds` after it was last observed."""
        waiting = self.store.waiting
        self._behind += (waiting - self._behind) * min(1.0, seconds / STANDING_SECONDS)
        if self._most is not None:
            self._adjust(late)
        elif late < LATE_SECONDS:
            self._late_since = None
        elif self._late_since is None:
            self._late_since = now - late
        elif now - self._late_since >= STANDING_SECONDS:
            self._most = FIRST
        least = MANY_WAITING / 4 if self.is_on else MANY_WAITING
        self.is_on = self._most is not None or self._behind > least or waiting > BURST

    def _adjust(self, late: float) -> None:
        assert self._most is not None
        if late > LATE_SECONDS / 2:
            self._most = max(FEWEST, self._most * 3 // 4)
            return
        self._most += max(1, self._most // 8)
        if self._most > UNLIMITED:
            self._most = self._late_since = None

    def _end_turn(self) -> None:
        self._begun = 0

    async def watch(self, store: Store, activity: Activity) -> None:
        """Look at this process's loop and store for as long as it lives; count and log what was refused."""
        self.store = store
        clock = asyncio.get_running_loop().time
        before = reported = clock()
        while True:
            pause = _QUICK_TICK_SECONDS if self._outside else _TICK_SECONDS
            await asyncio.sleep(pause)
            now = clock()
            self.observe(now - before - pause, now - before, now)
            self.let_in(now - before)
            before = now
            if self.refused and now - reported >= _REPORT_SECONDS:
                self._report(activity)
                reported = now

    def _report(self, activity: Activity) -> None:
        refused, self.refused = self.refused, 0
        activity.put_back([Cell("refusal", "temporarily_unavailable", "", 0, refused, 0.0)])
        _log.warning(
            "overloaded", refused=refused, waiting_for_store=self.store.waiting, loop_late=self._most is not None
        )
