"""Secrets that we make: a prefix, the time, 256 random bits, a checksum, all in base62; kept only as SHA-256 digests.

The time keeps what is issued together near together in the store's indexes, where random keys would each rewrite a
page of their own.
The prefix and the checksum let scanners of source code find leaked ones without asking us, and let us refuse
a mistyped one without asking the database.

A refresh token that follows another is the first of its family, then 256 random bits of its own and a checksum: each
tells which family it is of, and only who has held one of them knows how they all begin.
"""

import re
import time
import zlib
from functools import lru_cache
from hashlib import sha256
from typing import Final

from gatewright.kernel.randomness import random_bytes

ACCESS_TOKEN: Final = "gw_at_"
REFRESH_TOKEN: Final = "gw_rt_"
AUTHORIZATION_CODE: Final = "gw_ac_"
CLIENT_SECRET: Final = "gw_cs_"
SESSION: Final = "gw_se_"
PENDING_SIGN_IN: Final = "gw_ps_"
INITIAL_ACCESS_TOKEN: Final = "gw_ia_"
REGISTRATION_ACCESS_TOKEN: Final = "gw_ra_"
PUSHED_REQUEST: Final = "gw_pr_"
DEVICE_CODE: Final = "gw_dc_"
BROWSER: Final = "gw_br_"

SECRET_TEXT: Final = r"gw_[a-z]{2}_[0-9A-Za-z]{8,}|eyJ[\w-]{4,}\.[\w.-]*"
"""A pattern of what looks like a token, code or secret of ours, or like a JWT."""
_SECRET_TEXT: Final = re.compile(SECRET_TEXT)

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS: Final = tuple(first + second for first in _DIGITS for second in _DIGITS)  # two digits at once: 62 * 62 = 3844
_PREFIX_LENGTH: Final = 6
_TIME_LENGTH: Final = 7  # 62**7 milliseconds last until 2081
_RANDOM_LENGTH: Final = 43  # 62**43 > 2**256
_CHECKSUM_LENGTH: Final = 6  # 62**6 > 2**32
_SECRET_LENGTH: Final = _PREFIX_LENGTH + _TIME_LENGTH + _RANDOM_LENGTH + _CHECKSUM_LENGTH

# A random byte becomes a digit, each digit from four byte values; the eight bytes left over would favour some digits.
_DIGIT_OF_BYTE: Final = bytes(ord(_DIGITS[byte % 62]) for byte in range(256))
_LEFT_OVER: Final = bytes(range(248, 256))

# `.{"jti":"0` in base64url, and how much of the id after it tells the time. Byte by byte, base64url sorts otherwise
# than what it stands for.
_BEFORE_JTI: Final = ".eyJqdGkiOiIw"
_JTI_LENGTH: Final = 20
_IN_ORDER: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    b"-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz",
)


def _random_digits(length: int) -> str:
    digits = b""
    while len(digits) < length:
        digits += random_bytes(length + 12).translate(_DIGIT_OF_BYTE, _LEFT_OVER)
    return digits[:length].decode("ascii")


@lru_cache(maxsize=2)
def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _checksum(body: str) -> str:
    rest, last = divmod(zlib.crc32(body.encode("ascii")), 3844)
    first, middle = divmod(rest, 3844)
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]


def make_secret(prefix: str) -> str:
    """A new secret, in base62 after its prefix: 7 digits of milliseconds since the epoch, 43 random ones, 6 of CRC-32."""
    rest, last = divmod(time.time_ns() // 1_000_000, 3844)
    body = prefix + _base62(rest, _TIME_LENGTH - 2) + _PAIRS[last] + _random_digits(_RANDOM_LENGTH)
    return body + _checksum(body)


def make_successor(token: str) -> str:
    """The token that follows `token` in its family: the first one, 43 random digits, 6 of CRC-32."""
    body = first_of_family(token) + _random_digits(_RANDOM_LENGTH)
    return body + _checksum(body)


def first_of_family(token: str) -> str:
    """The token that the family of `token` began with; `token` itself, if it is that one."""
    return token[:_SECRET_LENGTH]


def is_well_formed(secret: str, prefix: str) -> bool:
    """Whether `secret` has the shape of one that `make_secret(prefix)` gives, checksum included."""
    if len(secret) != _SECRET_LENGTH:
        return False
    if not secret.startswith(prefix) or not secret.isascii():
        return False
    body, checksum = secret[:-_CHECKSUM_LENGTH], secret[-_CHECKSUM_LENGTH:]
    return _checksum(body) == checksum


def holds_secret(text: str) -> bool:
    """Whether something in `text` looks like a token, code or secret of ours, or like a JWT."""
    return _SECRET_TEXT.search(text) is not None


def digest(secret: str) -> bytes:
    """The key under which a made secret is kept: its seven digits of time, then its 32-byte SHA-256 digest.

    Safe without salt for so many random bits. Keys made later sort later. Those of JWTs begin with the `jti`, if that
    is a row's id and their first claim.
    """
    if secret.startswith("eyJ") and (place := secret.find(_BEFORE_JTI)) > 0:
        place += len(_BEFORE_JTI)
        return secret[place : place + _JTI_LENGTH].encode().translate(_IN_ORDER) + sha256(secret.encode()).digest()
    return secret[_PREFIX_LENGTH : _PREFIX_LENGTH + _TIME_LENGTH].encode() + sha256(secret.encode()).digest()
