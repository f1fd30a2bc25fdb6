"""Turns at the event loop: a run that works long without waiting for anything gives way to others again and again.

Expressions, and steps that wait for nothing, are plain functions, which cannot be suspended where they are. So a run goes
on a stack of its own (a greenlet), and its budget and its steps look at the clock often enough to leave it in between.
A flow that waits for nothing at all, as most that are quick, begins without one, which is quicker still; it has no effect
but its output, and begins again on a stack of its own when its first turn is over.
"""

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

SECONDS: Final = 0.002
"""How long a run may go on before others have their turn."""
_MOST_IDLE: Final = 64

_clock = time.monotonic
_AWAITS, _GIVES, _RAISES = range(3)


class TurnOver(BaseException):
    """The first turn of a run that has no stack of its own."""


class Turns:
    """One run's turns. `ends`: when the present one is over, by the monotonic clock. again: whether it can begin again."""

    __slots__ = ("_again", "ends")

    def __init__(self, *, again: bool = False) -> None:
        self._again = again
        self.ends = _clock() + SECONDS

    def give_way(self) -> None:
        """Let others work, and come back. Raises TurnOver, and what the run is stopped by meanwhile."""
        if self._again:
            raise TurnOver
        outside = getcurrent().parent
        if outside is not None:  # else nobody would bring it back
            outside.switch(None)
        self.ends = _clock() + SECONDS


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
            worker = _idle.workers.pop() if _idle.workers else greenlet(_work)
            here = getcurrent()
            if worker.parent is not here:
                worker.parent = here
            worker.gr_context = context
            self._turns.ends = _clock() + SECONDS
            outcome = worker.switch((step, given))
            while outcome is None:
                outcome = yield from _others(worker)
            if len(_idle.workers) < _MOST_IDLE:
                _idle.workers.append(worker)
            kind, value = outcome
            if kind == _GIVES:
                return value
            if kind == _RAISES:
                raise value
            try:
                given, step = (yield value), self._coroutine.send
            except BaseException as error:  # whatever it is, it is for the coroutine
                given, step = error, self._coroutine.throw


def _others(worker: Any) -> Generator[Any, Any, Any]:
    """Others' turn; then the worker goes on, or is stopped by what came meanwhile."""
    try:
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


class _Idle(threading.local):
    """The workers of a thread that wait for a job: making one takes longer than all the rest."""

    def __init__(self) -> None:
        self.workers: list[Any] = []


_idle = _Idle()
