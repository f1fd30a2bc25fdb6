"""Recovery codes: ten of 80 random bits, each good once in place of a second factor, kept as digests."""

import hashlib
import secrets
from typing import Final

COUNT: Final = 10
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is taken for another
_GROUPS: Final = 4


def make() -> list[str]:
    """New codes, as people write them down: four groups of four characters."""
    return ["-".join(_group() for _ in range(_GROUPS)) for _ in range(COUNT)]


def digest(user_id: str, code: str) -> bytes:
    """What is kept of a code, however it is typed: case, blanks and hyphens do not count."""
    typed = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{user_id}\0{typed}".encode(errors="surrogatepass")).digest()


def _group() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))
