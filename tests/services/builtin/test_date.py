from datetime import UTC
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.builtin import date


async def test_now_is_the_runtimes_clock(pub, runtime) -> None:
    runtime.clock = lambda: 1_767_225_600.25
    assert await pub("date:now") == "2026-01-01T00:00:00.250Z"
    assert await pub("date:now", zone="Asia/Tokyo") == "2026-01-01T09:00:00.250+09:00"


@pytest.mark.parametrize(
    ("name", "arguments", "output"),
    [
        ("parse", {"text": "2026-11-25"}, "2026-11-25T00:00:00Z"),
        ("parse", {"text": "2026-11-25T10:00:00+01:00"}, "2026-11-25T10:00:00+01:00"),
        ("parse", {"text": "25.11.2026 10:30", "pattern": "%d.%m.%Y %H:%M", "zone": "Europe/Vienna"},
         "2026-11-25T10:30:00+01:00"),
        ("format", {"date": "2026-11-25T23:30:00Z", "pattern": "%d.%m.%Y %H:%M", "zone": "Europe/Vienna"}, "26.11.2026 00:30"),
        ("in_zone", {"date": "2026-07-01T12:00:00Z", "zone": "America/New_York"}, "2026-07-01T08:00:00-04:00"),
        ("add", {"date": "2026-01-31T00:00:00Z", "months": 1}, "2026-02-28T00:00:00Z"),
        ("add", {"date": "2024-02-29T00:00:00Z", "years": 1}, "2025-02-28T00:00:00Z"),
        ("add", {"date": "2026-01-15T00:00:00Z", "months": -13, "weeks": 1}, "2024-12-22T00:00:00Z"),
        ("add", {"date": "2026-03-28T12:00:00+01:00", "days": 1, "zone": "Europe/Vienna"}, "2026-03-29T12:00:00+02:00"),
        ("add", {"date": "2026-03-28T12:00:00+01:00", "hours": 24, "zone": "Europe/Vienna"}, "2026-03-29T13:00:00+02:00"),
        ("add", {"date": "2026-01-01T00:00:00Z", "seconds": 0.5}, "2026-01-01T00:00:00.500Z"),
        ("difference", {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T12:00:00Z", "unit": "days"}, 1.5),
        ("difference", {"start": "2026-01-01T01:00:00+01:00", "end": "2026-01-01T00:00:00Z"}, 0),
        ("epoch", {"date": "2026-01-01T00:00:00Z"}, 1_767_225_600),
        ("from_epoch", {"seconds": 1_767_225_600}, "2026-01-01T00:00:00Z"),
    ],
)  # fmt: skip
async def test_dates_are_worked_on(pub, name, arguments, output) -> None:
    assert await pub(f"date:{name}", **arguments) == output


async def test_the_parts_of_a_date(pub) -> None:
    assert await pub("date:parts", date="2027-01-01T00:30:00Z", zone="Europe/Vienna") == {
        "year": 2027, "month": 1, "day": 1, "hour": 1, "minute": 30, "second": 0, "weekday": 5, "day_of_year": 1, "week": 53}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("parse", {"text": "tomorrow"}),
        ("parse", {"text": "2026-02-30"}),
        ("parse", {"text": "1", "pattern": "%Q"}),
        ("parse", {"text": "x" * 1000}),
        ("parse", {"text": "2026-11-25", "zone": "Mars/Olympus"}),
        ("parse", {"text": "2026-11-25", "zone": "../../etc/passwd"}),
        ("parse", {"text": "2026-11-25", "zone": ""}),
        ("add", {"date": "9999-12-31T00:00:00Z", "days": 1}),
        ("add", {"date": "2026-01-01T00:00:00Z", "years": 10**12}),
        ("add", {"date": "2026-01-01T00:00:00Z", "hours": 1e300}),
        ("from_epoch", {"seconds": 1e18}),
        ("format", {"date": "2026-01-01T00:00:00Z", "pattern": "%d" * 200}),
        ("in_zone", {"date": "0001-01-01T00:00:00Z", "zone": "America/New_York"}),
        ("difference", {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T12:00:00Z", "unit": "months"}),
    ],
)
async def test_what_is_no_date_is_refused(refused, name, arguments) -> None:
    await refused(f"date:{name}", **arguments)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)), st.integers(-10_000, 10_000))
def test_days_that_are_added_are_the_difference(moment, days) -> None:
    start = moment.replace(microsecond=0).isoformat()
    assert date.difference(start, date.add(start, days=days), "days") == days
