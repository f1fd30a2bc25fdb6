"""DPoP proofs (RFC 9449 §4), each with a `jti` of its own, signed beforehand."""

import json
import time
from base64 import urlsafe_b64encode
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


class Prover:
    """A client's ES256 key."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "x": _number(numbers.x), "y": _number(numbers.y)}
        self._header = _part({"typ": "dpop+jwt", "alg": "ES256", "jwk": jwk})

    def proof(self, method: str, address: str) -> str:
        """A proof for one request, good from now on."""
        claims = {"jti": uuid4().hex, "htm": method, "htu": address, "iat": int(time.time())}
        text = f"{self._header}.{_part(claims)}"
        r, s = decode_dss_signature(self._key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{_encoded(_bytes(r) + _bytes(s))}"


def _part(value: object) -> str:
    return _encoded(json.dumps(value, separators=(",", ":")).encode())


def _bytes(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _number(number: int) -> str:
    return _encoded(_bytes(number))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
