"""Passwords and chosen client secrets: argon2id (RFC 9106), with bounded concurrency.

A verification takes tens of milliseconds and tens of megabytes by design; a small pool of threads keeps a burst
of logins from starving everything else.
"""

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from argon2.exceptions import InvalidHashError

_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # OWASP's first choice for argon2id
_NOBODY: Final = "$argon2id$v=19$m=19456,t=2,p=1$GZRPJql2KIJ1JRIrkyG+JA$jEoIKM/UKGDqcERDyuHwpXkQz3vPczHf6o7FZ61TikY"
"""The hash of a password that nobody knows."""
_NICENESS: Final = 10


def _make_way() -> None:
    """Let this thread wait for those that answer requests: whoever signs in does not notice, all others would."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


def _new_pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2", initializer=_make_way)


_pool = _new_pool()

MINIMUM_LENGTH: Final = 8
"""The fewest characters a chosen password may have (NIST SP 800-63B §5.1.1.1)."""


def _renew_pool() -> None:
    global _pool
    _pool = _new_pool()


os.register_at_fork(after_in_child=_renew_pool)  # a forked worker inherits the pool without its threads


def hash_password_now(password: str) -> str:
    """The argon2id hash of `password` in PHC string format; blocks for tens of milliseconds."""
    return _HASHER.hash(password)


async def hash_password(password: str) -> str:
    """The argon2id hash of `password` in PHC string format."""
    return await asyncio.get_running_loop().run_in_executor(_pool, _HASHER.hash, password)


async def verify_password(password: str, hashed: str | None) -> bool:
    """Whether `password` is the one `hashed` came from. With None it takes as long and is False."""
    matches = await asyncio.get_running_loop().run_in_executor(_pool, _matches, password, hashed or _NOBODY)
    return matches and hashed is not None


def _matches(password: str, hashed: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (Argon2Error, InvalidHashError):
        return False
