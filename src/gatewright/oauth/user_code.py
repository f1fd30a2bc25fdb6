"""The code that a device shows and a person types in (RFC 8628 §6.1)."""

import secrets
from typing import Final

LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no word comes about, and no digits: 20 letters that no keyboard hides."""
_LENGTH: Final = 8  # 20**8 > 2**34: with the throttle's few guesses this is enough (§5.1)


def make() -> str:
    """A new user code, eight letters."""
    return "".join(secrets.choice(LETTERS) for _ in range(_LENGTH))


def shown(code: str) -> str:
    """The code as people read it, `WDJB-MJHT`."""
    return f"{code[:4]}-{code[4:]}"


def typed(text: str) -> str | None:
    """The code that somebody meant: letters' case, hyphens and blanks do not count. None: it cannot be one."""
    code = "".join(letter for letter in text.upper() if letter not in "- \t")
    return code if len(code) == _LENGTH and all(letter in LETTERS for letter in code) else None
