"""Limits of rate: token buckets, one for each client and limit, in this process.

Each worker counts for itself: with several a client may reach as many times the limit. What must hold over all of them
is a quota (`services/quotas.py`).
"""

import math
from collections.abc import Callable
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.kernel.memory import Memory
from gatewright.services.errors import ServiceError
from gatewright.services.face import Rate

Headers = list[tuple[bytes, bytes]]

_MOST_BUCKETS: Final = 50_000


class Left(msgspec.Struct, frozen=True):
    """What a limit leaves: requests at once, seconds until it is whole again, and seconds to wait when there is none."""

    name: str
    rate: Rate
    requests: int
    reset: int
    wait: int = 0


class TooMany(ServiceError):
    """A client sends more than it may; HTTP 429 (RFC 6585 §4)."""

    def __init__(self, title: str, detail: str, wait: int, headers: Headers) -> None:
        super().__init__(429, title, detail, extensions={"retry_after": wait})
        self.headers = headers


class Rates:
    """The buckets. clock: seconds, from anywhere."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._buckets: Memory[tuple[str, ...], tuple[float, float]] = Memory(_MOST_BUCKETS)

    def take(self, name: str, key: tuple[str, ...], rate: Rate) -> Left:
        """Count one request. name: of the limit, as callers are told; key: whose bucket it is. Raises TooMany."""
        most, now = float(rate.burst or rate.requests), self._clock()
        tokens, at = self._buckets.get(key, (most, now))
        tokens = min(most, tokens + (now - at) * rate.requests / rate.seconds)
        if tokens < 1:
            self._buckets.put(key, (tokens, now))
            left = Left(name, rate, 0, self._until(rate, most - tokens), self._until(rate, 1 - tokens))
            words = f"{rate.requests} requests in {rate.seconds:g} s are allowed; wait {left.wait} s"
            raise TooMany("Too many requests", words, left.wait, headers([left]))
        self._buckets.put(key, (tokens - 1, now))
        return Left(name, rate, math.floor(tokens - 1), self._until(rate, most - tokens + 1))

    def _until(self, rate: Rate, tokens: float) -> int:
        return max(1, math.ceil(tokens * rate.seconds / rate.requests))


def headers(limits: Sequence[Left]) -> Headers:
    """What is left, as draft-ietf-httpapi-ratelimit-headers writes it."""
    policies = ", ".join(f'"{each.name}";q={each.rate.requests};w={math.ceil(each.rate.seconds)}' for each in limits)
    left = ", ".join(f'"{each.name}";r={each.requests};t={each.reset}' for each in limits)
    return [(b"ratelimit-policy", policies.encode()), (b"ratelimit", left.encode())]
