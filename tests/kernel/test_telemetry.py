"""Counting: what is gathered, and the percentiles that are read from it."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.kernel.telemetry import OTHERS
from gatewright.kernel.telemetry import Activity
from gatewright.kernel.telemetry import Tally
from gatewright.kernel.telemetry import tally_of


def tally(activity: Activity) -> Tally:
    return tally_of((cell.outcome, cell.bucket, cell.count, cell.seconds) for cell in activity.take())


def test_calls_are_counted_with_their_outcomes_and_times() -> None:
    activity = Activity()
    for seconds in (0.010, 0.020):
        activity.add("service", "orders:get", "", seconds)
    activity.add("service", "orders:get", "404", 0.001)
    found = tally(activity)
    assert (found.count, found.failed, found.errors) == (3, 1, {"404": 1})
    assert found.mean == pytest.approx(0.031 / 3)


def test_counting_begins_anew_once_taken() -> None:
    activity = Activity()
    activity.add("grant", "password")
    assert [(cell.name, cell.count) for cell in activity.take()] == [("password", 1)]
    assert activity.take() == []


def test_what_could_not_be_handed_over_is_counted_with_what_came_meanwhile() -> None:
    activity = Activity()
    activity.add("grant", "password")
    taken = activity.take()
    activity.add("grant", "password")
    activity.put_back(taken)
    assert [(cell.name, cell.count) for cell in activity.take()] == [("password", 2)]


def test_names_beyond_the_bound_are_counted_together() -> None:
    activity = Activity(most=2)
    for name in ("a", "b", "c", "d", "a"):
        activity.add("refusal", name)
    assert [(cell.name, cell.count) for cell in activity.take()] == [("a", 2), ("b", 1), (OTHERS, 2)]


@given(st.lists(st.floats(min_value=2e-6, max_value=100), min_size=1, max_size=50), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_percentile_is_within_a_bucket_of_the_true_one(times: list[float], share: float) -> None:
    activity = Activity()
    for seconds in times:
        activity.add("service", "s", "", seconds)
    found = tally(activity).percentile(share)
    true = sorted(times)[max(0, -(-int(share * 100) * len(times) // 100) - 1)]
    assert true / 1.42 <= found <= true * 1.42


def test_the_median_of_many_times_is_right_within_a_fifth() -> None:
    activity, times = Activity(), [random.Random(7).lognormvariate(-4, 1) for _ in range(2_000)]
    for seconds in times:
        activity.add("service", "s", "", seconds)
    assert tally(activity).percentile(0.5) == pytest.approx(sorted(times)[1_000], rel=0.2)


def test_nothing_counted_has_percentiles_and_a_mean_of_zero() -> None:
    assert (Tally().percentile(0.99), Tally().mean) == (0.0, 0.0)
