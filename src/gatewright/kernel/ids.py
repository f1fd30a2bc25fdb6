"""Identifiers: UUIDv7 for rows (RFC 9562 §5.7), 32 hex digits for clients."""

import secrets
import time
from typing import Final

from gatewright.kernel.randomness import random_bytes

_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # the two bits 10, then two of a random digit


def row_id() -> str:
    """A UUIDv7 in its 36-character form: ids made later sort later (RFC 9562 §5.7)."""
    when = f"{time.time_ns() // 1_000_000:012x}"
    random = random_bytes(10).hex()
    return f"{when[:8]}-{when[8:]}-7{random[:3]}-{_VARIANT[random[3]]}{random[4:7]}-{random[7:19]}"


def client_id() -> str:
    """A new `client_id`: 128 random bits as 32 hex digits."""
    return secrets.token_hex(16)


def request_id() -> str:
    """A request's id, as answers carry it in `X-Request-Id`: 96 random bits as 24 hex digits."""
    return random_bytes(12).hex()
