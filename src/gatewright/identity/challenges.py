"""Challenges of Web Authentication: nothing is kept when one is given, and each counts once.

A challenge says when it was made and is authenticated, under a key derived from the master key, for its purpose and
its holder: the session or the cookie of the browser that it was given to.
"""

import hashlib
import hmac
import os
from typing import Final
from typing import Literal

from gatewright.kernel.clock import Clock
from gatewright.kernel.sealing import derived_key
from gatewright.store import single_use
from gatewright.store.database import Transaction

LIFETIME: Final = 600  # seconds
Purpose = Literal["register", "sign in", "second factor", "proof"]
_TIME_BYTES: Final = 6
_RANDOM_BYTES: Final = 16
_MAC_BYTES: Final = 32


class Challenges:
    """Gives challenges and knows them again."""

    def __init__(self, master_key: bytes, clock: Clock) -> None:
        self._key = derived_key(master_key, "webauthn challenge")
        self._clock = clock

    def give(self, purpose: Purpose, holder: str) -> bytes:
        """A new challenge for that purpose, and for that holder alone."""
        body = self._clock().to_bytes(_TIME_BYTES) + os.urandom(_RANDOM_BYTES)
        return body + self._mac(purpose, holder, body)

    def is_ours(self, purpose: Purpose, holder: str, challenge: bytes) -> bool:
        """Whether it was given for that purpose and holder, within the last ten minutes."""
        if not holder or len(challenge) != _TIME_BYTES + _RANDOM_BYTES + _MAC_BYTES:
            return False
        body, mac = challenge[:-_MAC_BYTES], challenge[-_MAC_BYTES:]
        age = self._clock() - int.from_bytes(body[:_TIME_BYTES])
        return hmac.compare_digest(mac, self._mac(purpose, holder, body)) and 0 <= age < LIFETIME

    def _mac(self, purpose: Purpose, holder: str, body: bytes) -> bytes:
        text = f"{purpose}\0{holder}\0".encode(errors="surrogatepass")
        return hmac.digest(self._key, text + body, "sha256")


def use_up(transaction: Transaction, challenge: bytes, now: int) -> bool:
    """Use up a challenge. ATOMIC: of any number of callers exactly one gets True."""
    return single_use.use(transaction, b"webauthn" + hashlib.sha256(challenge).digest(), now + LIFETIME)
