"""Turns are handed out when others have little to do, to brief runs before long ones, and with rests between those of long ones."""

import asyncio
from collections.abc import Callable

import pytest

from gatewright.flow.pace import BRIEF
from gatewright.flow.pace import TURN
from gatewright.flow.pace import Pace

LONG = 10 * BRIEF


class Timer:
    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at, self.call, self.cancelled = at, call, False

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """An event loop of which a test makes each round. Seconds pass, and the thread is busy, as the test says."""

    def __init__(self) -> None:
        self.now = self.worked = 0.0
        self._soon: list[Callable[[], None]] = []
        self._later: list[Timer] = []

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def call_soon(self, call: Callable[[], None]) -> None:
        self._soon.append(call)

    def call_later(self, seconds: float, call: Callable[[], None]) -> "Timer":
        timer = Timer(self.now + seconds, call)
        self._later.append(timer)
        return timer

    def clock(self) -> float:
        return self.now

    def busy(self) -> float:
        return self.worked

    def round(self, seconds: float, *, busy: bool) -> None:
        """What is due, after so much time has passed."""
        self.now += seconds
        self.worked += seconds if busy else 0.0
        waiting = [timer for timer in self._later if not timer.cancelled]
        due = [timer.call for timer in waiting if timer.at <= self.now]
        self._later = [timer for timer in waiting if timer.at > self.now]
        soon, self._soon = [*self._soon, *due], []
        for call in soon:
            call()

    def until(self, future: "asyncio.Future[None]", seconds: float, *, busy: bool) -> float:
        """Rounds of that length until the turn comes; the seconds that it took."""
        began = self.now
        for _ in range(100_000):
            if future.done():
                return self.now - began
            self.round(seconds, busy=busy)
        raise AssertionError("the turn never comes")


@pytest.fixture
def loop(monkeypatch) -> Loop:
    made = Loop()
    monkeypatch.setattr("gatewright.flow.pace.clock", made.clock)
    return made


@pytest.fixture
async def pace(loop) -> Pace:
    return Pace(loop, loop.busy)


async def test_a_brief_runs_turn_comes_as_soon_as_others_have_little_to_do(loop, pace):
    turn = pace.next_turn(BRIEF / 2, TURN)
    loop.round(TURN, busy=True)  # others were at work
    loop.round(TURN, busy=True)
    assert not turn.done()
    loop.round(TURN / 100, busy=True)
    assert turn.done()


async def test_others_who_always_have_work_leave_one_turn_in_eleven(loop, pace):
    turn = pace.next_turn(BRIEF / 2, TURN)
    assert loop.until(turn, TURN, busy=True) == pytest.approx(10 * TURN, abs=2 * TURN)


async def test_a_long_run_leaves_the_loop_idle_for_as_long_as_it_worked(loop, pace):
    turn = pace.next_turn(LONG, 4 * TURN)
    loop.round(4 * TURN, busy=True)
    loop.round(0.0, busy=True)
    assert not turn.done()  # the loop was never idle
    idle = loop.until(turn, TURN / 10, busy=False)
    assert idle >= 4 * TURN * 4  # a turn four times as long as it should be is rested from for four times its length


async def test_a_long_run_has_its_turn_even_when_the_loop_is_never_idle(loop, pace):
    turn = pace.next_turn(LONG, 4 * TURN)
    assert loop.until(turn, TURN / 10, busy=True) <= 11 * 16 * TURN


async def test_a_brief_run_need_not_wait_for_the_rest_of_a_long_one(loop, pace):
    long = pace.next_turn(LONG, 20 * TURN)
    brief = pace.next_turn(BRIEF / 2, TURN)
    assert loop.until(brief, TURN / 100, busy=False) < TURN
    assert not long.done()
    loop.until(long, TURN / 10, busy=False)


async def test_brief_and_long_runs_take_turns(loop, pace):
    brief = [pace.next_turn(BRIEF / 2, TURN) for _ in range(3)]
    long = [pace.next_turn(LONG, 0.0) for _ in range(3)]
    order = []
    for _ in range(200):
        loop.round(TURN / 100, busy=False)
        order += [kind for kind, turns in (("brief", brief), ("long", long)) for turn in turns if turn.done()]
        brief = [turn for turn in brief if not turn.done()]
        long = [turn for turn in long if not turn.done()]
    assert order == ["brief", "long"] * 3


async def test_a_cancelled_run_does_not_keep_the_next_one_waiting(loop, pace):
    gone, turn = pace.next_turn(BRIEF / 2, TURN), pace.next_turn(BRIEF / 2, TURN)
    gone.cancel()
    loop.round(TURN / 100, busy=False)
    assert turn.done()


async def test_nothing_goes_round_when_nobody_waits(loop, pace):
    turn = pace.next_turn(BRIEF / 2, TURN)
    loop.until(turn, TURN / 100, busy=False)
    for _ in range(5):
        loop.round(TURN / 100, busy=False)
    assert loop._soon == []
