from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gatewright.kernel.errors import StartupError
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.sealing import fingerprint_of
from gatewright.kernel.sealing import load_master_key


def test_derived_key_is_that_of_hkdf() -> None:
    sealed = Sealer.derived(b"a presented token", "purpose").seal(b"text")
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"purpose").derive(b"a presented token")
    assert AESGCM(key).decrypt(sealed[:12], sealed[12:], b"") == b"text"


def test_another_secret_or_purpose_opens_nothing() -> None:
    sealed = Sealer.derived(b"a presented token", "purpose").seal(b"text")
    assert Sealer.derived(b"a presented token", "purpose").open(sealed) == b"text"
    assert Sealer.derived(b"another token", "purpose").open(sealed) is None
    assert Sealer.derived(b"a presented token", "other").open(sealed) is None


def test_the_first_start_makes_a_key_for_its_owner_alone(tmp_path: Path) -> None:
    made = load_master_key(tmp_path, {})
    assert load_master_key(tmp_path, {}) == made
    assert (tmp_path / "data" / "master.key").stat().st_mode & 0o777 == 0o600


def test_a_key_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    with pytest.raises(StartupError, match="cannot write"):
        load_master_key(tmp_path, {})


def test_a_fingerprint_tells_keys_apart_and_is_not_the_key() -> None:
    one, other = b"1" * 32, b"2" * 32
    assert fingerprint_of(one) == fingerprint_of(one) != fingerprint_of(other)
    assert fingerprint_of(one) not in one.hex()


def test_what_is_sealed_for_a_token_only_the_token_opens_and_for_that_purpose_alone() -> None:
    sealed = Sealer.of_token("a presented token", "purpose").seal(b"text")
    assert Sealer.of_token("a presented token", "purpose").open(sealed) == b"text"
    assert Sealer.of_token("another token", "purpose").open(sealed) is None
    assert Sealer.of_token("a presented token", "other").open(sealed) is None
    assert Sealer.derived(b"a presented token", "purpose").open(sealed) is None
