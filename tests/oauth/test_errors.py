"""Error responses (RFC 6749 §5.2)."""

import re

from hypothesis import given
from hypothesis import strategies

from gatewright.oauth.errors import InvalidRequest

ALLOWED = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*\Z")
"""RFC 6749 §5.2: "MUST NOT include characters outside the set"."""


@given(strategies.text())
def test_a_description_holds_only_what_the_rfc_allows(text: str) -> None:
    assert ALLOWED.match(InvalidRequest(text).body()["error_description"])


def test_the_clients_sentence_and_the_logs_detail_are_kept_apart() -> None:
    error = InvalidRequest("The code is unknown.", detail="code replayed")
    assert "replayed" not in error.body()["error_description"]
    assert str(error) == "code replayed"
