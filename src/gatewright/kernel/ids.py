"""Identifiers: UUIDv7 for rows (RFC 9562 §5.7), 32 hex digits for clients."""

import secrets
import time
from typing import Final

from gatewright.kernel.randomness import random_bytes

_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # the two bits 10, then two of a random digit
_TICKS: Final = 4096  # of a millisecond, counted by the twelve bits that follow it (RFC 9562 §6.2, method 3)
_last = 0


def row_id() -> str:
    """A UUIDv7 in its 36-character form: what a process makes later sorts later, within a millisecond, too (RFC 9562 §6.2)."""
    global _last
    _last = max(time.time_ns() * _TICKS // 1_000_000, _last + 1)
    when, random = f"{_last:015x}", random_bytes(8).hex()
    return f"{when[:8]}-{when[8:12]}-7{when[12:]}-{_VARIANT[random[0]]}{random[1:4]}-{random[4:]}"


def client_id() -> str:
    """A new `client_id`: 128 random bits as 32 hex digits."""
    return secrets.token_hex(16)


def request_id() -> str:
    """A request's id, as answers carry it in `X-Request-Id`: 96 random bits as 24 hex digits."""
    return random_bytes(12).hex()
