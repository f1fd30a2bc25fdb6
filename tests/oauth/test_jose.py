"""Signatures by ES256, which are made and checked without joserfc, against joserfc's."""

import pytest
from joserfc.jws import JWSRegistry

from gatewright.oauth import jose

TEXT = b"header.payload"
JOSERFC = JWSRegistry.algorithms["ES256"]


def test_joserfc_takes_our_signatures() -> None:
    key = jose.generate("ES256")
    for _ in range(20):  # numbers with leading zero octets among them
        signature = jose.signature_of("ES256", TEXT, key)
        assert len(signature) == 64
        assert JOSERFC.verify(TEXT, signature, key)


def test_joserfcs_signatures_are_taken() -> None:
    key = jose.generate("ES256")
    for _ in range(20):
        assert jose.is_signature("ES256", TEXT, JOSERFC.sign(TEXT, key), key)


@pytest.mark.parametrize(
    "change",
    [
        lambda signature: b"",
        lambda signature: signature[:-1],
        lambda signature: signature + b"\0",
        lambda signature: bytes(64),  # CVE-2022-21449: r and s of zero fit every text
        lambda signature: b"\xff" * 64,
        lambda signature: signature[32:] + signature[:32],
        lambda signature: signature[:-1] + bytes([signature[-1] ^ 1]),
    ],
)
def test_what_is_no_signature_of_the_text_is_refused(change) -> None:  # type: ignore[no-untyped-def]
    key = jose.generate("ES256")
    assert not jose.is_signature("ES256", TEXT, change(jose.signature_of("ES256", TEXT, key)), key)


def test_a_signature_of_another_text_or_key_is_refused() -> None:
    key = jose.generate("ES256")
    signature = jose.signature_of("ES256", TEXT, key)
    assert not jose.is_signature("ES256", TEXT + b"x", signature, key)
    assert not jose.is_signature("ES256", TEXT, signature, jose.generate("ES256"))


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256", "PS256"])
def test_other_algorithms_are_joserfcs(algorithm) -> None:  # type: ignore[no-untyped-def]
    key = jose.generate(algorithm)
    signature = jose.signature_of(algorithm, TEXT, key)
    assert JWSRegistry.algorithms[algorithm].verify(TEXT, signature, key)
    assert jose.is_signature(algorithm, TEXT, signature, key)
