"""Time, injected: nothing else in Gatewright asks the system what time it is."""

import time
from collections.abc import Callable
from datetime import UTC
from datetime import datetime

Clock = Callable[[], int]
"""Gives the present time in whole seconds since the epoch."""


def system_clock() -> int:
    """The system's time, in seconds since the epoch."""
    return int(time.time())


def iso(seconds: int) -> str:
    """`seconds` since the epoch as ISO 8601 in UTC, `2026-01-31T08:15:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
