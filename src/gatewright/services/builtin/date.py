"""Dates and times: ISO 8601 texts with an offset, in time zones of the IANA database."""

from calendar import monthrange
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any
from typing import Literal
from zoneinfo import ZoneInfo

from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import refusal
from gatewright.services.call import Call

Unit = Literal["days", "hours", "minutes", "seconds", "milliseconds"]
_SECONDS = {"days": 86_400.0, "hours": 3_600.0, "minutes": 60.0, "seconds": 1.0, "milliseconds": 0.001}


@service(inline=True)
def now(call: Call, zone: str = "UTC") -> str:
    """The present time."""
    return _written(datetime.fromtimestamp(call.runtime.clock(), _zone(zone)))


@service(inline=True)
def parse(text: str, pattern: str = "", zone: str = "UTC") -> str:
    """The time that a text says, as ISO 8601.

    pattern: how it is written, as Python's strptime has it (`%d.%m.%Y %H:%M`); empty: ISO 8601. zone: of texts that name
    no offset.
    """
    return _written(_read(text, pattern, zone))


@service(inline=True)
def format(date: str, pattern: str, zone: str = "") -> str:  # noqa: A001  the service's name
    """A time as strftime writes it by a pattern (`%d.%m.%Y`); zone: the one it is told in, empty: its own."""
    moment = _moved(_read(date), zone)
    if len(pattern) > 200:
        raise refusal("a pattern has at most 200 characters")
    try:
        return moment.strftime(pattern)
    except (ValueError, UnicodeEncodeError) as error:
        raise refusal(f"the pattern cannot be used: {error}") from None


@service(inline=True)
def in_zone(date: str, zone: str) -> str:
    """The same moment as the clocks of another zone show it."""
    return _written(_moved(_read(date), zone))


@service(inline=True)
def add(
    date: str,
    years: int = 0,
    months: int = 0,
    weeks: int = 0,
    days: int = 0,
    hours: float = 0,
    minutes: float = 0,
    seconds: float = 0,
    zone: str = "",
) -> str:
    """A time later (or earlier, by negative numbers).

    Years to days move the calendar in the zone given, so that the hour stays the same across a change of clocks; a day
    that the month does not have becomes its last. Hours to seconds are time that passes.
    """
    moment = _moved(_read(date), zone)
    try:
        month = moment.year * 12 + moment.month - 1 + years * 12 + months
        year, month = month // 12, month % 12 + 1
        moment = moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))
        moment += timedelta(days=weeks * 7 + days)
        passed = timedelta(hours=hours, minutes=minutes, seconds=seconds)
        return _written((moment.astimezone(UTC) + passed).astimezone(moment.tzinfo))
    except (ValueError, OverflowError, IndexError):
        raise refusal("the result is not between the years 1 and 9999") from None


@service(inline=True)
def difference(start: str, end: str, unit: Unit = "seconds") -> float:
    """How much time passes from `start` to `end`; negative when `end` is before it."""
    return (_read(end) - _read(start)).total_seconds() / _SECONDS[unit]


@service(inline=True)
def epoch(date: str) -> float:
    """Seconds since 1970-01-01T00:00:00Z."""
    return _read(date).timestamp()


@service(inline=True)
def from_epoch(seconds: float, zone: str = "UTC") -> str:
    """The time so many seconds after 1970-01-01T00:00:00Z."""
    try:
        return _written(datetime.fromtimestamp(seconds, _zone(zone)))
    except (ValueError, OverflowError, OSError):
        raise refusal("the result is not between the years 1 and 9999") from None


@service(inline=True)
def parts(date: str, zone: str = "") -> dict[str, Any]:
    """Year, month, day, hour, minute, second, and the weekday from 1, Monday, to 7; the day of the year and the ISO week."""
    moment = _moved(_read(date), zone)
    return {
        "year": moment.year,
        "month": moment.month,
        "day": moment.day,
        "hour": moment.hour,
        "minute": moment.minute,
        "second": moment.second,
        "weekday": moment.isoweekday(),
        "day_of_year": moment.timetuple().tm_yday,
        "week": moment.isocalendar().week,
    }


def _read(text: str, pattern: str = "", zone: str = "UTC") -> datetime:
    if len(text) > 200 or len(pattern) > 200:
        raise refusal("a date and its pattern have at most 200 characters")
    try:
        moment = datetime.strptime(text, pattern) if pattern else datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=_zone(zone)) if moment.tzinfo is None else moment
    except (ValueError, OverflowError) as error:
        how = f"by the pattern {pattern!r}" if pattern else "as ISO 8601"
        raise refusal(f"{text!r} cannot be read {how}: {error}") from None


def _moved(moment: datetime, zone: str) -> datetime:
    """The same moment in a zone; the empty one leaves it as it is."""
    if not zone:
        return moment
    try:
        return moment.astimezone(_zone(zone))
    except (ValueError, OverflowError):
        raise refusal("the result is not between the years 1 and 9999") from None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: there is none of that name
        raise refusal(f"there is no time zone {name[:60]!r}; write one such as Europe/Vienna") from None


def _written(moment: datetime) -> str:
    try:
        text = moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")
        moment.utctimetuple()
    except (ValueError, OverflowError):
        raise refusal("the result is not between the years 1 and 9999") from None
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text
