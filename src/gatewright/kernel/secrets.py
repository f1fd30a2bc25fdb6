"""Secrets that we make: a prefix, 256 random bits in base62, a checksum; kept only as SHA-256 digests.

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

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = [a + b for a in _DIGITS for b in _DIGITS]
_RANDOM_LENGTH: Final = 44  # 62**43 > 2**256; one more keeps the count of digits even
_CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32


def _base62(number: int, length: int) -> str:
    pairs = []
    for _ in range(length // 2):
        number, pair = divmod(number, 3844)
        pairs.append(_PAIRS[pair])
    pairs.reverse()
    return "".join(pairs)


def make_secret(prefix: str) -> str:
    """A new secret: `prefix`, 44 base62 digits of 256 random bits, 6 base62 digits of CRC-32 over all before."""
    body = prefix + _base62(int.from_bytes(os.urandom(32)), _RANDOM_LENGTH)
    return body + _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH)


def is_well_formed(secret: str, prefix: str) -> bool:
    """Whether `secret` has the shape of one that `make_secret(prefix)` gives, checksum included."""
    if len(secret) != len(prefix) + _RANDOM_LENGTH + _CHECKSUM_LENGTH:
        return False
    if not secret.startswith(prefix) or not secret.isascii():
        return False
    body, checksum = secret[:-_CHECKSUM_LENGTH], secret[-_CHECKSUM_LENGTH:]
    return _base62(zlib.crc32(body.encode("ascii")), _CHECKSUM_LENGTH) == checksum


def digest(secret: str) -> bytes:
    """The 32-byte SHA-256 digest under which a made secret is kept; safe without salt for 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()
