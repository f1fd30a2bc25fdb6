"""Who acts."""

from collections.abc import Callable
from typing import Literal

import msgspec

from gatewright.kernel.errors import GatewrightError
from gatewright.kernel.sealing import Sealer


class Actor(msgspec.Struct, frozen=True):
    """Who asked for a change: a signed-in user, a client of the Admin API, somebody's shell, or the server itself."""

    name: str
    kind: Literal["user", "client", "shell", "server"] = "user"

    def __str__(self) -> str:
        return self.name if self.kind == "user" else f"{self.name} ({self.kind})"


class By(msgspec.Struct, frozen=True):
    """Who acts, and when in seconds since the epoch. sealer: gives the seal under the master key, where it is at hand.

    roles: an administrator's (`admin.roles`); None: the shell and the server itself, which nothing is beyond.
    """

    actor: Actor
    now: int
    sealer: Callable[[], Sealer] | None = None
    roles: frozenset[str] | None = None

    def seal(self, secret: str, context: bytes) -> bytes:
        """Seal a secret that must be read again. Raises GatewrightError where the master key is not at hand."""
        if self.sealer is None:
            raise GatewrightError("This needs the server's master key, which is not at hand here.")
        return self.sealer().seal(secret.encode(), context)

    def unseal(self, sealed: bytes, context: bytes) -> str | None:
        """What `seal` sealed; None when the master key is not at hand or another one."""
        opened = self.sealer().open(sealed, context) if self.sealer else None
        return opened.decode() if opened is not None else None
