"""Sealing of what must be read again: AES-256-GCM under the master key or a key derived from a secret."""

import hmac
import os
import stat
from hashlib import blake2b
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gatewright.kernel.errors import StartupError
from gatewright.kernel.randomness import random_bytes

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class Sealer:
    """Seals and opens byte strings under one 32-byte key (AES-256-GCM, a random 96-bit nonce before the text)."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def derived(cls, secret: bytes, purpose: str) -> "Sealer":
        """A sealer whose key comes from `secret` for `purpose`."""
        return cls(derived_key(secret, purpose))

    @classmethod
    def of_token(cls, token: str, purpose: str) -> "Sealer":
        """A sealer whose key comes from a token that we made, by BLAKE2b (RFC 7693); `purpose`: at most 16 letters.

        A third of what HKDF takes, which is for secrets that are less random.
        """
        return cls(blake2b(token.encode(), digest_size=_KEY_BYTES, person=purpose.encode()).digest())

    def seal(self, text: bytes, context: bytes = b"") -> bytes:
        """Encrypt `text`; `context` is authenticated with it and must be given again to open."""
        nonce = random_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text, context)

    def open(self, sealed: bytes, context: bytes = b"") -> bytes | None:
        """What was sealed, or None when key, context or text differ."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            return None


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key from `secret` by HKDF-SHA-256 (RFC 5869) with `purpose` as its info.

    Its two steps by hand: the key is one block long, and the library's takes six times as long.
    """
    extracted = hmac.digest(bytes(_KEY_BYTES), secret, "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")


def master_sealer(workspace: Path, environment: dict[str, str]) -> Sealer:
    """The sealer of all that is kept sealed in the database. Raises StartupError."""
    return Sealer.derived(load_master_key(workspace, environment), "gatewright")


def load_master_key(workspace: Path, environment: dict[str, str]) -> bytes:
    """The 32-byte master key: `GATEWRIGHT_MASTER_KEY` (64 hex digits), else `data/master.key`, made when absent.

    Raises StartupError when it is not 64 hex digits, or its file is readable by others or cannot be made.
    """
    if given := environment.get("GATEWRIGHT_MASTER_KEY"):
        return _parsed(given, "GATEWRIGHT_MASTER_KEY")
    path = workspace / "data" / "master.key"
    try:
        file = _new_file(path)
    except FileExistsError:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise StartupError(f"{path} can be read by others; run: chmod 600 {path}") from None
        return _parsed(path.read_text().strip(), str(path))
    with os.fdopen(file, "w") as stream:
        key = os.urandom(_KEY_BYTES)
        stream.write(key.hex() + "\n")
    return key


def _new_file(path: Path) -> int:
    """A file of that path, for its owner alone. Raises FileExistsError when there is one, StartupError when it cannot be."""
    try:
        path.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror}") from error
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise
    except OSError as error:
        raise StartupError(f"cannot write {path}: {error.strerror}") from error


def fingerprint_of(master_key: bytes) -> str:
    """What tells one master key from another, and nothing else about it."""
    return derived_key(master_key, "gatewright fingerprint").hex()[:32]


def _parsed(text: str, source: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise StartupError(f"{source} must be 64 hexadecimal digits (32 bytes)")
    return key
