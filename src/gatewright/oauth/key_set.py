"""Public keys of others (RFC 7517): registered inline, or fetched from where they say their keys are."""

import hashlib
from collections.abc import Sequence
from typing import Any
from typing import Final
from typing import Protocol

import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jwk import Key
from joserfc.jwk import OKPKey
from joserfc.jwk import RSAKey
from joserfc.jwk import import_key

from gatewright.kernel.fetching import Document
from gatewright.kernel.fetching import Fetcher
from gatewright.kernel.fetching import FetchFailed
from gatewright.kernel.memory import WeighedMemory

ASYMMETRIC: Final = ("ES256", "ES384", "ES512", "EdDSA", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
"""The signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1) that a public key verifies here."""

_RSA: Final = ("PS256", "PS384", "PS512", "RS256", "RS384", "RS512")
_BY_CURVE: Final = {"P-256": ("ES256",), "P-384": ("ES384",), "P-521": ("ES512",), "Ed25519": ("EdDSA",)}
_PUBLIC_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})
_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_RSA_BITS: Final = range(2048, 8193)  # RFC 7518 §3.3 has the least; more would only cost us time
_SHORTEST_MODULUS: Final = 342  # characters of base64url
_LONGEST_EXPONENT: Final = 6  # characters of base64url: 32 bits and a bit
_MOST_KEYS: Final = 100


class KeySource(Protocol):
    """Whoever has keys: one of `jwks` (a JWK Set) and `jwks_uri`."""

    @property
    def jwks(self) -> dict[str, Any] | None: ...  # noqa: D102
    @property
    def jwks_uri(self) -> str: ...  # noqa: D102


class PublicKey(msgspec.Struct, frozen=True):
    """A key that may verify signatures by these algorithms, and no others."""

    kid: str | None
    algorithms: tuple[str, ...]
    key: Key


class KeySet(msgspec.Struct, frozen=True):
    """The keys of one source at one moment. `document`: what they were read from, if it was fetched."""

    keys: tuple[PublicKey, ...]
    document: Document | None = None

    def fitting(self, kid: str | None, algorithm: str) -> list[PublicKey]:
        """The keys that a signature by `algorithm` under `kid` may be of."""
        return [
            each
            for each in self.keys
            if algorithm in each.algorithms and (kid is None or each.kid is None or each.kid == kid)
        ]


class _Set(msgspec.Struct):
    keys: list[dict[str, Any]]


_parsed: WeighedMemory[bytes, tuple[PublicKey, ...]] = WeighedMemory(2000, len, 5000)
"""Keys by the digest of the text they were read from: reading them takes longer than verifying does."""


async def current(source: KeySource, fetcher: Fetcher) -> KeySet:
    """The source's keys, remembered by HTTP's rules when they are fetched. Raises FetchFailed."""
    if source.jwks_uri:
        document = await fetcher.get(source.jwks_uri)
        return KeySet(_keys(document.body), document)
    return KeySet(_keys(msgspec.json.encode(source.jwks)) if source.jwks else ())


async def renewed(source: KeySource, seen: KeySet, fetcher: Fetcher) -> KeySet:
    """The keys asked for again, because `seen` has none that fits: a new one may have been made. At most now and then."""
    if seen.document is None:
        return seen
    document = await fetcher.renewed(source.jwks_uri, seen.document)
    return seen if document is seen.document else KeySet(_keys(document.body), document)


def problem(document: object) -> str | None:
    """Why a JWK Set that somebody wants to register will not do; None when it will."""
    try:
        found = msgspec.convert(document, _Set).keys
    except msgspec.ValidationError:
        return 'This must be a JWK Set: an object with "keys", a list of keys (RFC 7517 §5).'
    if not 0 < len(found) <= _MOST_KEYS:
        return f"A JWK Set has 1 to {_MOST_KEYS} keys."
    if any(not _PRIVATE_MEMBERS.isdisjoint(jwk) for jwk in found):
        return "Register public keys only: this set holds a private or symmetric key, which must now count as leaked."
    unusable = [number for number, jwk in enumerate(found, 1) if _usable(jwk) is None]
    if unusable:
        return f"Key {unusable[0]} cannot verify signatures: RSA of 2048 bits or more, P-256, P-384, P-521 and Ed25519 can."
    return None


def _keys(text: bytes) -> tuple[PublicKey, ...]:
    name = hashlib.sha256(text).digest()
    keys = _parsed.get(name)
    if keys is None:
        keys = _read(text)
        _parsed.put(name, keys)
    return keys


def _read(text: bytes) -> tuple[PublicKey, ...]:
    try:
        found: Sequence[dict[str, Any]] = msgspec.json.decode(text, type=_Set).keys
    except (msgspec.DecodeError, RecursionError):
        raise FetchFailed("what was fetched is no JWK Set") from None
    # RFC 7517 §5: "Implementations SHOULD ignore JWKs within a JWK Set that use "kty" values that are not understood
    # by them, that are missing required members, or for which values are out of the supported ranges."
    return tuple(key for jwk in found[:_MOST_KEYS] if (key := _usable(jwk)))


def _usable(jwk: dict[str, Any]) -> PublicKey | None:
    """The key with the algorithms that its type, curve and own restrictions leave; None when they leave none."""
    if jwk.get("use", "sig") != "sig" or "verify" not in _listed(jwk.get("key_ops", ["verify"])):
        return None  # RFC 7517 §4.2, §4.3
    if jwk.get("kty") == "RSA" and (
        len(str(jwk.get("n"))) < _SHORTEST_MODULUS or len(str(jwk.get("e"))) > _LONGEST_EXPONENT
    ):
        return None
    try:
        key = import_key({name: value for name, value in jwk.items() if name in _PUBLIC_MEMBERS})
        algorithms = _algorithms(key)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):  # whatever a broken key makes of the library
        return None
    if "alg" in jwk:
        algorithms = tuple(name for name in algorithms if name == jwk["alg"])
    kid = jwk.get("kid")
    return PublicKey(kid if isinstance(kid, str) else None, algorithms, key) if algorithms else None


def _algorithms(key: Key) -> tuple[str, ...]:
    """RFC 8725 §3.1: a key is used with the algorithms of its type. Symmetric keys are nobody's public keys."""
    if isinstance(key, RSAKey):
        return _RSA if key.public_key.key_size in _RSA_BITS else ()
    if isinstance(key, ECKey | OKPKey):
        return _BY_CURVE.get(str(key.curve_name), ())
    return ()


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
