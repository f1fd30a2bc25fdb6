"""Demonstrating Proof of Possession (RFC 9449): whose key a DPoP proof shows, and whether it counts here and now."""

import hashlib
from base64 import urlsafe_b64encode
from hmac import compare_digest
from typing import Any
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jwk import import_key

from gatewright.kernel.memory import Memory
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth import jose
from gatewright.oauth.errors import InvalidDpopProof
from gatewright.oauth.errors import InvalidRequest
from gatewright.oauth.errors import UseDpopNonce
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.oauth.target_uri import same_target
from gatewright.store import single_use
from gatewright.store.records import Client

ALGORITHMS: Final = ("ES256", "EdDSA", "PS256", "RS256")
"""How proofs may be signed: asymmetric algorithms only (§4.2)."""

_TYP: Final = "dpop+jwt"
_MOST_CHARACTERS: Final = 8192
_LONGEST_JTI: Final = 256
_RSA_BITS: Final = range(2048, 8193)
_CURVES: Final = {"ES256": "P-256", "EdDSA": "Ed25519"}
_PUBLIC: Final = {"ES256": ("EC", "crv", "x", "y"), "EdDSA": ("OKP", "crv", "x")} | dict.fromkeys(
    ("PS256", "RS256"), ("RSA", "e", "n")
)
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class _Header(msgspec.Struct, frozen=True):
    typ: str
    alg: str
    jwk: dict[str, Any]
    crit: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Claims(msgspec.Struct, frozen=True):
    jti: str
    htm: str
    htu: str
    iat: int | float
    nonce: str | None = None
    ath: str | None = None


class _Shown(msgspec.Struct, frozen=True):
    """The public key that a header holds, and its thumbprint (RFC 7638)."""

    key: Key
    thumbprint: str


_SHOWN: Final[Memory[bytes, _Shown]] = Memory(1024)
_LONGEST_KEPT: Final = 1024


async def proven(sender: Sender, client: Client, server: AuthorizationServer) -> Sender:
    """The sender of a token request, with the key that its proof shows if it sends one (§5).

    Raises InvalidDpopProof, UseDpopNonce, InvalidRequest when the client must send one and does not.
    """
    if sender.proof is not None:
        return msgspec.structs.replace(sender, jkt=await verify(sender, server))
    # §5.2: "the authorization server MUST reject token requests from the client that do not contain the DPoP header"
    if client.dpop_bound_access_tokens:
        raise InvalidRequest(
            "This client must bind its tokens to a key: send a proof in the header DPoP.",
            rule="dpop",
            found="no proof",
            wanted="a proof in the header DPoP",
        )
    return sender


async def verify(sender: Sender, server: AuthorizationServer, access_token: str | None = None) -> str:
    """The thumbprint (RFC 7638) of the key that the sender's proof shows possession of, checked as §4.3 lists it.

    access_token: the one that came with the proof, at a resource.  Raises InvalidDpopProof, UseDpopNonce.
    """
    settings = await server.directory.settings()
    parts, header, claims = _read(sender.proof or "")
    if header.typ != _TYP:
        raise InvalidDpopProof(f"The DPoP proof's typ must be {_TYP}.")
    shown = _shown(header, parts.header)
    if not jose.is_signature(header.alg, parts.signing_input, parts.signature, shown.key):
        raise InvalidDpopProof("The DPoP proof is not signed by the key in its header.")
    if claims.htm != sender.method:
        raise InvalidDpopProof(f"The DPoP proof's htm must be {sender.method}.")
    target = server.issuer + sender.path
    if not same_target(claims.htu, target):
        raise InvalidDpopProof(f"The DPoP proof's htu must be {target}.")
    _check_nonce(claims.nonce, settings, server)
    if abs(server.clock() - claims.iat) > settings.dpop_proof_lifetime:
        raise InvalidDpopProof(f"The DPoP proof's iat is more than {settings.dpop_proof_lifetime} seconds from now.")
    if access_token is not None and not _is_hash_of(access_token, claims.ath):
        raise InvalidDpopProof("The DPoP proof's ath must be the base64url SHA-256 of the access token.")
    await _use_once(shown.thumbprint, claims, settings, server)
    return shown.thumbprint


def is_thumbprint(text: str) -> bool:
    """Whether a text has the form of a SHA-256 thumbprint in base64url, as `dpop_jkt` must (§10)."""
    return len(text) == 43 and text.isascii() and text.replace("-", "").replace("_", "").isalnum()


def _read(text: str) -> tuple[jose.Parts, _Header, _Claims]:
    """§4.3: one header field, one well-formed JWT, all required claims. Two fields are joined by a comma and no JWT."""
    parts = jose.split(text) if len(text) <= _MOST_CHARACTERS else None
    if parts is None:
        raise InvalidDpopProof("The header DPoP must hold exactly one proof, a JWT.")
    try:
        header = msgspec.json.decode(parts.header, type=_Header)
        claims = msgspec.json.decode(parts.payload, type=_Claims)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDpopProof(
            "The DPoP proof needs typ, alg and jwk in its header, and the claims jti, htm, htu and iat.",
            detail=f"proof unreadable: {error}",
        ) from None
    if header.crit is not msgspec.UNSET:
        raise InvalidDpopProof("The DPoP proof's header must have no crit.")
    return parts, header, claims


def _shown(header: _Header, text: bytes) -> _Shown:
    """The key in a header. text: the header, which clients send unchanged with each proof."""
    known = _SHOWN.get(text)
    if known is not None:
        return known
    key = _public_key(header)
    shown = _Shown(key, key.thumbprint())
    if len(text) <= _LONGEST_KEPT:
        _SHOWN.put(text, shown)
    return shown


def _public_key(header: _Header) -> Key:
    """§4.3: a supported asymmetric algorithm, and a key for it that is public."""
    if header.alg not in ALGORITHMS:
        raise InvalidDpopProof(f"The DPoP proof must be signed with {', '.join(ALGORITHMS)}.")
    if not _PRIVATE.isdisjoint(header.jwk):
        raise InvalidDpopProof(
            "The DPoP proof's jwk holds a private key, which is known to others now: make a new one."
        )
    kind, *members = _PUBLIC[header.alg]
    fits = header.jwk.get("kty") == kind and header.jwk.get("crv", None) == _CURVES.get(header.alg)
    try:
        if fits:
            key = import_key({"kty": kind, **{name: header.jwk[name] for name in members}})
            public = key.get_op_key("verify")
            if not isinstance(public, RSAPublicKey) or public.key_size in _RSA_BITS:
                return key
    except (ValueError, TypeError, KeyError, AttributeError, JoseError):
        pass
    raise InvalidDpopProof(f"The DPoP proof's jwk is no public key for {header.alg}.")


def _check_nonce(nonce: str | None, settings: GlobalSettings, server: AuthorizationServer) -> None:
    """§4.3: "if the server provided a nonce value to the client, the nonce claim matches" it; §8, §9: else give one."""
    if nonce is None and settings.dpop_nonce == "optional":
        return
    if nonce is None or not server.dpop_nonces.accepts(nonce):
        raise UseDpopNonce(
            "The DPoP proof must carry the nonce of the header DPoP-Nonce.", nonce=server.dpop_nonces.current()
        )


def _is_hash_of(access_token: str, ath: str | None) -> bool:
    expected = urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).rstrip(b"=")
    return ath is not None and compare_digest(ath.encode(), expected)


async def _use_once(thumbprint: str, claims: _Claims, settings: GlobalSettings, server: AuthorizationServer) -> None:
    """§11.1: a `jti` counts once for as long as its proof would be accepted."""
    if not 0 < len(claims.jti) <= _LONGEST_JTI:
        raise InvalidDpopProof(f"The DPoP proof's jti must have 1 to {_LONGEST_JTI} characters.")
    name = hashlib.sha256(f"dpop\0{thumbprint}\0{claims.jti}".encode()).digest()
    ends = int(claims.iat) + settings.dpop_proof_lifetime + 1
    if not await server.database.write(single_use.use, name, ends):
        raise InvalidDpopProof("The DPoP proof was used before: make a new one, with a new jti, for each request.")
