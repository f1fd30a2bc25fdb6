"""Durations: ISO 8601 texts and the standard's mapping of days to milliseconds."""

import math
import re
from collections.abc import Mapping
from typing import Any

_ISO = re.compile(
    r"P(?=.)(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?"
    r"(?:T(?=.)(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?\Z"
)
UNITS: Mapping[str, float] = {
    "weeks": 604_800.0,
    "days": 86_400.0,
    "hours": 3_600.0,
    "minutes": 60.0,
    "seconds": 1.0,
    "milliseconds": 0.001,
}
_LONGEST = 31_622_400.0  # a year: what waits longer is a mistake


def parse_duration(value: Any) -> float:
    """Seconds of `PT1M30S` or `{minutes: 1, seconds: 30}`. Raises ValueError with a sentence.

    Years and months, whose length varies, are not durations here.
    """
    if isinstance(value, str):
        match = _ISO.match(value.strip())
        if match is None:
            raise ValueError(f"{value!r} is not an ISO 8601 duration")
        parts = {unit: float(number.replace(",", ".")) for unit, number in match.groupdict().items() if number}
    elif isinstance(value, dict) and value and value.keys() <= UNITS.keys():
        parts = value
    else:
        raise ValueError("a duration is an ISO 8601 text or a mapping with days, hours, minutes, seconds, milliseconds")
    return _sum(parts)


def _sum(parts: dict[str, Any]) -> float:
    total = 0.0
    for unit, number in parts.items():
        if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= _LONGEST * 1000:
            raise ValueError(f"the {unit} of a duration are a number from 0 up")
        total += UNITS[unit] * number
    if not math.isfinite(total) or total > _LONGEST:
        raise ValueError("a duration lasts at most a year")
    return total
