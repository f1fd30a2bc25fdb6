"""Identifiers: UUIDv7 for rows (RFC 9562 §5.7), 32 hex digits for clients."""

import os
import secrets
import time


def row_id() -> str:
    """A UUIDv7 in its 36-character form: ids made later sort later (RFC 9562 §5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = milliseconds << 80 | 0x7 << 76 | (random >> 68) << 64 | 0b10 << 62 | random & ((1 << 62) - 1)
    digits = f"{value:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def client_id() -> str:
    """A new `client_id`: 128 random bits as 32 hex digits."""
    return secrets.token_hex(16)


def request_id() -> str:
    """A request's id, as answers carry it in `X-Request-Id`: 96 random bits as 24 hex digits."""
    return os.urandom(12).hex()
