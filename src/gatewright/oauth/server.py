"""What every endpoint of the authorization server is given."""

import msgspec

from gatewright.kernel.clock import Clock
from gatewright.oauth.keys import KeyRing
from gatewright.store.database import Database
from gatewright.store.directory import Directory


class AuthorizationServer(msgspec.Struct, frozen=True):
    """The store, its directory, the clock, the issuer identifier (RFC 8414 §2) and the signing keys."""

    database: Database
    directory: Directory
    clock: Clock
    issuer: str
    keys: KeyRing
