"""Whose turn it is at the event loop: requests that are there come first, then one turn of one run, and so on.

However many runs work long, between two of their turns the loop asks its sockets and serves what it finds; a turn begins
when that was next to nothing, or when the runs have waited long enough. Those that work on for longer leave the loop idle
for as long as they work, too, and get half of what others leave: a process that is never idle waits for the processor
whenever anything else wants it, and gives its other threads no chance of the interpreter.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

TURN: Final = 0.000_25
"""Seconds after which a run gives way: about as long as others wait for it."""
BRIEF: Final = 0.002
"""So many seconds a run may work in all without any rest. Those that work longer have every other turn where both wait."""
_LITTLE: Final = TURN / 5
"""Whoever works no longer than this, from one look to the next, leaves the loop to the runs."""
_PATIENCE: Final = 10
"""Times a turn, or a rest, that runs wait at most for others to have less to do."""
_REST: Final = 4 * TURN
"""The shortest rest: the loop's timers know no shorter ones."""
_OVERLONG: Final = 20
"""Times its own length that a turn is rested from, at most."""

clock = time.monotonic


class Pace:
    """Hands out the turns of all runs on one event loop. busy: for how many seconds its thread has worked until now."""

    def __init__(self, loop: asyncio.AbstractEventLoop, busy: Callable[[], float] = time.thread_time) -> None:
        self.loop = loop
        self._busy = busy
        self._brief: deque[asyncio.Future[None]] = deque()
        self._long: deque[asyncio.Future[None]] = deque()
        self._brief_is_due = True
        self._is_looking = False
        self._since = self._looked = 0.0
        self._waking: asyncio.TimerHandle | None = None
        self._owed = self._rest = 0.0
        self._rests_since = self._busy_before = 0.0

    def next_turn(self, worked: float, lasted: float) -> "asyncio.Future[None]":
        """What is done when a run has its next turn. worked: in all; lasted: its turn that is just over; in seconds."""
        future = self.loop.create_future()
        if worked < BRIEF:
            self._brief.append(future)
            if self._waking is not None:
                self._waking.cancel()
                self._waking = None
        else:
            self._long.append(future)
            self._owe(lasted)
        if not self._is_looking and self._waking is None:
            self._go_on()
        return future

    def _owe(self, lasted: float) -> None:
        """A rest as long as the turn; longer after one that kept others waiting longer than it should have."""
        self._owed += lasted * min(max(lasted / TURN, 1.0), _OVERLONG)
        if self._owed >= _REST:
            self._rest, self._owed = self._owed, 0.0
            self._rests_since, self._busy_before = clock(), self._busy()

    def _rest_left(self) -> float:
        """How long the loop still has to be idle before the next turn of a run that works long."""
        if not self._rest:
            return 0.0
        passed = clock() - self._rests_since
        idle = passed - (self._busy() - self._busy_before)
        if idle >= self._rest or passed >= self._rest * _PATIENCE:
            self._rest = 0.0
            return 0.0
        return self._rest - idle

    def _go_on(self) -> None:
        """Look for a good moment at once, or after a rest."""
        self._is_looking, self._waking = False, None
        if not (self._brief or self._long):
            return
        left = 0.0 if self._brief else self._rest_left()
        if left:
            self._waking = self.loop.call_later(max(left, _REST), self._go_on)
            return
        self._is_looking = True
        self._since = self._looked = clock()
        self.loop.call_soon(self._look)

    def _look(self) -> None:
        """Give the next turn when others had little to do since the last look."""
        now = clock()
        if now - self._looked > _LITTLE and now - self._since < _PATIENCE * TURN:
            self._looked = now
            self.loop.call_soon(self._look)
            return
        future = self._next()
        if future is not None:
            future.set_result(None)
        self.loop.call_soon(self._go_on)  # that turn is before it

    def _next(self) -> "asyncio.Future[None] | None":
        """The one that waits longest, of either kind by turns; those that are cancelled wait no more."""
        rested = bool(self._long) and not self._rest_left()
        while self._brief or (self._long and rested):
            is_brief = bool(self._brief) and (self._brief_is_due or not (self._long and rested))
            self._brief_is_due = not is_brief
            future = (self._brief if is_brief else self._long).popleft()
            if not future.done():
                return future
        return None
