"""A passkey in software: what a browser and its authenticator answer (Web Authentication Level 2), and how they might lie."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode
from base64 import urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

USER_PRESENT, USER_VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One credential on one device."""

    def __init__(self, origin: str = "http://localhost:5555", rp_id: str = "localhost") -> None:
        self.origin, self.rp_id = origin, rp_id
        self.id = os.urandom(32)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.count = 0
        self.user_handle: bytes | None = None

    def create(self, options: str, **client_data: Any) -> str:
        """The answer to `navigator.credentials.create`, as JSON."""
        asked = json.loads(options)
        self.user_handle = _bytes(asked["user"]["id"])
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)})
        attested = bytes(16) + len(self.id).to_bytes(2) + self.id + cose
        data = self._data(USER_PRESENT | USER_VERIFIED | ATTESTED) + attested
        response = {
            "clientDataJSON": _text(self._client_data("webauthn.create", asked["challenge"], client_data)),
            "attestationObject": _text(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            "transports": ["internal", "telepathy"],
        }
        return self._credential(response)

    def get(self, options: str, *, verified: bool = True, **client_data: Any) -> str:
        """The answer to `navigator.credentials.get`, as JSON."""
        self.count += 1
        asked = json.loads(options)
        data = self._data(USER_PRESENT | (USER_VERIFIED if verified else 0))
        client = self._client_data("webauthn.get", asked["challenge"], client_data)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": _text(client),
            "authenticatorData": _text(data),
            "signature": _text(signature),
            "userHandle": _text(self.user_handle or b""),
        }
        return self._credential(response)

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)

    def _client_data(self, kind: str, challenge: str, changes: dict[str, Any]) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, **changes}).encode()

    def _credential(self, response: dict[str, Any]) -> str:
        return json.dumps({"id": _text(self.id), "rawId": _text(self.id), "type": "public-key", "response": response})


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
