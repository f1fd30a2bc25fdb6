"""What every endpoint of the authorization server is given."""

from collections.abc import Callable

import msgspec

from gatewright.kernel.clock import Clock
from gatewright.kernel.fetching import Fetcher
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.telemetry import Activity
from gatewright.oauth.dpop_nonce import DpopNonces
from gatewright.oauth.keys import KeyRing
from gatewright.store.database import Database
from gatewright.store.directory import Directory

Place = tuple[str, ...]
"""Where something lies in the tree of all that is served; it covers every place that begins with it."""


class AuthorizationServer(msgspec.Struct, frozen=True):
    """The store, its directory, the clock, the issuer identifier (RFC 8414 §2), the signing keys, the DPoP nonces, the seal
    under the master key, the way to documents of others, the place of a path at or below which something is served, and
    where it is counted what was issued.
    """

    database: Database
    directory: Directory
    clock: Clock
    issuer: str
    keys: KeyRing
    dpop_nonces: DpopNonces
    sealer: Sealer
    fetcher: Fetcher
    served: Callable[[str], Place | None]
    activity: Activity
