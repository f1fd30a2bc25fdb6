"""The circuit breaker: an API that keeps failing is left alone for a while, then tried by one call."""

from collections.abc import Callable


class Breaker:
    """Closed while calls succeed; open after failures in a row; half open for one trial when its time is over.

    failures: how many open it; 0: none ever does. seconds: how long it stays open. clock: seconds, from anywhere.
    """

    def __init__(self, failures: int, seconds: float, clock: Callable[[], float]) -> None:
        self._most, self._seconds, self._clock = failures, seconds, clock
        self._failed = 0
        self._open_until: float | None = None
        self._trying = False

    @property
    def state(self) -> str:
        """closed, open or half open."""
        if self._open_until is None:
            return "closed"
        return "open" if self._clock() < self._open_until else "half open"

    def refuses(self) -> float | None:
        """None: the call may go, and must end in `succeeded`, `failed` or `abandoned`. Else the seconds to wait."""
        if self._open_until is None:
            return None
        left = self._open_until - self._clock()
        if left > 0:
            return left
        if self._trying:
            return min(1.0, self._seconds)
        self._trying = True
        return None

    def succeeded(self) -> None:
        """The API answered."""
        self._failed, self._open_until, self._trying = 0, None, False

    def failed(self) -> bool:
        """It did not answer, or told that it cannot work now. Gives whether this opened the breaker."""
        self._failed += 1
        opens = self._most > 0 and (self._trying or (self._open_until is None and self._failed >= self._most))
        if opens:
            self._open_until, self._trying = self._clock() + self._seconds, False
        return opens

    def abandoned(self) -> None:
        """The call ended without telling anything of the API: its caller went away."""
        self._trying = False
