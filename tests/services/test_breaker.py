import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.breaker import Breaker


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def fail(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        assert breaker.refuses() is None
        breaker.failed()


def test_failures_in_a_row_open_it_for_its_time(clock: Clock) -> None:
    breaker = Breaker(3, 10, clock)
    fail(breaker, 3)
    assert (breaker.state, breaker.refuses()) == ("open", 10)
    clock.now = 9
    assert breaker.refuses() == 1


def test_success_in_between_starts_the_count_anew(clock: Clock) -> None:
    breaker = Breaker(3, 10, clock)
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.state == "closed"


def test_when_its_time_is_over_one_call_tries(clock: Clock) -> None:
    breaker = Breaker(1, 10, clock)
    fail(breaker, 1)
    clock.now = 10
    assert (breaker.state, breaker.refuses()) == ("half open", None)
    assert breaker.refuses() is not None
    breaker.succeeded()
    assert (breaker.state, breaker.refuses()) == ("closed", None)


def test_trial_that_fails_opens_it_again(clock: Clock) -> None:
    breaker = Breaker(5, 10, clock)
    fail(breaker, 5)
    clock.now = 10
    fail(breaker, 1)
    assert breaker.refuses() == 10


def test_trial_whose_caller_went_away_leaves_room_for_another(clock: Clock) -> None:
    breaker = Breaker(1, 10, clock)
    fail(breaker, 1)
    clock.now = 10
    assert breaker.refuses() is None
    breaker.abandoned()
    assert breaker.refuses() is None


def test_without_a_number_of_failures_it_never_opens(clock: Clock) -> None:
    breaker = Breaker(0, 10, clock)
    fail(breaker, 1000)


@given(st.lists(st.sampled_from(["ok", "fail", "gone", "wait"])))
def test_it_never_refuses_for_good(steps: list[str]) -> None:
    clock = Clock()
    breaker = Breaker(2, 10, clock)
    for step in steps:
        if step == "wait":
            clock.now += 4
        elif breaker.refuses() is None:
            {"ok": breaker.succeeded, "fail": breaker.failed, "gone": breaker.abandoned}[step]()
    clock.now += 10
    assert breaker.refuses() is None
