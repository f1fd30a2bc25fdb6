"""The quick way through a form gives what the careful one does, or leaves it to that."""

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies

from gatewright.oauth.errors import InvalidRequest
from gatewright.web.parameters import _plain_form
from gatewright.web.parameters import each_once
from gatewright.web.parameters import form_pairs

PIECES = [
    "a",
    "b",
    "=",
    "&",
    "%",
    "+",
    "%2",
    "%41",
    "%00",
    "%26",
    "%3D",
    "%C3%A4",
    "%C3",
    "%ED%A0%80",
    "\0",
    "ü",
    "a=1",
]


@given(strategies.lists(strategies.sampled_from(PIECES), max_size=12))
def test_a_form_read_quickly_says_what_it_says(pieces: list[str]) -> None:
    body = "".join(pieces).encode()
    found = _plain_form(body)
    assert found is None or found == each_once(form_pairs(body))


def test_a_usual_token_request_is_read_quickly() -> None:
    sent = {"grant_type": "authorization_code", "code": "gw_ac_1", "redirect_uri": "https://c.example/ä b?x=1+2&y=%"}
    assert _plain_form(urlencode(sent).encode()) == sent


@pytest.mark.parametrize("body", [b"scope=a&scope=b", b"scope=a&scop%65=b", b"state=%00"])
def test_what_must_be_refused_is_not_read_quickly(body: bytes) -> None:
    assert _plain_form(body) is None
    with pytest.raises(InvalidRequest):
        each_once(form_pairs(body))
