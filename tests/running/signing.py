"""Keys and JWTs of others, signed by PyJWT, which shares no code with the server; and JWTs that no library would sign."""

import base64
import hashlib
import hmac
import json
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import ECAlgorithm
from jwt.algorithms import OKPAlgorithm
from jwt.algorithms import RSAAlgorithm

_JWK = {"RS": RSAAlgorithm, "PS": RSAAlgorithm, "ES": ECAlgorithm, "Ed": OKPAlgorithm}
_CURVES = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


class TestKey:
    """A key pair that signs by one algorithm."""

    __test__ = False

    def __init__(self, algorithm: str, name: str = "", bits: int = 2048) -> None:
        self.algorithm = algorithm
        self.kid = name or f"key-{algorithm}"
        self.private: Any = _private(algorithm, name, bits)

    def jwk(self, **members: Any) -> dict[str, Any]:
        """The public key, with its kid unless told."""
        made = _JWK[self.algorithm[:2]].to_jwk(self.private.public_key(), as_dict=True)
        return {name: value for name, value in {**made, "kid": self.kid, **members}.items() if value is not None}

    def jwks(self) -> dict[str, Any]:
        """A JWK Set of this key."""
        return {"keys": [self.jwk()]}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        """A JWT. Give a header as None to leave it out."""
        headers = {name: value for name, value in {"kid": self.kid, **header}.items() if value is not None}
        return jwt.encode(claims, self.private, self.algorithm, headers)


@cache
def _private(algorithm: str, name: str, bits: int) -> Any:
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm]())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(65537, bits)


def forged(header: dict[str, Any], claims: dict[str, Any], *, secret: bytes = b"", signature: bytes = b"") -> str:
    """A JWT with any header: signed by HMAC-SHA-256 under `secret`, or carrying `signature`."""
    signing_input = f"{segment(json.dumps(header).encode())}.{segment(json.dumps(claims).encode())}"
    if secret:
        signature = hmac.digest(secret, signing_input.encode(), hashlib.sha256)
    return f"{signing_input}.{segment(signature)}"


def segment(text: bytes) -> str:
    """Base64url without padding (RFC 7515 §2)."""
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()
