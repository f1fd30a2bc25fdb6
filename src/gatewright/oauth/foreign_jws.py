"""JWTs that others signed (RFC 7515, RFC 7519), verified as RFC 8725 has it.

The verifier says which algorithms count and where the keys come from; a token's header picks among them and nothing
more. `jwk`, `jku`, `x5c` and `x5u` in a header are not looked at.
"""

import hmac
from collections.abc import Collection
from typing import Any
from typing import Final

import msgspec
from joserfc.jws import JWSRegistry

from gatewright.kernel.fetching import Fetcher
from gatewright.oauth import jose
from gatewright.oauth import key_set
from gatewright.oauth.key_set import KeySet
from gatewright.oauth.key_set import KeySource

SYMMETRIC: Final = {"HS256": "sha256", "HS384": "sha384"}
"""The MAC algorithms (RFC 7518 §3.2), each with its hash. HS512 wants longer keys than the secrets we make."""
_MOST_TRIED: Final = 8


class Header(msgspec.Struct, frozen=True):
    """What of a header counts (RFC 7515 §4.1). `crit` and `b64`: there, or not."""

    alg: str
    kid: str | None = None
    typ: str | None = None
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    b64: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class ForeignJws(msgspec.Struct, frozen=True):
    """A compact JWS of which nothing is known to be true."""

    header: Header
    payload: bytes
    signing_input: bytes
    signature: bytes

    def claims(self) -> dict[str, Any] | None:
        """The claims set (RFC 7519 §4); None when the payload is no JSON object."""
        try:
            return msgspec.json.decode(self.payload, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError):
            return None

    def has_type(self, *names: str) -> bool:
        """Whether `typ` is one of these (RFC 7515 §4.1.9: "application/" may be left out, case does not matter)."""
        return (self.header.typ or "").lower().removeprefix("application/") in names


def read(text: str) -> ForeignJws | None:
    """The parts of a compact JWS; None when it is none, or has extensions that must be understood."""
    parts = jose.split(text)
    if parts is None:
        return None
    try:
        header = msgspec.json.decode(parts.header, type=Header)
    except (msgspec.DecodeError, RecursionError):
        return None
    # RFC 7515 §4.1.11: "If any of the listed extension Header Parameters are not understood and supported by the
    # recipient, then the JWS is invalid." We understand none; RFC 7797's `b64` would change what is signed.
    if header.crit is not msgspec.UNSET or header.b64 is not msgspec.UNSET:
        return None
    return ForeignJws(header, parts.payload, parts.signing_input, parts.signature)


async def is_signed_by(jws: ForeignJws, source: KeySource, algorithms: Collection[str], fetcher: Fetcher) -> bool:
    """Whether one of the source's keys signed it by one of these algorithms, all asymmetric. Raises FetchFailed.

    Keys that are fetched are fetched again, now and then, when none of them did: a new one may have been made.
    """
    if jws.header.alg not in algorithms or jws.header.alg not in key_set.ASYMMETRIC:
        return False
    seen = await key_set.current(source, fetcher)
    if _is_signed(jws, seen):
        return True
    again = await key_set.renewed(source, seen, fetcher)
    return again is not seen and _is_signed(jws, again)


def is_authenticated_by(jws: ForeignJws, secret: bytes, algorithms: Collection[str]) -> bool:
    """Whether it carries the MAC of that secret by one of these algorithms, all symmetric (RFC 7518 §3.2)."""
    name = SYMMETRIC.get(jws.header.alg)
    if name is None or jws.header.alg not in algorithms:
        return False
    return hmac.compare_digest(hmac.digest(secret, jws.signing_input, name), jws.signature)


def _is_signed(jws: ForeignJws, keys: KeySet) -> bool:
    algorithm = JWSRegistry.algorithms[jws.header.alg]
    fitting = keys.fitting(jws.header.kid, jws.header.alg)[:_MOST_TRIED]
    return any(algorithm.verify(jws.signing_input, jws.signature, each.key) for each in fitting)
