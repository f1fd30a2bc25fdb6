"""What requests ask again and again, remembered per process and followed exactly (DESIGN, promise 5).

Before anything remembered is used, the change feed is asked whether it is still true; after a change, just what
changed is forgotten. While the feed cannot tell, nothing remembered is used.
"""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import Final
from typing import TypeVar

from gatewright.kernel.memory import Memory as Memory
from gatewright.kernel.settings import GlobalSettings
from gatewright.store import access
from gatewright.store import changes
from gatewright.store import clients
from gatewright.store import connections
from gatewright.store import disabled
from gatewright.store import external_servers
from gatewright.store import keys
from gatewright.store import scopes
from gatewright.store import settings
from gatewright.store import tokens
from gatewright.store import trusted_issuers
from gatewright.store import users
from gatewright.store.clients import RegisteredClient
from gatewright.store.connections import Connection
from gatewright.store.database import Database
from gatewright.store.database import Transaction
from gatewright.store.database import Verb
from gatewright.store.disabled import Disabled
from gatewright.store.external_servers import ExternalServer
from gatewright.store.keys import SigningKey
from gatewright.store.records import AccessToken
from gatewright.store.records import Change
from gatewright.store.records import Scope
from gatewright.store.trusted_issuers import TrustedIssuer
from gatewright.store.users import UserWithGroups

K = TypeVar("K")
V = TypeVar("V")

_MOST_TOKENS: Final = 8_192
_MOST_CONCLUSIONS: Final = 8_192
_MOST_PRINCIPALS: Final = 10_000
_WHOLE: Final = ""


class Conclusions:
    """What was worked out from what the directory holds, remembered until anything in there changes."""

    def __init__(self, most: int, position_now: Callable[[], int | None]) -> None:
        self._position_now = position_now
        self._position: int | None = None
        self._memory: Memory[object, Any] = Memory(most)

    def get(self, key: object) -> Any:
        """What is remembered and still true, or None."""
        position = self._position_now()
        return self._memory.get(key) if position == self._position and position is not None else None

    def position(self) -> int | None:
        """Ask before working something out, for `put`."""
        return self._position_now()

    def put(self, key: object, value: object, position: int | None) -> None:
        """Remember what was worked out since `position`, unless something changed meanwhile."""
        if position is None or position != self._position_now():
            return
        if position != self._position:
            self._memory.forget_all()
            self._position = position
        self._memory.put(key, value)


class Directory:
    """Settings, clients, scopes, users, ACLs, signing keys, foreign issuers, connections and access tokens, by key."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._position_now = database.feed.position
        self._position: int | None = None
        self._last_change = 0
        self.conclusions = Conclusions(_MOST_CONCLUSIONS, self._position_now)
        self._settings: Memory[str, GlobalSettings] = Memory(1)
        self._scopes: Memory[str, Mapping[str, Scope]] = Memory(1)
        self._acls: Memory[str, Mapping[str, tuple[str, ...]]] = Memory(1)
        self._keys: Memory[str, tuple[SigningKey, ...]] = Memory(1)
        self._issuers: Memory[str, Mapping[str, TrustedIssuer]] = Memory(1)
        self._external: Memory[str, tuple[ExternalServer, ...]] = Memory(1)
        self._connections: Memory[str, Mapping[str, Connection]] = Memory(1)
        self._disabled: Memory[str, Mapping[str, Disabled]] = Memory(1)
        self._clients: Memory[str, RegisteredClient] = Memory(_MOST_PRINCIPALS)
        self._users: Memory[str, UserWithGroups] = Memory(_MOST_PRINCIPALS)
        self._tokens: Memory[bytes, AccessToken] = Memory(_MOST_TOKENS)
        self._forgotten_whole: Mapping[str, tuple[Memory[Any, Any], ...]] = {
            "settings": (self._settings,),
            "key": (self._keys,),
            "trusted_issuer": (self._issuers,),
            "external_server": (self._external,),
            "connection": (self._connections,),
            disabled.KIND: (self._disabled,),
            "acl": (self._acls,),
            "scope": (self._scopes, self._clients),
            "group": (self._users, self._clients, self._acls),
            "tokens": (self._tokens,),
        }

    async def settings(self) -> GlobalSettings:
        """The global settings in force."""
        found = self._remembered(self._settings, _WHOLE)
        return found if found is not None else await self._whole(self._settings, _load_settings)

    async def scopes(self) -> Mapping[str, Scope]:
        """Every scope by name. The same object as long as no scope changed."""
        found = self._remembered(self._scopes, _WHOLE)
        return found if found is not None else await self._whole(self._scopes, _load_scopes)

    async def acls(self) -> Mapping[str, tuple[str, ...]]:
        """Every ACL, target to groups. The same object as long as no ACL changed."""
        found = self._remembered(self._acls, _WHOLE)
        return found if found is not None else await self._whole(self._acls, _load_acls)

    async def signing_keys(self) -> tuple[SigningKey, ...]:
        """Every signing key that is kept. The same object as long as none changed."""
        found = self._remembered(self._keys, _WHOLE)
        return found if found is not None else await self._whole(self._keys, _load_keys)

    async def trusted_issuers(self) -> Mapping[str, TrustedIssuer]:
        """Every issuer whose assertions the JWT bearer grant takes, by `iss`, disabled or not."""
        found = await self._get(self._issuers, _WHOLE, _load_issuers)
        assert found is not None
        return found

    async def external_servers(self) -> tuple[ExternalServer, ...]:
        """Every external authorization server by name, disabled or not. The same object as long as none changed."""
        found = await self._get(self._external, _WHOLE, _load_external)
        assert found is not None
        return found

    async def connections(self) -> Mapping[str, Connection]:
        """Every connection by name. The same object as long as none changed."""
        found = self._remembered(self._connections, _WHOLE)
        return found if found is not None else await self._whole(self._connections, _load_connections)

    async def disabled(self) -> Mapping[str, Disabled]:
        """Every package and service that is put out of use, by name. The same object as long as none changed."""
        return await self._whole(self._disabled, _load_disabled)

    async def client(self, client_id: str) -> RegisteredClient | None:
        """The client of that id, disabled or not."""
        found = self._remembered(self._clients, client_id)
        if found is None:
            found = await self._get(self._clients, client_id, clients.registered)
        return found

    async def user(self, user_id: str) -> UserWithGroups | None:
        """The user of that id, disabled or not."""
        found = self._remembered(self._users, user_id)
        if found is None:
            found = await self._get(self._users, user_id, users.with_groups)
        return found

    async def access_token(self, digest: bytes) -> AccessToken | None:
        """The access token of that digest, expired or not."""
        found = self._remembered(self._tokens, digest)
        if found is None:
            found = await self._get(self._tokens, digest, tokens.find_access_token)
        return found

    def _remembered(self, memory: Memory[K, V], key: K) -> V | None:
        """What is remembered and still true: most of what is asked, answered without waiting for anything."""
        position = self._position_now()
        return memory.get(key) if position == self._position and position is not None else None

    async def _whole(self, memory: Memory[str, V], load: Verb[[str], V]) -> V:
        found = await self._get(memory, _WHOLE, load)
        assert found is not None
        return found

    async def _get(self, memory: Memory[K, V], key: K, load: "Verb[[K], V | None]") -> V | None:
        if self._is_current() or await self._follow():
            found = memory.get(key)
            if found is not None:
                return found
        position = self._position
        loaded = await self._database.read(load, key)
        # A change that came while loading may have been missed by what was loaded.
        if loaded is not None and position == self._position and self._is_current():
            memory.put(key, loaded)
        return loaded

    def _is_current(self) -> bool:
        position = self._position_now()
        return position is not None and position == self._position

    async def _follow(self) -> bool:
        """Forget what changed since the last look; False when that cannot be known now."""
        position = self._position_now()
        if position is None:
            return False
        if self._position is None:
            self._last_change = await self._database.read(changes.newest)
            self._position = position
            return True
        missed = await self._database.read(changes.since, self._last_change)
        if missed is None:
            self._forget_everything()
            self._last_change = await self._database.read(changes.newest)
        else:
            for change in missed:
                self._forget(change)
                self._last_change = change.id
            self._forget_families(frozenset(change.name for change in missed if change.kind == "grant"))
        self._position = position
        return True

    def _forget(self, change: Change) -> None:
        match change.kind:
            case "client":
                self._clients.forget(change.name)
            case "user":
                self._users.forget(change.name)
            case "token":
                self._tokens.forget(bytes.fromhex(change.name))
            case kind:
                for memory in self._forgotten_whole.get(kind, ()):
                    memory.forget_all()

    def _forget_families(self, grant_ids: frozenset[str]) -> None:
        if grant_ids:
            for digest, token in self._tokens.items():
                if token.grant_id in grant_ids:
                    self._tokens.forget(digest)

    def _forget_everything(self) -> None:
        for memory in (
            self._settings,
            self._scopes,
            self._acls,
            self._keys,
            self._issuers,
            self._external,
            self._connections,
            self._disabled,
            self._clients,
            self._users,
            self._tokens,
        ):
            memory.forget_all()


def _load_settings(transaction: Transaction, _: str) -> GlobalSettings:
    return settings.load(transaction)


def _load_scopes(transaction: Transaction, _: str) -> Mapping[str, Scope]:
    return {scope.name: scope for scope in scopes.all_scopes(transaction)}


def _load_keys(transaction: Transaction, _: str) -> tuple[SigningKey, ...]:
    return keys.all_keys(transaction)


def _load_issuers(transaction: Transaction, _: str) -> Mapping[str, TrustedIssuer]:
    return {each.issuer: each for each in trusted_issuers.all_issuers(transaction)}


def _load_external(transaction: Transaction, _: str) -> tuple[ExternalServer, ...]:
    return external_servers.all_servers(transaction)


def _load_connections(transaction: Transaction, _: str) -> Mapping[str, Connection]:
    return {each.name: each for each in connections.all_connections(transaction)}


def _load_disabled(transaction: Transaction, _: str) -> Mapping[str, Disabled]:
    return disabled.all_disabled(transaction)


def _load_acls(transaction: Transaction, _: str) -> Mapping[str, tuple[str, ...]]:
    return access.all_acls(transaction)
