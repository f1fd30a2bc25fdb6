"""Lifetimes by grant, as people give them: a mapping, or lines of a form such as `client_credentials = 300`."""

from typing import Any
from typing import Final

from gatewright.admin.fields import LARGEST
from gatewright.admin.fields import did_you_mean
from gatewright.admin.fields import listed

GRANTS: Final = (
    "authorization_code",
    "implicit",
    "client_credentials",
    "password",
    "device_code",
    "jwt_bearer",
    "token_exchange",
)
"""The grants that give access tokens, as Allowed Grants name them; `client_rules` names the same for people."""


def read_by_grant(value: Any) -> dict[str, int]:
    """Seconds by grant. Raises ValueError with a sentence that says what to change."""
    if isinstance(value, str):
        value = _from_lines(value)
    if not isinstance(value, dict):
        raise ValueError("This must be a mapping of grants to seconds, such as client_credentials: 300.")
    return {_grant(name): _seconds(seconds) for name, seconds in value.items()}


def as_lines(lifetimes: dict[str, int]) -> str:
    """Lifetimes as a form shows them."""
    return "\n".join(f"{grant} = {seconds}" for grant, seconds in lifetimes.items())


def _from_lines(text: str) -> dict[str, str]:
    read: dict[str, str] = {}
    for line in filter(str.strip, text.splitlines()):
        grant, sign, seconds = line.partition("=")
        if not sign:
            raise ValueError(
                f"{line.strip()[:80]!r} cannot be read; write a grant and its seconds: client_credentials = 300."
            )
        if read.setdefault(grant.strip(), seconds.strip()) != seconds.strip():
            raise ValueError(f"{grant.strip()[:80]} is given twice.")
    return read


def _grant(name: Any) -> str:
    if name not in GRANTS:
        shown = str(name)[:80]
        raise ValueError(f"{shown!r} is no grant; it must be {listed(list(GRANTS))}.{did_you_mean(shown, GRANTS)}")
    return str(name)


def _seconds(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST:
        raise ValueError("A lifetime must be a whole number of seconds, 1 or more.")
    return value
