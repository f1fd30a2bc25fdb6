"""The nonces that servers give to DPoP clients (RFC 9449 §8, §9): nothing is kept, every worker and node agrees.

A nonce is the HMAC of the present time slot under a key derived from the master key. It counts in its own slot and
in the one after it, and in the one before it for nodes whose clocks differ.
"""

import hmac
from base64 import urlsafe_b64encode
from typing import Final

from gatewright.kernel.clock import Clock
from gatewright.kernel.sealing import derived_key

SLOT_SECONDS: Final = 120
"""How long one nonce is given out."""


class DpopNonces:
    """Gives nonces and knows them again."""

    def __init__(self, master_key: bytes, clock: Clock) -> None:
        self._key = derived_key(master_key, "dpop nonce")
        self._clock = clock

    def current(self) -> str:
        """The nonce to give out now."""
        return self._of(self._clock() // SLOT_SECONDS)

    def accepts(self, nonce: str) -> bool:
        """Whether it was given out in this slot or a neighbouring one."""
        slot = self._clock() // SLOT_SECONDS
        return any(hmac.compare_digest(nonce.encode(), self._of(slot + by).encode()) for by in (0, -1, 1))

    def _of(self, slot: int) -> str:
        return urlsafe_b64encode(hmac.digest(self._key, b"%d" % slot, "sha256")).rstrip(b"=").decode()
