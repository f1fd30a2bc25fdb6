"""Native functions on times: seconds since the epoch, and broken-down UTC times as arrays

`[year, month from 0, day, hours, minutes, seconds, day of the week from Sunday, day of the year from 0]`. No time zone but
UTC, no locale but C.
"""

import math
import re
import time
from typing import Any

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.native import Native
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import plain

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_CODE = re.compile(r"%(.?)", re.DOTALL)
_COMPOSED = {"T": "%H:%M:%S", "D": "%m/%d/%y", "F": "%Y-%m-%d", "R": "%H:%M", "e": "%d", "c": "%a %b %d %H:%M:%S %Y"}
_COMPOSED |= {"x": "%m/%d/%y", "X": "%H:%M:%S", "h": "%b", "n": " ", "t": " "}
_MAX_SECONDS = 1e14
_MAX_TEXT = 500
Broken = list[Any]


def _civil(days: int) -> tuple[int, int, int]:
    """Year, month (from 1) and day of a day counted from 1970-01-01, in the proleptic Gregorian calendar.

    Counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
    """
    era, day = divmod(days + 719_468, 146_097)
    year = (day - day // 1_460 + day // 36_524 - day // 146_096) // 365
    day -= 365 * year + year // 4 - year // 100
    month = (5 * day + 2) // 153
    day -= (153 * month + 2) // 5
    return era * 400 + year + (month >= 10), month + 3 if month < 10 else month - 9, day + 1


def _day_number(year: int, month: int, day: int) -> int:
    """The day counted from 1970-01-01; the inverse of `_civil`, and a month past 12 runs into the next year."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468


def _gmtime(_: Budget, value: Any) -> Broken:
    if not is_number(value) or not abs(value) < _MAX_SECONDS:
        raise Raised(f"{described(value)} is no time in seconds since the epoch")
    whole = math.floor(value)
    days, second = divmod(whole, 86_400)
    year, month, day = _civil(days)
    hour, minute, rest = second // 3_600, second // 60 % 60, second % 60
    seconds = plain(round(rest + (value - whole), 6)) if type(value) is float else rest
    return [year, month - 1, day, hour, minute, seconds, (days + 4) % 7, days - _day_number(year, 1, 1)]


def _broken(value: Any, name: str) -> Broken:
    """A broken-down time of eight numbers, from one that may be shorter."""
    if type(value) is not list:
        raise Raised(f"{name} requires array inputs")
    if not value or not all(is_number(one) and abs(one) < _MAX_SECONDS for one in value):
        raise Raised(f"{name} requires parsed datetime inputs")
    return [*(int(one) for one in value[:8]), *[0, 0, 0, 0, 0, 0, 0, 0][len(value) :]]


def _mktime(_: Budget, value: Any) -> int:
    return _seconds(_broken(value, "mktime"))


def _seconds(at: Broken) -> int:
    year, month, day, hour, minute, second = (int(one) for one in at[:6])
    return _day_number(year, month + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second


def _strftime(budget: Budget, value: Any, form: Any) -> str:
    if is_number(value):
        value = _gmtime(budget, value)
    elif type(value) is not list:
        raise Raised("strftime/1 requires parsed datetime inputs")
    if type(form) is not str:
        raise Raised("strftime/1 requires a string format")
    broken = _broken(value, "strftime/1")
    budget.text(len(form) * 16)
    return _CODE.sub(lambda match: _formatted(broken, match[1]), form)


def _formatted(at: Broken, code: str) -> str:
    year, month, day, hour, minute, second, weekday, yearday = at
    composed = {**_COMPOSED, "c": "%a %b %e %H:%M:%S %Y", "r": "%I:%M:%S %p"}
    if code in composed and code not in "ent":
        return _CODE.sub(lambda match: _formatted(at, match[1]), composed[code])
    codes: dict[str, Any] = {
        "Y": year,
        "C": f"{year // 100:02d}",
        "y": f"{year % 100:02d}",
        "m": f"{month + 1:02d}",
        "d": f"{day:02d}",
        "e": f"{day:2d}",
        "H": f"{hour:02d}",
        "k": f"{hour:2d}",
        "I": f"{(hour - 1) % 12 + 1:02d}",
        "l": f"{(hour - 1) % 12 + 1:2d}",
        "M": f"{minute:02d}",
        "S": f"{second:02d}",
        "j": f"{yearday + 1:03d}",
        "p": "AM" if hour < 12 else "PM",
        "P": "am" if hour < 12 else "pm",
        "u": weekday or 7,
        "w": weekday,
        "a": _DAYS[weekday % 7][:3],
        "A": _DAYS[weekday % 7],
        "b": _MONTHS[month % 12][:3],
        "B": _MONTHS[month % 12],
        "Z": "GMT",
        "z": "+0000",
        "%": "%",
        "n": "\n",
        "t": "\t",
        "U": f"{(yearday + 7 - weekday) // 7:02d}",
        "W": f"{(yearday + 7 - (weekday - 1) % 7) // 7:02d}",
    }
    if code in codes:
        return str(codes[code])
    if code in "GgV":
        return _week(at, code)
    if code == "s":
        return str(_seconds(at))
    raise Raised(f"strftime/1: unknown code %{code}")


def _week(at: Broken, code: str) -> str:
    """ISO 8601 weeks: the one with the year's first Thursday is the first."""
    days = _day_number(at[0], at[1] + 1, at[2])
    thursday = days - (days + 3) % 7 + 3
    year, _, _ = _civil(thursday)
    if code == "V":
        return f"{(thursday - _day_number(year, 1, 1)) // 7 + 1:02d}"
    return str(year) if code == "G" else f"{year % 100:02d}"


def _strptime(_: Budget, value: Any, form: Any) -> Broken:
    if type(value) is not str or type(form) is not str:
        raise Raised("strptime/1 requires string inputs and arguments")
    if len(value) > _MAX_TEXT or len(form) > _MAX_TEXT:
        raise Raised("strptime/1: the text is too long")
    expanded = _CODE.sub(lambda match: _COMPOSED.get(match[1], match[0]), form)
    try:
        parsed = time.strptime(value, expanded)
    except (ValueError, re.error, IndexError):
        raise Raised(f'date "{value}" does not match format "{form}"') from None
    weekday, yearday = (parsed.tm_wday + 1) % 7, parsed.tm_yday - 1
    return [parsed.tm_year, parsed.tm_mon - 1, parsed.tm_mday, *parsed[3:6], weekday, yearday]


def _now(budget: Budget, _: Any) -> float:
    return budget.now()


FUNCTIONS: dict[Name, Native] = {
    ("now", 0): Native(_now),
    ("gmtime", 0): Native(_gmtime),
    ("mktime", 0): Native(_mktime),
    ("strftime", 1): Native(_strftime),
    ("strptime", 1): Native(_strptime),
}
