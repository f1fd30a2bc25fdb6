"""What this server signs and takes back: compact JWS (RFC 7515 §7.1) of its own keys only.

The key decides about the algorithm, never the token (RFC 8725 §3.1). A header of ours has `alg`, `typ` and `kid` and
nothing else: there is no key or address in it to trust (`jwk`, `jku`, `x5u`), nothing critical (`crit`), no compression.
"""

import base64
import binascii
from typing import Any
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import ECKey
from joserfc.jwk import Key
from joserfc.jwk import OKPKey
from joserfc.jwk import RSAKey
from joserfc.jwk import import_key
from joserfc.jws import JWSRegistry

from gatewright.kernel.settings import SigningAlgorithm

MOST_CHARACTERS: Final = 16_384
"""The longest JWS that is signed or looked at."""

_RSA_BITS: Final = 2048
_ES256: Final = ECDSA(SHA256())
_ES256_BYTES: Final = 32
_encode: Final = msgspec.json.Encoder().encode


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of what we sign (RFC 7515 §4.1)."""

    alg: str
    typ: str
    kid: str


class OwnKey(msgspec.Struct, frozen=True):
    """A key of ours, ready to sign or to verify."""

    id: str
    algorithm: SigningAlgorithm
    key: Key


class Parts(msgspec.Struct, frozen=True):
    """A compact JWS, decoded but not looked into."""

    header: bytes
    payload: bytes
    signing_input: bytes
    signature: bytes


class Unverified(msgspec.Struct, frozen=True):
    """A JWS of our form, of which nothing is known to be true."""

    header: Header
    payload: bytes
    signing_input: bytes
    signature: bytes


def generate(algorithm: SigningAlgorithm) -> Key:
    """A new private key; its `kid` is its thumbprint (RFC 7638). RSA takes some hundred milliseconds."""
    parameters: Any = {"use": "sig", "alg": algorithm}
    key: Key
    match algorithm:
        case "ES256":
            key = ECKey.generate_key("P-256", parameters)
        case "EdDSA":
            key = OKPKey.generate_key("Ed25519", parameters)
        case "RS256" | "PS256":
            key = RSAKey.generate_key(_RSA_BITS, parameters)
    key.ensure_kid()
    return key


def own_key(key_id: str, algorithm: SigningAlgorithm, jwk: bytes) -> OwnKey:
    """A key from its JWK (RFC 7517), private or public."""
    return OwnKey(key_id, algorithm, import_key(msgspec.json.decode(jwk)))


def sign(key: OwnKey, typ: str, payload: bytes) -> str:
    """A compact JWS. `typ`: what it is, so that it passes for nothing else (RFC 8725 §3.11)."""
    header = _encode(Header(alg=key.algorithm, typ=typ, kid=key.id))
    signing_input = _base64url(header) + b"." + _base64url(payload)
    signature = signature_of(key.algorithm, signing_input, key.key)
    return (signing_input + b"." + _base64url(signature)).decode("ascii")


def read(text: str) -> Unverified | None:
    """The parts of a JWS of our form; None when it has another."""
    parts = split(text)
    if parts is None:
        return None
    try:
        return Unverified(
            header=msgspec.json.decode(parts.header, type=Header),
            payload=parts.payload,
            signing_input=parts.signing_input,
            signature=parts.signature,
        )
    except (ValueError, msgspec.DecodeError):
        return None


def split(text: str) -> Parts | None:
    """The decoded parts of a compact JWS (RFC 7515 §7.1), whoever made it; None when it is none."""
    if len(text) > MOST_CHARACTERS or not text.isascii() or text.count(".") != 2:
        return None
    header, payload, signature = text.encode("ascii").split(b".")
    try:
        return Parts(_bytes(header), _bytes(payload), header + b"." + payload, _bytes(signature))
    except ValueError:
        return None


def is_signed(unverified: Unverified, key: OwnKey, typ: str) -> bool:
    """Whether `key` signed it as a `typ`."""
    header = unverified.header
    if header.kid != key.id or header.alg != key.algorithm or header.typ != typ:
        return False
    return is_signature(key.algorithm, unverified.signing_input, unverified.signature, key.key)


def signature_of(algorithm: SigningAlgorithm, text: bytes, key: Key) -> bytes:
    """The signature of a text by a private key that is one for the algorithm (RFC 7518 §3, RFC 8037 §3.1).

    ES256 without joserfc, which takes apart the key each time: that costs more than signing.
    """
    private = key.get_op_key("sign")
    if algorithm != "ES256" or not isinstance(private, EllipticCurvePrivateKey):
        return JWSRegistry.algorithms[algorithm].sign(text, key)
    # RFC 7518 §3.4: R and S, each as 32 octets
    numbers = decode_dss_signature(private.sign(text, _ES256))
    return b"".join(number.to_bytes(_ES256_BYTES, "big") for number in numbers)


def is_signature(algorithm: str, text: bytes, signature: bytes, key: Key) -> bool:
    """Whether it is the signature of the text by the private key of a key that is one for the algorithm."""
    public = key.get_op_key("verify")
    if algorithm != "ES256" or not isinstance(public, EllipticCurvePublicKey):
        return JWSRegistry.algorithms[algorithm].verify(text, signature, key)
    if len(signature) != 2 * _ES256_BYTES:
        return False
    r, s = (int.from_bytes(part, "big") for part in (signature[:_ES256_BYTES], signature[_ES256_BYTES:]))
    try:
        public.verify(encode_dss_signature(r, s), text, _ES256)
    except InvalidSignature:
        return False
    return True


def _base64url(text: bytes) -> bytes:
    return base64.urlsafe_b64encode(text).rstrip(b"=")


def _bytes(segment: bytes) -> bytes:
    """Base64url without padding (RFC 7515 §2); raises ValueError for anything else."""
    if b"+" in segment or b"/" in segment or b"=" in segment:
        raise binascii.Error("not base64url")
    return base64.b64decode(segment + b"=" * (-len(segment) % 4), b"-_", validate=True)
