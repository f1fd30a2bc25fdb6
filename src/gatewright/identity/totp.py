"""Codes of authenticator apps (RFC 6238): six digits, a new one every 30 seconds, SHA-1 as every app has it."""

import hmac
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
_DRIFT: Final = 1  # steps before and after, for clocks that differ (RFC 6238 §5.2)
_DIGITS: Final = 6


def make_seed() -> str:
    """A new seed: 160 random bits in base32 (RFC 4226 §4, R6)."""
    return pyotp.random_base32()


def enrolment_uri(seed: str, name: str, issuer: str) -> str:
    """The `otpauth:` address that apps read from a QR code. issuer: what the app shows above the user's name."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name=issuer)


def matching_step(seed: str, code: str, now: int) -> int | None:
    """The time step whose code this is, of the present one and its neighbours; None when it is none of theirs."""
    typed = code.replace(" ", "")
    if len(typed) != _DIGITS or not (typed.isascii() and typed.isdigit()):
        return None
    present, app = now // STEP_SECONDS, pyotp.TOTP(seed)
    # Each is compared: how long it takes tells nothing of which one it was.
    found = [
        step
        for step in range(present - _DRIFT, present + _DRIFT + 1)
        if hmac.compare_digest(app.generate_otp(step), typed)
    ]
    return found[-1] if found else None


def looks_like_code(text: str) -> bool:
    """Whether it is meant as an app's code rather than a recovery code."""
    typed = text.replace(" ", "")
    return typed.isascii() and typed.isdigit() and len(typed) == _DIGITS
