"""Digests, message authentication codes, encodings and random values, by the standard library."""

import base64
import binascii
import hashlib
import hmac as hmacs
import secrets
import uuid as uuids
from typing import Literal

from gatewright.kernel.ids import row_id
from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import refusal

Algorithm = Literal["sha256", "sha384", "sha512", "sha3_256", "sha1", "md5"]
Strong = Literal["sha256", "sha384", "sha512", "sha1"]
Encoding = Literal["hex", "base64", "base64url"]
Given = Literal["text", "hex", "base64", "base64url"]


@service(inline=True)
def hash(  # noqa: A001  the service's name
    text: str, algorithm: Algorithm = "sha256", encoding: Encoding = "hex", given: Given = "text"
) -> str:
    """The digest of a text in UTF-8, or of the bytes that it encodes. sha1 and md5 protect nothing: they are for old peers."""
    return _encode(hashlib.new(algorithm, _bytes(text, given), usedforsecurity=False).digest(), encoding)


@service(inline=True)
def hmac(
    text: str,
    key: str,
    algorithm: Strong = "sha256",
    encoding: Encoding = "hex",
    given: Given = "text",
    key_given: Given = "text",
) -> str:
    """The message authentication code of a text under a key (RFC 2104)."""
    return _encode(_mac(text, key, algorithm, given, key_given), encoding)


@service(inline=True)
def verify_hmac(
    text: str,
    key: str,
    code: str,
    algorithm: Strong = "sha256",
    encoding: Encoding = "hex",
    given: Given = "text",
    key_given: Given = "text",
) -> bool:
    """Whether a code is that of the text under the key, compared in constant time. What is no code is false, not an error."""
    try:
        told = _bytes(code, encoding)
    except Exception:  # whatever a stranger sends as a signature is just wrong
        return False
    return hmacs.compare_digest(_mac(text, key, algorithm, given, key_given), told)


@service(inline=True)
def equal(first: str, second: str) -> bool:
    """Whether two texts are the same, compared in constant time."""
    return hmacs.compare_digest(first.encode(), second.encode())


@service(inline=True)
def encode(text: str, encoding: Encoding = "base64", given: Given = "text") -> str:
    """A text in UTF-8, or the bytes that it encodes, in another encoding. base64url is without padding (RFC 4648 §5)."""
    return _encode(_bytes(text, given), encoding)


@service(inline=True)
def decode(text: str, encoding: Encoding = "base64") -> str:
    """The text in UTF-8 that an encoded one holds."""
    try:
        return _bytes(text, encoding).decode()
    except UnicodeDecodeError:
        raise refusal("what it holds is no text in UTF-8") from None


@service(inline=True)
def uuid(version: Literal[4, 7] = 4) -> str:
    """A new UUID (RFC 9562): 4 is random, 7 sorts by time."""
    return row_id() if version == 7 else str(uuids.uuid4())


@service(inline=True)
def random(size: int = 32, encoding: Encoding = "base64url") -> str:
    """So many random bytes, which nobody can foresee."""
    if not 1 <= size <= 1_024:
        raise refusal("size is a number from 1 to 1024")
    return _encode(secrets.token_bytes(size), encoding)


def _mac(text: str, key: str, algorithm: str, given: Given, key_given: Given) -> bytes:
    if not key:
        raise refusal("the key is empty")
    return hmacs.digest(_bytes(key, key_given), _bytes(text, given), algorithm)


def _bytes(text: str, given: Given) -> bytes:
    try:
        if given == "text":
            return text.encode()
        if given == "hex":
            return bytes.fromhex(text)
        padded = text + "=" * (-len(text) % 4)
        return base64.b64decode(padded, b"-_" if given == "base64url" else None, validate=True)
    except (ValueError, binascii.Error, UnicodeEncodeError):
        raise refusal(f"the text is no {given}") from None


def _encode(data: bytes, encoding: Encoding) -> str:
    if encoding == "hex":
        return data.hex()
    if encoding == "base64":
        return base64.b64encode(data).decode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
