"""Who acts."""

from typing import Literal

import msgspec


class Actor(msgspec.Struct, frozen=True):
    """Who asked for a change: a signed-in user, a client of the Admin API, somebody's shell, or the server itself."""

    name: str
    kind: Literal["user", "client", "shell", "server"] = "user"

    def __str__(self) -> str:
        return self.name if self.kind == "user" else f"{self.name} ({self.kind})"


class By(msgspec.Struct, frozen=True):
    """Who acts, and when in seconds since the epoch."""

    actor: Actor
    now: int
