"""Signing keys: which there are, rotating them before their time, ending one that leaked."""

import asyncio

import msgspec

from gatewright.admin import audit
from gatewright.admin.actor import By
from gatewright.kernel.errors import NotFound
from gatewright.kernel.sealing import Sealer
from gatewright.oauth.keys import new_key
from gatewright.store import keys
from gatewright.store import settings
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.keys import SigningKey
from gatewright.store.keys import State


class KeyLine(msgspec.Struct, frozen=True, kw_only=True):
    """A signing key as lists show it. `id` is its `kid`.

    retire_at, gone_at: when it stops to sign, and to count; None while it has no successor.
    """

    id: str
    algorithm: str
    state: State
    created_at: int
    active_at: int
    retire_at: int | None
    gone_at: int | None


def page(transaction: Transaction, now: int) -> list[KeyLine]:
    """Every key whose signatures count or will, the newest first."""
    found = [_line(key, now) for key in keys.all_keys(transaction)]
    counting = [line for line in found if line.state != "gone"]
    return sorted(counting, key=lambda line: (line.active_at, line.retire_at is None), reverse=True)


def find(transaction: Transaction, key_id: str, now: int) -> KeyLine:
    """The key of that `kid`. Raises NotFound."""
    return _line(_find(transaction, key_id, now), now)


async def rotate(database: Database, by: By, sealer: Sealer) -> str:
    """Sign with another key from now on; its `kid`. What the present one signed counts until it expires.

    The announced successor takes over, if there is one: whoever keeps a copy of the keys knows it already.
    """
    return await database.write(_rotate, by, await _made(database, by, sealer))


async def retire(database: Database, by: By, sealer: Sealer, key_id: str) -> None:
    """End a key that leaked: it leaves the published keys, what it signed is refused from now on. Raises NotFound.

    Another key takes over if it was in use.
    """
    await database.write(_retire, by, key_id, await _made(database, by, sealer))


async def _made(database: Database, by: By, sealer: Sealer) -> SigningKey:
    in_force = await database.read(settings.load)
    return await asyncio.to_thread(new_key, in_force, sealer, by.now, by.now)


def _rotate(transaction: Transaction, by: By, made: SigningKey) -> str:
    before = _signing(transaction, made.algorithm, by.now)
    used = _put_in_use(transaction, made, by.now)
    audit.record(transaction, by, "key.rotate", used, {"kid": before}, {"kid": used, "algorithm": made.algorithm})
    return used


def _retire(transaction: Transaction, by: By, key_id: str, made: SigningKey) -> None:
    key = _find(transaction, key_id, by.now)
    was_signing = _signing(transaction, made.algorithm, by.now) == key_id
    keys.withdraw(transaction, key, by.now)
    used = _put_in_use(transaction, made, by.now) if was_signing else None
    audit.record(transaction, by, "key.retire", key_id, {"state": key.state(by.now)}, {"successor": used})


def _put_in_use(transaction: Transaction, made: SigningKey, now: int) -> str:
    """The key that signs from now on: the announced one of the algorithm, else the one just made."""
    newest = next((key for key in keys.all_keys(transaction) if _is_newest(key, made.algorithm)), None)
    if newest is not None and newest.active_at > now:
        keys.use_now(transaction, newest, now)
        return newest.id
    keys.succeed(transaction, made, newest.id if newest else None, now)
    return made.id


def _is_newest(key: SigningKey, algorithm: str) -> bool:
    return key.algorithm == algorithm and key.retire_at is None


def _signing(transaction: Transaction, algorithm: str, now: int) -> str | None:
    found = [key for key in keys.all_keys(transaction) if key.algorithm == algorithm and key.state(now) == "in use"]
    return found[-1].id if found else None


def _find(transaction: Transaction, key_id: str, now: int) -> SigningKey:
    key = keys.find(transaction, key_id)
    if key is None or key.state(now) == "gone":
        raise NotFound(f"There is no signing key {key_id}.")
    return key


def _line(key: SigningKey, now: int) -> KeyLine:
    return KeyLine(
        id=key.id,
        algorithm=key.algorithm,
        state=key.state(now),
        created_at=key.created_at,
        active_at=key.active_at,
        retire_at=key.retire_at,
        gone_at=key.gone_at,
    )
