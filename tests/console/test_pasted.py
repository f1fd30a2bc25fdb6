"""Requests as people paste them."""

import base64
import contextlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies

from gatewright.console.pasted import Pasted
from gatewright.console.pasted import of_fields
from gatewright.console.pasted import read
from gatewright.console.pasted import target_of
from gatewright.kernel.errors import Invalid

ISSUER = "http://localhost:5555"


def test_a_curl_line_with_data_is_a_form_post() -> None:
    found = read(
        "curl -u ledger:s3cret -d grant_type=client_credentials -d 'scope=a b' http://localhost:5555/oauth/token"
    )
    assert (found.method, found.address) == ("POST", "http://localhost:5555/oauth/token")
    assert found.body == "grant_type=client_credentials&scope=a b"
    credentials = base64.b64encode(b"ledger:s3cret").decode()
    assert dict(found.headers) == {
        "Authorization": f"Basic {credentials}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    assert found.notes == ()


@pytest.mark.parametrize(
    ("line", "method", "body"),
    [
        ("curl -XDELETE /a", "DELETE", ""),
        ("curl -sS -X PUT --data-raw x=1 /a", "PUT", "x=1"),
        ("curl --request=PATCH /a", "PATCH", ""),
        ("curl -sd x=1 /a", "POST", "x=1"),
        ("curl -I /a", "HEAD", ""),
        ("curl --json '{}' /a", "POST", "{}"),
        ("curl --data-urlencode 'q=a b&c' /a", "POST", "q=a+b%26c"),
        ("$ curl /a", "GET", ""),
        ("curl \\\n  -X POST \\\n  /a", "POST", ""),
        ("curl --url /a", "GET", ""),
    ],
)
def test_options_of_curl_are_read_as_curl_reads_them(line: str, method: str, body: str) -> None:
    found = read(line)
    assert (found.method, found.address, found.body) == (method, "/a", body)


def test_get_moves_data_into_the_address() -> None:
    found = read("curl -G -d a=1 -d b=2 '/search?q=x'")
    assert (found.method, found.address, found.body) == ("GET", "/search?q=x&a=1&b=2", "")


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("curl --proxy p:1 /a", "--proxy"),
        ("curl -d @body.json /a", "Files"),
        ('curl -u "x:$SECRET" /a', "shell"),
        ("curl /a /b", "second address"),
        ("curl -u ledger /a", "no password"),
    ],
)
def test_what_is_not_understood_is_told(line: str, word: str) -> None:
    assert any(word.lower() in note.lower() for note in read(line).notes)


def test_raw_http_has_its_headers_and_body_apart() -> None:
    found = read("POST /oauth/token HTTP/1.1\r\nHost: localhost:5555\r\nContent-Type: text/plain\r\n\r\na=1\r\nb=2")
    assert (found.method, found.address, found.body) == ("POST", "/oauth/token", "a=1\nb=2")
    assert dict(found.headers) == {"Host": "localhost:5555", "Content-Type": "text/plain"}


def test_the_fields_of_a_form_are_a_request_too() -> None:
    found = of_fields("POST", "/a", "X-One: 1", "body")
    assert found == Pasted(method="POST", address="/a", headers=[("X-One", "1")], body="body")


@pytest.mark.parametrize(
    "text", ["", "hello", "curl", "curl -d x=1", "curl 'open", "GET", "GET /a\nno header", "x" * 100_001]
)
def test_what_is_no_request_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(text)
    assert refused.value.errors[0].message


@given(
    strategies.text(max_size=300)
    | strategies.lists(strategies.text(max_size=20)).map(lambda w: "curl " + shlex.join(w))
)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Invalid):
        target_of(read(text), ISSUER)


@pytest.mark.parametrize(
    ("address", "issuer", "target", "noted"),
    [
        ("http://localhost:5555/a?b=1", ISSUER, "/a?b=1", False),
        ("/a", ISSUER, "/a", False),
        ("https://api.example.com/gw/oauth/token", "https://api.example.com/gw", "/oauth/token", False),
        ("https://other.example/a#x", ISSUER, "/a", True),
    ],
)
def test_the_target_is_below_the_issuer(address: str, issuer: str, target: str, noted: bool) -> None:
    _, _, found, notes = target_of(Pasted(method="GET", address=address), issuer)
    assert (found, bool(notes)) == (target, noted)
