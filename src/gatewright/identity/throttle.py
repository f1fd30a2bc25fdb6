"""Failed passwords and client secrets, counted per user, client and address (RFC 6749 §2.3.1, RFC 6819 §4.4.3.6).

What is counted, per `throttle_window` seconds:
- the pair of a name and an address, up to `throttle_failures`: one guesser at one name;
- the address, up to 10 times that: one guesser at many names, with room for the many people behind one proxy;
- the name, up to 100 times that: guessers at many addresses. It is this high because whoever reaches it locks the
  rightful user out, too. For a second factor, 3 times: nobody gets there without the password.

A success is never counted, so whoever only succeeds is never slowed. While a name is blocked, a password is refused
before it is looked at: answering the right one would let the guessing go on. The same holds for a client secret that
somebody chose. A client secret that we made (256 random bits) cannot be guessed, so its caller verifies it first and
asks here only about wrong ones: nobody can shut such a client out.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from typing import Literal
from weakref import WeakValueDictionary

import msgspec

from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import failures
from gatewright.store.database import Database
from gatewright.store.database import Transaction

_ADDRESS_FACTOR: Final = 10
_NAME_FACTOR: Final = 100
_SECOND_FACTOR: Final = 3
_AT_ONCE: Final = 2


class TooManyFailures(GatewrightError):
    """Too many failed attempts; HTTP 429. `retry_after`: seconds until the next attempt is looked at."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many failed attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to prove who one is, or to name a device's request: `address` is the peer's.

    name: a user's name, a `client_id`, or the id of the user whose second factor it is, or who types the code that a
    device shows.
    """

    kind: Literal["user", "client", "user_code", "second_factor"]
    name: str
    address: str

    def _counted(self) -> tuple[tuple[str, int], ...]:
        """The keys that count this attempt's failure, each with its multiple of `throttle_failures`."""
        return (
            (_key(self.kind, self.name, self.address), 1),
            (_key("address", self.address), _ADDRESS_FACTOR),
            (_key(self.kind, self.name), _SECOND_FACTOR if self.kind == "second_factor" else _NAME_FACTOR),
        )


async def refuse_if_blocked(database: Database, settings: GlobalSettings, attempt: Attempt, now: int) -> None:
    """Raise TooManyFailures when the name, the address or the pair of them has failed too often of late."""
    until = await database.read(_blocked_until, attempt, settings.throttle_failures, now)
    if until > now:
        raise TooManyFailures(until - now)


async def count_failure(database: Database, settings: GlobalSettings, attempt: Attempt, now: int) -> None:
    """Count one failure; on disk when this returns."""
    keys = [key for key, _ in attempt._counted()]
    await database.write(failures.count, keys, settings.throttle_window, now)


_running: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()


@asynccontextmanager
async def in_turn(attempt: Attempt) -> AsyncIterator[None]:
    """Let a few attempts of one name and address in at once.

    Guesses sent all at the same time would otherwise all pass `refuse_if_blocked` before the first of them counts.
    """
    key = _key(attempt.kind, attempt.name, attempt.address)
    semaphore = _running.get(key) or _running.setdefault(key, asyncio.Semaphore(_AT_ONCE))
    async with semaphore:
        yield


def _blocked_until(transaction: Transaction, attempt: Attempt, most: int, now: int) -> int:
    return max(failures.blocked_until(transaction, [key], most * factor, now) for key, factor in attempt._counted())


def _key(*parts: str) -> str:
    """A digest: people type passwords into the field for names, and names of any length."""
    return parts[0] + ":" + hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()
