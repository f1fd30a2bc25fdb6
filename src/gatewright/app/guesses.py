"""Wrong secrets and passwords that people rehearse. Nothing is counted for a rehearsal, so each person may guess a few."""

from typing import Final

from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.memory import Memory

MOST: Final = 20
SECONDS: Final = 600
_MOST_PEOPLE: Final = 1000


class TooManyGuesses(GatewrightError):
    """Somebody guesses; `str()` says for how long to wait."""


class Guesses:
    """Those of one process, which each worker has for itself."""

    def __init__(self) -> None:
        self._of: Memory[str, tuple[int, int]] = Memory(_MOST_PEOPLE)

    def take(self, user_id: str, now: int) -> None:
        """Count one before it is looked at, for many could be sent at once. Raises TooManyGuesses."""
        until, count = self._kept(user_id, now)
        if count >= MOST:
            raise TooManyGuesses(f"{count} wrong secrets or passwords were rehearsed; go on in {until - now} seconds.")
        self._of.put(user_id, (until, count + 1))

    def give_back(self, user_id: str, now: int) -> None:
        """It was none."""
        until, count = self._kept(user_id, now)
        self._of.put(user_id, (until, max(0, count - 1)))

    def _kept(self, user_id: str, now: int) -> tuple[int, int]:
        until, count = self._of.get(user_id, (0, 0))
        return (until, count) if until > now else (now + SECONDS, 0)
