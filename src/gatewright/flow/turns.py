"""Turns at the event loop: a run that works long without waiting for anything gives way to others again and again.

Expressions, and steps that wait for nothing, are plain functions, which cannot be suspended where they are. So a run goes
on a stack of its own (a greenlet), and its budget and its steps look at the clock often enough to leave it in between.
A flow that waits for nothing at all, as most that are quick, begins without one, which is quicker still; it has no effect
but its output, and begins again on a stack of its own when its first turn is over.
"""

import asyncio
import threading
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from contextvars import copy_context
from functools import partial
from itertools import chain
from itertools import islice
from typing import Any
from typing import Final
from typing import TypeVar

from greenlet import GreenletExit
from greenlet import getcurrent
from greenlet import greenlet

from gatewright.flow.pace import TURN
from gatewright.flow.pace import Pace
from gatewright.flow.pace import clock

T = TypeVar("T")

_MOST_IDLE: Final = 64

_AWAITS, _GIVES, _RAISES = range(3)


class TurnOver(BaseException):
    """The first turn of a run that has no stack of its own."""


class Turns:
    """One run's turns. `ends`: when the present one is over, by the monotonic clock. again: whether it can begin again.

    worked: for how many seconds it had its turn.
    """

    __slots__ = ("_again", "_began", "ends", "worked")

    def __init__(self, *, again: bool = False) -> None:
        self._again = again
        self.worked = 0.0
        self.begin()

    def begin(self) -> None:
        """A turn begins."""
        self._began = now = clock()
        self.ends = now + TURN

    def give_way(self) -> None:
        """Let others work, and come back. Raises TurnOver, and what the run is stopped by meanwhile."""
        if self._again:
            raise TurnOver
        outside = getcurrent().parent
        if outside is not None:  # else nobody would bring it back
            outside.switch(None)
        self.begin()

    def next_turn(self) -> "asyncio.Future[None]":
        """What is done when the next turn comes."""
        lasted = clock() - self._began
        self.worked += lasted
        return _shared.pace_of(asyncio.get_running_loop()).next_turn(self.worked, lasted)


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
            around, _shared.turns = _shared.turns, self._turns
            self._turns.begin()
            outcome = worker.switch((step, given))
            _shared.turns = around
            while outcome is None:
                outcome = yield from _others(worker, self._turns)
            if len(_shared.workers) < _MOST_IDLE:
                _shared.workers.append(worker)
            kind, value = outcome
            outcome.clear()  # the worker holds it for as long as it is idle
            if kind == _GIVES:
                return value
            if kind == _RAISES:
                try:
                    raise value
                finally:  # an error leads to this frame: were it to lead back, both would stay until they are searched for
                    given = value = None
            try:
                given, step = (yield value), self._coroutine.send
            except BaseException as error:  # whatever it is, it is for the coroutine
                given, step = error, self._coroutine.throw


def _others(worker: Any, turns: Turns) -> Generator[Any, Any, Any]:
    """Others' turn; then the worker goes on, or is stopped by what came meanwhile."""
    try:
        yield from turns.next_turn().__await__()
        go_on = worker.switch
    except BaseException as error:  # whatever it is, it is for the worker
        go_on = partial(worker.throw, error)
    around, _shared.turns = _shared.turns, turns
    try:
        return go_on()
    finally:
        _shared.turns = around


def _work(job: Any) -> None:
    """Take a coroutine's step, hand over its outcome, and wait for the next job."""
    while True:
        step, given = job
        try:
            outcome = [_AWAITS, step(given)]
        except StopIteration as done:
            outcome = [_GIVES, done.value]
        except GreenletExit:
            raise  # nobody is there any more
        except BaseException as error:  # whatever it is, it is for whoever awaits
            outcome = [_RAISES, error]
        job = step = given = None
        job = getcurrent().parent.switch(outcome)


class _Shared(threading.local):
    """What the runs of a thread share. workers: those that wait for a job, for making one takes longer than all the rest.

    turns: of the run whose turn it is.
    """

    def __init__(self) -> None:
        self.workers: list[Any] = []
        self.turns: Turns | None = None
        self._pace: Pace | None = None

    def pace_of(self, loop: asyncio.AbstractEventLoop) -> Pace:
        """Who hands out the turns on the thread's event loop."""
        if self._pace is None or self._pace.loop is not loop:
            self._pace = Pace(loop)
        return self._pace


_shared = _Shared()


def whose_turn() -> Turns | None:
    """The turns of the run that is at work in this thread; None outside of any."""
    return _shared.turns


def breathe() -> None:
    """Give way if the turn of the run that is at work is over: for a service's function that works long on a flow's behalf."""
    turns = _shared.turns
    if turns is not None and clock() > turns.ends:
        turns.give_way()


def unhurried(values: Iterable[T], portion: int = 200) -> Iterable[T]:
    """The same values; after each portion others may have their turn."""
    return chain.from_iterable(_portions(iter(values), portion))


def _portions(values: Iterator[T], size: int) -> Iterator[list[T]]:
    while portion := list(islice(values, size)):
        yield portion
        breathe()
