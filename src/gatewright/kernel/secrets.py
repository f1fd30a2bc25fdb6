"""Secrets that we make: a prefix, random base62 digits worth 262 bits, a checksum; kept only as SHA-256 digests.

The prefix and the checksum let scanners of source code find leaked ones without asking us, and let us refuse
a mistyped one without asking the database.
"""

import hashlib
import os
import zlib
from typing import Final

ACCESS_TOKEN: Final = "gw_at_"
REFRESH_TOKEN: Final = "gw_rt_"
AUTHORIZATION_CODE: Final = "gw_ac_"
CLIENT_SECRET: Final = "gw_cs_"
SESSION: Final = "gw_se_"
PUSHED_REQUEST: Final = "gw_pr_"
DEVICE_CODE: Final = "gw_dc_"
BROWSER: Final = "gw_br_"

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH: Final = 44  # 62**43 > 2**256
_CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32

# A random byte becomes a digit, each digit from four byte values; the eight bytes left over would favour some digits.
_DIGIT_OF_BYTE: Final = bytes(ord(_DIGITS[byte % 62]) for byte in range(256))
_LEFT_OVER: Final = bytes(range(248, 256))


def _random_digits(length: int) -> str:
    digits = b""
    while len(digits) < length:
        digits += os.urandom(length + 12).translate(_DIGIT_OF_BYTE, _LEFT_OVER)
    return digits[:length].decode("ascii")


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode("ascii"))
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def make_secret(prefix: str) -> str:
    """A new secret: `prefix`, 44 random base62 digits (262 bits), 6 base62 digits of CRC-32 over all before."""
    body = prefix + _random_digits(_RANDOM_LENGTH)
    return body + _checksum(body)


def is_well_formed(secret: str, prefix: str) -> bool:
    """Whether `secret` has the shape of one that `make_secret(prefix)` gives, checksum included."""
    if len(secret) != len(prefix) + _RANDOM_LENGTH + _CHECKSUM_LENGTH:
        return False
    if not secret.startswith(prefix) or not secret.isascii():
        return False
    body, checksum = secret[:-_CHECKSUM_LENGTH], secret[-_CHECKSUM_LENGTH:]
    return _checksum(body) == checksum


def digest(secret: str) -> bytes:
    """The 32-byte SHA-256 digest under which a made secret is kept; safe without salt for so many random bits."""
    return hashlib.sha256(secret.encode()).digest()
