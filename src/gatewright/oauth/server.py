"""What every endpoint of the authorization server is given."""

import msgspec

from gatewright.kernel.clock import Clock
from gatewright.kernel.fetching import Fetcher
from gatewright.kernel.sealing import Sealer
from gatewright.oauth.dpop_nonce import DpopNonces
from gatewright.oauth.keys import KeyRing
from gatewright.store.database import Database
from gatewright.store.directory import Directory


class AuthorizationServer(msgspec.Struct, frozen=True):
    """The store, its directory, the clock, the issuer identifier (RFC 8414 §2), the signing keys, the DPoP nonces, the seal
    under the master key, and the way to documents of others.
    """

    database: Database
    directory: Directory
    clock: Clock
    issuer: str
    keys: KeyRing
    dpop_nonces: DpopNonces
    sealer: Sealer
    fetcher: Fetcher
