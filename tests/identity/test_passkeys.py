"""Whom passkeys are for."""

import pytest

from gatewright.identity.challenges import Challenges
from gatewright.identity.passkeys import RelyingParty
from gatewright.identity.passkeys import relying_party


@pytest.mark.parametrize(
    ("issuer", "party"),
    [
        ("https://id.example", RelyingParty("id.example", "https://id.example")),
        ("https://id.example:8443/auth", RelyingParty("id.example", "https://id.example:8443")),
        ("http://localhost:5555", RelyingParty("localhost", "http://localhost:5555")),
        ("http://id.example", None),
        ("https://192.0.2.1", None),
        ("http://127.0.0.1:5555", None),
        ("https://[::1]:5555", None),
        ("", None),
    ],
)
def test_browsers_have_passkeys_for_names_over_https_and_for_localhost(issuer: str, party: RelyingParty | None) -> None:
    assert relying_party(issuer) == party


def test_a_challenge_is_for_its_purpose_holder_time_and_server() -> None:
    now = [1_800_000_000]
    ours, theirs = Challenges(b"k" * 32, lambda: now[0]), Challenges(b"x" * 32, lambda: now[0])
    given = ours.give("sign in", "browser")
    assert ours.is_ours("sign in", "browser", given)
    assert Challenges(b"k" * 32, lambda: now[0]).is_ours("sign in", "browser", given)
    assert not ours.is_ours("proof", "browser", given)
    assert not ours.is_ours("sign in", "another", given)
    assert not ours.is_ours("sign in", "browser", given[:-1] + bytes([given[-1] ^ 1]))
    assert not ours.is_ours("sign in", "browser", bytes([given[0] ^ 1]) + given[1:])
    assert not ours.is_ours("sign in", "browser", b"")
    assert not theirs.is_ours("sign in", "browser", given)
    assert not ours.is_ours("sign in", "", ours.give("sign in", ""))
    now[0] += 600
    assert not ours.is_ours("sign in", "browser", given)


def test_two_challenges_differ() -> None:
    ours = Challenges(b"k" * 32, lambda: 1)
    assert ours.give("proof", "s") != ours.give("proof", "s")
