"""Refusal receipts on their way to the store: gathered in memory, written in batches, dropped when there are too many."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec
import structlog

from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import GatewrightError
from gatewright.store import refusals
from gatewright.store import tokens
from gatewright.store import users
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.directory import Directory
from gatewright.store.refusals import Refusal

_MOST_WAITING: Final = 256
_MOST_OF_PEER: Final = 32
_SECONDS: Final = 0.25
_log = structlog.get_logger("gatewright.refusals")


class Claims(msgspec.Struct, frozen=True):
    """What a refused request says of itself that may be a secret, until it is looked up. Never kept."""

    client_id: str = ""
    username: str = ""
    token: bytes = b""


class Refusals:
    """One process's receipts. A peer that is refused without end takes no more than its share of each batch."""

    def __init__(self, database: Database, directory: Directory, clock: Clock) -> None:
        self._database, self._directory, self.clock = database, directory, clock
        self._waiting: list[tuple[Refusal, Claims]] = []
        self._of_peer: Counter[str] = Counter()
        self._some = asyncio.Event()
        self._writing = asyncio.Lock()

    def has_room(self, peer: str) -> bool:
        """Whether a receipt for that address would be kept: ask before making one."""
        return len(self._waiting) < _MOST_WAITING and self._of_peer[peer] < _MOST_OF_PEER

    def add(self, refusal: Refusal, claims: Claims) -> None:
        """Keep a receipt, soon."""
        self._waiting.append((refusal, claims))
        self._of_peer[refusal.peer] += 1
        self._some.set()

    async def run(self) -> None:
        """Write what waits, for as long as the process lives."""
        while True:
            await self._some.wait()
            await asyncio.sleep(_SECONDS)
            try:
                await self.flush()
            except GatewrightError as error:
                _log.warning("refusals not kept", reason=str(error))
            except Exception:  # one receipt that cannot be kept must not end the keeping of all
                _log.exception("refusals not kept")

    async def flush(self) -> None:
        """Write what waits now; when it returns, all that was added before is written."""
        async with self._writing:
            waiting, self._waiting = self._waiting, []
            self._of_peer.clear()
            self._some.clear()
            settings = await self._directory.settings()
            if waiting and settings.refusals_kept:
                known = [await self.identified(refusal, claims) for refusal, claims in waiting]
                await self._database.write(refusals.add, known)

    async def identified(self, refusal: Refusal, claims: Claims) -> Refusal:
        """The receipt with the client, user and token that the request named, as far as there are such."""
        facts = await self._database.read(_of_token, claims.token, self.clock()) if claims.token else {}
        if claims.client_id and await self._directory.client(claims.client_id):
            facts = {**facts, "client_id": claims.client_id}
        user = await self._database.read(users.find_named, claims.username) if claims.username else None
        if user is not None:
            facts = {**facts, "user": user.name}
        return msgspec.structs.replace(refusal, **facts) if facts else refusal


def _of_token(transaction: Transaction, digest: bytes, now: int) -> Mapping[str, object]:
    token = tokens.find_access_token(transaction, digest)
    if token is None:
        return {}
    facts: dict[str, object] = {"client_id": token.client_id, "scopes": token.scope}
    owner = users.find(transaction, token.user_id) if token.user_id else None
    if owner is not None:
        facts["user"] = owner.name
    if token.expires_at is not None and token.expires_at <= now:
        lived = token.expires_at - token.issued_at
        facts["found"] = f"it expired {now - token.expires_at} seconds ago; it was valid for {lived} seconds"
    return facts
