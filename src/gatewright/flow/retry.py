"""Retry policies: whether to try once more, and how long to wait before."""

import random
from collections.abc import Mapping
from typing import Any

from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.run import clock
from gatewright.flow.scope import Scope
from gatewright.flow.scope import Value
from gatewright.flow.scope import is_true

_MOST_DOUBLINGS = 32


class Retry:
    """A compiled policy. `attempt_seconds`: how long one attempt may take, None for no bound of its own."""

    def __init__(self, policy: Mapping[str, Any], at: str, scope: Scope) -> None:
        limit = policy.get("limit") or {}
        attempt = limit.get("attempt") or {}
        jitter = policy.get("jitter") or {}
        self._when = scope.expression(policy["when"], join(at, "when")) if "when" in policy else None
        self._unless = (
            scope.expression(policy["exceptWhen"], join(at, "exceptWhen")) if "exceptWhen" in policy else None
        )
        self._delay = _duration(policy, "delay", at, scope)
        self._backoff = next(iter(policy.get("backoff") or {}), "constant")
        self._jitter_from = _duration(jitter, "from", join(at, "jitter"), scope)
        self._jitter_to = _duration(jitter, "to", join(at, "jitter"), scope)
        self._count: int | None = attempt.get("count")
        self._total = _duration(limit, "duration", join(at, "limit"), scope)
        self.attempt_seconds = _duration(attempt, "duration", join(at, "limit", "attempt"), scope)

    def pause(self, done: int, began: float, frame: Frame, data: Any, variables: Mapping[str, Any]) -> float | None:
        """Seconds to wait before the next attempt, None to give up.

        `done`: retries made so far; `began`: when the first attempt did, by the run's clock.
        """
        budget = frame.run.budget
        if self._count is not None and done >= self._count:
            return None
        if self._when is not None and not is_true(self._when.of(data, variables, budget)):
            return None
        if self._unless is not None and is_true(self._unless.of(data, variables, budget)):
            return None
        seconds = self._wait(done, frame, data, variables)
        if self._total is not None and clock() + seconds - began > self._total.of(data, variables, budget):
            return None
        return seconds

    def _wait(self, done: int, frame: Frame, data: Any, variables: Mapping[str, Any]) -> float:
        budget = frame.run.budget
        seconds: float = self._delay.of(data, variables, budget) if self._delay is not None else 0.0
        if self._backoff == "linear":
            seconds *= done + 1
        elif self._backoff == "exponential":
            seconds *= 2 ** min(done, _MOST_DOUBLINGS)
        if self._jitter_from is not None and self._jitter_to is not None:
            low = self._jitter_from.of(data, variables, budget)
            seconds += random.uniform(low, max(low, self._jitter_to.of(data, variables, budget)))  # noqa: S311
        return seconds


def _duration(part: Mapping[str, Any], key: str, at: str, scope: Scope) -> Value | None:
    return scope.duration(part[key], join(at, key)) if key in part else None
