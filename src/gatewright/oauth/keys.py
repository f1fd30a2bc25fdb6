"""The key ring: keys are made, announced, used, retired and dropped as the settings' schedule says.

A key stands in `/oauth/jwks` for `key_announcement` seconds before it is used, so that whoever keeps a copy of the
keys has it by then. After `key_rotation_interval` its successor takes over; what it signed counts until the longest
lived of it has expired. Any process may do what is due: one conditional write in the store decides whose key is kept.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from gatewright.kernel.clock import Clock
from gatewright.kernel.errors import Unavailable
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.secrets import digest
from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import SigningAlgorithm
from gatewright.oauth import jose
from gatewright.store import keys as store
from gatewright.store.database import Database
from gatewright.store.directory import Directory
from gatewright.store.directory import Memory
from gatewright.store.keys import SigningKey

_MOST_KEYS: Final = 64
_MOST_VERIFIED: Final = 4096


class JwkSet(msgspec.Struct, frozen=True):
    """Public keys (RFC 7517 §5)."""

    keys: tuple[msgspec.Raw, ...]


class _Verified(msgspec.Struct, frozen=True):
    key_id: str
    typ: str
    payload: bytes


class KeyRing:
    """This server's keys, as one process uses them."""

    def __init__(self, database: Database, directory: Directory, sealer: Sealer, clock: Clock) -> None:
        self._database = database
        self._directory = directory
        self._sealer = sealer
        self._clock = clock
        self._private: Memory[str, jose.OwnKey] = Memory(_MOST_KEYS)
        self._public: Memory[str, jose.OwnKey] = Memory(_MOST_KEYS)
        self._verified: Memory[bytes, _Verified] = Memory(_MOST_VERIFIED)

    async def sign(self, typ: str, payload: bytes, lifetime: int = 0) -> str:
        """A compact JWS by the key in use. lifetime: seconds for which it must count.

        Raises Unavailable when the key cannot be opened or is withdrawn in this moment.
        """
        key = await self._in_use()
        if key.overlap < lifetime and not await self._database.write(store.cover, key.id, lifetime, self._clock()):
            raise Unavailable(f"the signing key {key.id} was withdrawn meanwhile")
        return jose.sign(self._opened(key), typ, payload)

    async def verified(self, text: str, typ: str) -> bytes | None:
        """The payload of a `typ` that a key of this ring signed, if that key's signatures count; else None."""
        name = digest(text)
        known = self._verified.get(name)
        if known is not None:
            counts = known.typ == typ and await self._counting(known.key_id)
            return known.payload if counts else None
        unverified = jose.read(text)
        key = unverified and await self._counting(unverified.header.kid)
        if not unverified or not key or not jose.is_signed(unverified, self._published(key), typ):
            return None
        self._verified.put(name, _Verified(key.id, typ, unverified.payload))
        return unverified.payload

    async def jwks(self) -> JwkSet:
        """The public keys that are announced, in use, or retired with signatures that still count."""
        await self._in_use()
        now = self._clock()
        found = await self._directory.signing_keys()
        return JwkSet(tuple(msgspec.Raw(key.public_jwk) for key in found if key.state(now) != "gone"))

    async def keep(self) -> None:
        """Do what is due: retire what is not in use any more, make and announce successors, drop what is gone."""
        settings, now = await self._directory.settings(), self._clock()
        algorithm = settings.signing_algorithm
        found = await self._directory.signing_keys()
        for other in sorted({key.algorithm for key in found if key.algorithm != algorithm and _is_live(key, now)}):
            await self._database.write(store.retire_algorithm, other, now)
        newest = _newest(found, algorithm)
        active_at = successor_due(newest, settings, now)
        if active_at is not None:
            key = await asyncio.to_thread(new_key, settings, self._sealer, now, active_at)
            await self._database.write(store.succeed, key, newest.id if newest else None, now)
        if any(key.state(now) == "gone" for key in found):
            await self._database.write(store.remove_gone, now)

    async def _in_use(self) -> SigningKey:
        for _ in range(3):
            settings, now = await self._directory.settings(), self._clock()
            found = await self._directory.signing_keys()
            for key in reversed(found):
                if key.algorithm == settings.signing_algorithm and key.state(now) == "in use":
                    return key
            newest = _newest(found, settings.signing_algorithm)
            if newest is not None:  # announced, and those before it were withdrawn
                await self._database.write(store.use_now, newest, now)
            else:
                await self.keep()
        raise Unavailable("there is no signing key")

    async def _counting(self, key_id: str) -> SigningKey | None:
        now = self._clock()
        for key in await self._directory.signing_keys():
            if key.id == key_id and key.state(now) != "gone":
                return key
        return None

    def _opened(self, key: SigningKey) -> jose.OwnKey:
        own = self._private.get(key.id)
        if own is None:
            jwk = self._sealer.open(key.sealed, _context(key.id))
            if jwk is None:
                raise Unavailable(f"the signing key {key.id} was sealed under another master key")
            own = jose.own_key(key.id, key.algorithm, jwk)
            self._private.put(key.id, own)
        return own

    def _published(self, key: SigningKey) -> jose.OwnKey:
        own = self._public.get(key.id)
        if own is None:
            own = jose.own_key(key.id, key.algorithm, key.public_jwk.encode())
            self._public.put(key.id, own)
        return own


def successor_due(newest: SigningKey | None, settings: GlobalSettings, now: int) -> int | None:
    """From when a key that is to be made now will be used; None when none is due. `newest`: of the algorithm in use."""
    if newest is None:
        return now
    turn = newest.active_at + settings.key_rotation_interval
    if now < turn - settings.key_announcement:
        return None
    return max(turn, now + settings.key_announcement)


def new_key(settings: GlobalSettings, sealer: Sealer, now: int, active_at: int) -> SigningKey:
    """A new key pair of the algorithm in use, the private one sealed under its own `kid`. Blocks while it is made."""
    algorithm: SigningAlgorithm = settings.signing_algorithm
    key = jose.generate(algorithm)
    general = settings.access_token_lifetime
    longest = max(0 if general == "never" else general, *settings.access_token_lifetime_by_grant.values(), 0)
    return SigningKey(
        id=key.kid or "",
        algorithm=algorithm,
        public_jwk=msgspec.json.encode(key.as_dict(private=False)).decode(),
        sealed=sealer.seal(msgspec.json.encode(key.as_dict(private=True)), _context(key.kid or "")),
        created_at=now,
        active_at=active_at,
        overlap=max(settings.key_announcement, longest),
    )


def _newest(found: Sequence[SigningKey], algorithm: str) -> SigningKey | None:
    """The one key of an algorithm that has no successor."""
    return next((key for key in found if key.algorithm == algorithm and key.retire_at is None), None)


def _is_live(key: SigningKey, now: int) -> bool:
    return key.state(now) in ("announced", "in use")


def _context(key_id: str) -> bytes:
    return b"signing key " + key_id.encode()
