"""Turns at the event loop: a run that works long without waiting for anything gives way to others again and again.

Expressions, and steps that wait for nothing, are plain functions, which cannot be suspended where they are. So a run goes
on a stack of its own (a greenlet), and its budget and its steps look at the clock often enough to leave it in between.
A flow that waits for nothing at all, as most that are quick, begins without one, which is quicker still; it has no effect
but its output, and begins again on a stack of its own when its first turn is over.
"""

import asyncio
import threading
import time
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Generator
from contextvars import copy_context
from typing import Any
from typing import Final

from greenlet import GreenletExit
from greenlet import getcurrent
from greenlet import greenlet

SECONDS: Final = 0.001
"""How long a run may go on before others have their turn."""
BRIEF: Final = 0.005
"""So long a run may work in all and be as good as any other. Those that work longer take turns with one another, and leave
as much time between their turns as these last: half of the process is for those that are quick."""
_MOST_IDLE: Final = 64

_clock = time.monotonic
_AWAITS, _GIVES, _RAISES = range(3)


class TurnOver(BaseException):
    """The first turn of a run that has no stack of its own."""


class Turns:
    """One run's turns. `ends`: when the present one is over, by the monotonic clock. again: whether it can begin again."""

    __slots__ = ("_again", "_worked", "ends")

    def __init__(self, *, again: bool = False) -> None:
        self._again = again
        self._worked = 0.0
        self.ends = _clock() + SECONDS

    def give_way(self) -> None:
        """Let others work, and come back. Raises TurnOver, and what the run is stopped by meanwhile."""
        if self._again:
            raise TurnOver
        self._worked += SECONDS
        outside = getcurrent().parent
        if outside is not None:  # else nobody would bring it back
            outside.switch(None)
        self.ends = _clock() + SECONDS

    def seconds_apart(self) -> float:
        """How long to leave others alone before the next turn; 0 for what has not worked long."""
        if self._worked < BRIEF:
            return 0.0
        now = _clock()
        begins = max(now, _shared.free_at) + SECONDS
        _shared.free_at = begins + SECONDS
        return begins - now


class InTurns:
    """Awaits a coroutine, whose work may give way anywhere by `turns.give_way`."""

    __slots__ = ("_coroutine", "_turns")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], turns: Turns) -> None:
        self._coroutine, self._turns = coroutine, turns

    def __await__(self) -> Generator[Any, Any, Any]:
        """What the coroutine gives, or raises."""
        context = copy_context()  # one for all turns: what is set in one is reset in another
        step: Callable[[Any], Any] = self._coroutine.send
        given: Any = None
        while True:
            worker = _shared.workers.pop() if _shared.workers else greenlet(_work)
            here = getcurrent()
            if worker.parent is not here:
                worker.parent = here
            worker.gr_context = context
            self._turns.ends = _clock() + SECONDS
            outcome = worker.switch((step, given))
            while outcome is None:
                outcome = yield from _others(worker, self._turns.seconds_apart())
            if len(_shared.workers) < _MOST_IDLE:
                _shared.workers.append(worker)
            kind, value = outcome
            if kind == _GIVES:
                return value
            if kind == _RAISES:
                raise value
            try:
                given, step = (yield value), self._coroutine.send
            except BaseException as error:  # whatever it is, it is for the coroutine
                given, step = error, self._coroutine.throw


def _others(worker: Any, seconds: float) -> Generator[Any, Any, Any]:
    """Others' turn; then the worker goes on, or is stopped by what came meanwhile."""
    try:
        if seconds:
            yield from asyncio.sleep(seconds).__await__()
        else:
            yield
    except BaseException as error:  # whatever it is, it is for the worker
        return worker.throw(error)
    return worker.switch()


def _work(job: Any) -> None:
    """Take a coroutine's step, hand over its outcome, and wait for the next job."""
    while True:
        step, given = job
        try:
            outcome = (_AWAITS, step(given))
        except StopIteration as done:
            outcome = (_GIVES, done.value)
        except GreenletExit:
            raise  # nobody is there any more
        except BaseException as error:  # whatever it is, it is for whoever awaits
            outcome = (_RAISES, error)
        job = step = given = None
        job = getcurrent().parent.switch(outcome)


class _Shared(threading.local):
    """What the runs of a thread share. workers: those that wait for a job, for making one takes longer than all the rest.

    free_at: when the next turn of a run that works long may begin, but for the time between.
    """

    def __init__(self) -> None:
        self.workers: list[Any] = []
        self.free_at = 0.0


_shared = _Shared()
