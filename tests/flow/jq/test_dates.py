"""Times: seconds since the epoch, broken-down times, text."""

from typing import Any

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import compile_expression


def value(text: str, data: Any = None, budget: Budget | None = None) -> object:
    return compile_expression(text).first(data, {}, budget or Budget())


def test_now_is_what_the_run_says_it_is() -> None:
    assert value("now | todate", budget=Budget(now=lambda: 951_782_400.9)) == "2000-02-29T00:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (-1, "1969-12-31T23:59:59Z"),
        (951_782_399, "2000-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
        (253_402_300_799, "9999-12-31T23:59:59Z"),
    ],
)
def test_seconds_and_iso_8601_are_told_from_each_other(seconds: int, text: str) -> None:
    assert value("todate", seconds) == text
    assert value("fromdate", text) == seconds


def test_a_broken_down_time_counts_months_and_days_of_the_year_from_0_and_weekdays_from_sunday() -> None:
    assert value("gmtime", 951_782_400.25) == [2000, 1, 29, 0, 0, 0.25, 2, 59]


def test_a_month_past_december_runs_into_the_next_year() -> None:
    assert value("[2023, 12, 1, 0, 0, 0] | mktime | todate") == "2024-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2021-01-03", "2020-W53-7"),
        ("2021-01-04", "2021-W01-1"),
        ("2024-12-30", "2025-W01-1"),
        ("2026-12-31", "2026-W53-4"),
    ],
)
def test_iso_weeks_belong_to_the_year_of_their_thursday(day: str, week: str) -> None:
    assert value('strptime("%Y-%m-%d") | strftime("%G-W%V-%u")', day) == week


def test_text_that_does_not_match_its_format_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="does not match"):
        value('strptime("%Y")', "soon")


@pytest.mark.parametrize("data", [1e300, float("nan"), "x", None, True])
def test_what_is_no_time_is_an_error(data: object) -> None:
    with pytest.raises(ExpressionError):
        value("gmtime", data)
