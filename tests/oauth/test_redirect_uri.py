"""Redirect URIs: exact comparison, the loopback port aside (RFC 8252 §7.3, RFC 9700 §2.1)."""

import pytest

from gatewright.oauth import redirect_uri
from gatewright.store.records import Client

CLIENT = Client(
    client_id="c",
    name="c",
    redirect_uris=(
        "https://app.example/cb",
        "http://127.0.0.1:80/cb",
        "http://[::1]/cb",
        "http://localhost/cb",
        "http://127.0.0.1",
        "com.example.app:/cb",
    ),
)


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb",
        "http://127.0.0.1:80/cb",
        "http://127.0.0.1:51004/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:8080/cb",
        "http://localhost/cb",
        "http://127.0.0.1:9",
        "com.example.app:/cb",
    ],
)
def test_a_registered_uri_matches_and_a_loopback_one_on_any_port(uri: str) -> None:
    assert redirect_uri.match(uri, CLIENT) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/cb/",
        "https://app.example/cb?",
        "https://app.example/cb?x=1",
        "https://app.example/cb#",
        "https://app.example/cb#f",
        "https://app.example/CB",
        "https://APP.example/cb",
        "https://app.example:443/cb",
        "https://app.example:8443/cb",
        "https://app.example/cb/../cb",
        "https://app.example/x/../cb",
        "https://app.example/./cb",
        "https://app.example//cb",
        "https://app.example/%63b",
        "https://app.example/cb%00",
        "https://app.example/cb\x00",
        "https://app.example/cb\n",
        " https://app.example/cb",
        "https://app.example/cb ",
        "https://user@app.example/cb",
        "https://app.example@evil.example/cb",
        "https://app.example.evil.example/cb",
        "https://app.example./cb",
        "https://evil.example/https://app.example/cb",
        "https://app.example\\@evil.example/cb",
        "https://evil.example\\.app.example/cb",
        "http://app.example/cb",
        "//app.example/cb",
        "https:app.example/cb",
        "https:///app.example/cb",
        "javascript:alert(1)//https://app.example/cb",
        "com.example.app:/cb/",
        "com.example.app://cb",
        "",
    ],
)
def test_anything_near_a_registered_uri_is_another_uri(uri: str) -> None:
    assert redirect_uri.match(uri, CLIENT) is None


@pytest.mark.parametrize(
    "uri",
    [
        "http://localhost:8080/cb",
        "https://127.0.0.1:8080/cb",
        "http://127.0.0.2:8080/cb",
        "http://127.1:8080/cb",
        "http://2130706433/cb",
        "http://127.0.0.1:8080/cb2",
        "http://127.0.0.1:8080/cb?x",
        "http://127.0.0.1:8080/cb#f",
        "http://127.0.0.1:8080/%63b",
        "http://127.0.0.1:8080/../cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:0x50/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:-1/cb",
        "http://127.0.0.1:٨٠/cb",
        "http://127.0.0.1:80:80/cb",
        "http://127.0.0.1:80@evil.example/cb",
        "http://evil@127.0.0.1:80/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1:8\n0/cb",
        "http://127.0.0.1:80\\cb",
        "http://[::1%25eth0]/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "http://[::ffff:127.0.0.1]/cb",
        "http://[::1/cb",
        "http://::1/cb",
    ],
)
def test_a_loopback_uri_may_differ_in_its_port_alone(uri: str) -> None:
    assert redirect_uri.match(uri, CLIENT) is None


def test_none_asked_for_means_the_only_one_registered() -> None:
    alone = Client(client_id="c", name="c", redirect_uris=("https://app.example/cb",))
    assert redirect_uri.match(None, alone) == "https://app.example/cb"
    assert redirect_uri.match(None, CLIENT) is None
    assert redirect_uri.match(None, Client(client_id="c", name="c")) is None


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://a.example/cb", "https://a.example/cb?code=1"),
        ("https://a.example/cb?x=2", "https://a.example/cb?x=2&code=1"),
        ("https://a.example/cb?", "https://a.example/cb?code=1"),
        ("com.example:/cb", "com.example:/cb?code=1"),
    ],
)
def test_parameters_join_the_query_that_is_there(uri: str, expected: str) -> None:
    assert redirect_uri.with_parameters(uri, {"code": "1"}, "query") == expected


def test_parameters_cannot_break_out_of_their_place() -> None:
    """A state with line breaks or ampersands stays one value (response splitting, parameter injection)."""
    found = redirect_uri.with_parameters("https://a.example/cb", {"state": "\r\nSet-Cookie: x&code=evil#"}, "query")
    assert found == "https://a.example/cb?state=%0D%0ASet-Cookie%3A+x%26code%3Devil%23"
