"""Codes of authenticator apps, by the vectors of RFC 6238 appendix B (their last six digits)."""

from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest

from gatewright.identity import totp

SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890"


@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_of_the_rfc_match_their_step(now: int, code: str) -> None:
    assert totp.matching_step(SEED, code, now) == now // 30
    assert totp.matching_step(SEED, f"{code[:3]} {code[3:]}", now) == now // 30


@pytest.mark.parametrize(("seconds", "matches"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_differ_by_one_step(seconds: int, matches: bool) -> None:
    assert (totp.matching_step(SEED, "005924", 1234567890 + seconds) is not None) is matches


@pytest.mark.parametrize("code", ["", "00592", "0059240", "00592a", "٠٠٥٩٢٤", "\ud800", "-05924", "005924\x00"])
def test_anything_else_is_no_code(code: str) -> None:
    assert totp.matching_step(SEED, code, 1234567890) is None


def test_the_enrolment_address_names_user_and_issuer() -> None:
    seed = totp.make_seed()
    address = urlsplit(totp.enrolment_uri(seed, "ada & co", "Gatewright id.example"))
    assert (address.scheme, address.netloc) == ("otpauth", "totp")
    assert parse_qs(address.query) == {"secret": [seed], "issuer": ["Gatewright id.example"]}
    assert len(seed) == 32
    assert totp.make_seed() != seed
