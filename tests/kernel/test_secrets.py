import base64
import hashlib
import string
import uuid
from collections import Counter

import pytest

from gatewright.kernel import secrets


def test_made_secret_has_its_prefix_its_length_and_only_letters_and_digits() -> None:
    secret = secrets.make_secret(secrets.ACCESS_TOKEN)
    assert secret.startswith("gw_at_")
    assert len(secret) == len("gw_at_") + 7 + 43 + 6
    assert set(secret.removeprefix("gw_at_")) <= set(string.ascii_letters + string.digits)


def test_made_secret_is_well_formed_for_its_own_prefix_alone() -> None:
    secret = secrets.make_secret(secrets.ACCESS_TOKEN)
    assert secrets.is_well_formed(secret, secrets.ACCESS_TOKEN)
    assert not secrets.is_well_formed(secret, secrets.REFRESH_TOKEN)


@pytest.mark.parametrize("place", [6, 20, 49, 50, 55])
def test_a_mistyped_letter_is_noticed(place: int) -> None:
    secret = secrets.make_secret(secrets.ACCESS_TOKEN)
    other = "a" if secret[place] != "a" else "b"
    assert not secrets.is_well_formed(secret[:place] + other + secret[place + 1 :], secrets.ACCESS_TOKEN)


def test_a_family_of_tokens_begins_with_its_first_one_and_each_has_256_random_bits_of_its_own() -> None:
    first = secrets.make_secret(secrets.REFRESH_TOKEN)
    second = secrets.make_successor(first)
    third = secrets.make_successor(second)
    for token in (second, third):
        assert token.startswith(first)
        assert len(token) == len(first) + 43 + 6
        assert token[-6:] == secrets._checksum(token[:-6])
    assert second[len(first) :] != third[len(first) :]
    assert {secrets.first_of_family(token) for token in (first, second, third)} == {first}


def test_every_digit_is_about_as_frequent_as_any_other() -> None:
    drawn = Counter("".join(secrets.make_secret("")[7:50] for _ in range(5000)))
    expected = 5000 * 43 / 62
    # The standard deviation is below 60; six of them are passed once in hundreds of millions of runs.
    assert set(drawn) == set(string.ascii_letters + string.digits)
    assert all(abs(count - expected) < 360 for count in drawn.values())


def test_checksum_is_crc32_in_base62() -> None:
    # CRC-32 of "123456789" is 0xCBF43926 (the check value of the catalogue of CRCs) = 3421780262.
    digits = string.digits + string.ascii_uppercase + string.ascii_lowercase
    checksum = secrets._checksum("123456789")
    number = 0
    for letter in checksum:
        number = number * 62 + digits.index(letter)
    assert (len(checksum), number) == (6, 0xCBF43926)


def test_a_digest_made_later_sorts_later(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    for nanoseconds in (1_800_000_000_000_000_000, 1_800_000_000_001_000_000, 2_500_000_000_000_000_000):
        monkeypatch.setattr("time.time_ns", lambda now=nanoseconds: now)
        digests += sorted(secrets.digest(secrets.make_secret(secrets.ACCESS_TOKEN)) for _ in range(5))
    assert digests == sorted(digests)
    assert len(set(digests)) == 15


def test_digests_of_jwts_that_begin_with_their_jti_sort_by_it() -> None:
    ids = sorted(str(uuid.UUID(int=number << 72 | 7)) for number in range(1 << 50, (1 << 50) + 300))
    digests = [secrets.digest(_jwt(f'{{"jti":"{each}","sub":"{9 - number % 10}"}}')) for number, each in enumerate(ids)]
    assert digests == sorted(digests)
    assert len(set(digests)) == 300


def test_digests_of_other_jwts_are_what_they_were() -> None:
    text = _jwt('{"iss":"http://localhost:5555","jti":"0"}')
    assert secrets.digest(text) == text[6:13].encode() + hashlib.sha256(text.encode()).digest()


def _jwt(payload: str) -> str:
    header, body = (
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in ('{"alg":"ES256"}', payload)
    )
    return f"{header}.{body}.signature"


def test_a_digest_ends_with_the_whole_sha256_of_the_secret() -> None:
    secret = secrets.make_secret(secrets.REFRESH_TOKEN)
    assert secrets.digest(secret)[-32:] == hashlib.sha256(secret.encode()).digest()
    assert secrets.digest(secret) != secrets.digest(secret + "x")
