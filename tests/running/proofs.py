"""DPoP proofs (RFC 9449 §4.2) as a client makes them: by PyJWT, which knows nothing of ours."""

import base64
import hashlib
import json
from collections.abc import Iterator
from itertools import count
from typing import Any
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import ECAlgorithm
from jwt.algorithms import OKPAlgorithm
from jwt.algorithms import RSAAlgorithm

from tests.running.site import NOW
from tests.running.site import ORIGIN

_NUMBERS: Iterator[int] = count(1)
_MADE_FROM: Final = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
"""RFC 7638 §3.2 and RFC 8037 §2: what a thumbprint is made from."""


class ProofKey:
    """A client's key pair."""

    def __init__(self, algorithm: str = "ES256") -> None:
        self.algorithm = algorithm
        self.private, self.jwk = _made(algorithm)

    @property
    def thumbprint(self) -> str:
        """RFC 7638 §3."""
        members = {name: self.jwk[name] for name in _MADE_FROM[self.jwk["kty"]]}
        return sha256(json.dumps(members, separators=(",", ":"), sort_keys=True))

    def proof(
        self,
        path: str = "/oauth/token",
        *,
        method: str = "POST",
        access_token: str | None = None,
        header: dict[str, Any] | None = None,
        **claims: Any,
    ) -> str:
        """A proof for a request. header, claims: in place of the right ones; None leaves one out."""
        said = {"jti": f"proof-{next(_NUMBERS)}", "htm": method, "htu": ORIGIN + path, "iat": NOW}
        if access_token is not None:
            said["ath"] = sha256(access_token)
        said = {name: value for name, value in (said | claims).items() if value is not None}
        shown = {"typ": "dpop+jwt", "jwk": self.jwk} | (header or {})
        return jwt.encode(said, self.private, algorithm=self.algorithm, headers=shown)


def sha256(text: str) -> str:
    """The SHA-256 of a text in base64url."""
    return base64url(hashlib.sha256(text.encode()).digest())


def base64url(data: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _made(algorithm: str) -> tuple[Any, dict[str, Any]]:
    match algorithm:
        case "ES256":
            curve = ec.generate_private_key(ec.SECP256R1())
            return curve, ECAlgorithm.to_jwk(curve.public_key(), as_dict=True)
        case "ES384":
            curve = ec.generate_private_key(ec.SECP384R1())
            return curve, ECAlgorithm.to_jwk(curve.public_key(), as_dict=True)
        case "EdDSA":
            edwards = ed25519.Ed25519PrivateKey.generate()
            return edwards, OKPAlgorithm.to_jwk(edwards.public_key(), as_dict=True)
        case _:
            pair = rsa.generate_private_key(65537, 2048)
            return pair, RSAAlgorithm.to_jwk(pair.public_key(), as_dict=True)
