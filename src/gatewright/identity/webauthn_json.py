"""The JSON of Web Authentication credentials (Level 3 §5.1.8): as much of it as is needed before anything is verified."""

from base64 import urlsafe_b64decode
from base64 import urlsafe_b64encode
from typing import Final

import msgspec

_LONGEST_ID: Final = 1023  # bytes (Web Authentication Level 2 §4, Credential ID)
_TRANSPORTS: Final = ("ble", "hybrid", "internal", "nfc", "smart-card", "usb")


class Credential(msgspec.Struct, frozen=True):
    """What a credential claims. Nothing of it is verified yet."""

    id: bytes
    challenge: bytes
    user_handle: bytes | None
    transports: tuple[str, ...]


class _Response(msgspec.Struct):
    client_data: str = msgspec.field(name="clientDataJSON")
    user_handle: str | None = msgspec.field(name="userHandle", default=None)
    transports: list[str] = []


class _Credential(msgspec.Struct):
    id: str
    response: _Response


class _ClientData(msgspec.Struct):
    challenge: str


def read_credential(text: str) -> Credential | None:
    """The credential that a browser sent as JSON; None when it is none."""
    try:
        sent = msgspec.json.decode(text, type=_Credential)
        client_data = msgspec.json.decode(_bytes(sent.response.client_data), type=_ClientData)
        found = Credential(
            _bytes(sent.id),
            _bytes(client_data.challenge),
            _bytes(sent.response.user_handle) if sent.response.user_handle is not None else None,
            tuple(name for name in _TRANSPORTS if name in sent.response.transports),
        )
    except (ValueError, RecursionError):
        return None
    return found if 0 < len(found.id) <= _LONGEST_ID else None


def base64url(data: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """What `base64url` made; empty when the text is not of that kind."""
    try:
        return _bytes(text)
    except ValueError:
        return b""


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
