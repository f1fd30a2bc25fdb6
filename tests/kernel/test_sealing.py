from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatewright.kernel.sealing import Sealer


def test_derived_key_is_that_of_hkdf() -> None:
    sealed = Sealer.derived(b"a presented token", "purpose").seal(b"text")
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"purpose").derive(b"a presented token")
    assert AESGCM(key).decrypt(sealed[:12], sealed[12:], b"") == b"text"


def test_another_secret_or_purpose_opens_nothing() -> None:
    sealed = Sealer.derived(b"a presented token", "purpose").seal(b"text")
    assert Sealer.derived(b"a presented token", "purpose").open(sealed) == b"text"
    assert Sealer.derived(b"another token", "purpose").open(sealed) is None
    assert Sealer.derived(b"a presented token", "other").open(sealed) is None
