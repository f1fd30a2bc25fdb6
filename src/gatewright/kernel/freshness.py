"""How long a fetched document may be used without asking again (RFC 9111 §4.2), within bounds of our own."""

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import msgspec

LEAST: Final = 60
"""Seconds. Nobody who sends `no-store` or `max-age=0` makes us ask at each request."""
MOST: Final = 86_400
"""Seconds. A key or a registration that was withdrawn ends within a day, whatever its headers said."""
_UNTOLD: Final = 300
_BEYOND: Final = 600


class Freshness(msgspec.Struct, frozen=True):
    """Seconds from now. fresh: used without asking. usable: used when asking fails (RFC 9111 §4.2.4)."""

    fresh: int
    usable: int


def freshness(headers: Mapping[str, str], now: int) -> Freshness:
    """What an answer's header fields (lower-case names) say; `now` in seconds since the epoch."""
    directives = _directives(headers.get("cache-control", ""))
    fresh = min(max(_lifetime(headers, directives, now), LEAST), MOST)
    strict = not directives.keys().isdisjoint(("no-store", "no-cache", "must-revalidate"))
    return Freshness(fresh, fresh if strict else fresh + _BEYOND)


def _lifetime(headers: Mapping[str, str], directives: Mapping[str, str], now: int) -> int:
    if "no-store" in directives or "no-cache" in directives:
        return 0
    if "max-age" in directives:  # §5.3: it wins over Expires
        return _seconds(directives["max-age"]) - _seconds(headers.get("age", "0"))
    if "expires" in headers:
        return _instant(headers["expires"], 0) - _instant(headers.get("date", ""), now)
    return _UNTOLD


def _directives(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        found.setdefault(name.strip().lower(), value.strip().strip('"'))
    return found


def _seconds(text: str) -> int:
    """RFC 9111 §1.2.2: what overflows counts as much, what cannot be read as stale."""
    text = text.strip()
    return min(int(text[:10]), 2**31) if text.isascii() and text.isdigit() else 0


def _instant(text: str, otherwise: int) -> int:
    try:
        return int(parsedate_to_datetime(text).timestamp())
    except (ValueError, TypeError, OverflowError):
        return otherwise
