"""Comparing `htu` with an address (RFC 9449 §4.3)."""

import pytest

from gatewright.oauth.target_uri import same_target

TARGET = "https://as.example/oauth/token"


@pytest.mark.parametrize(
    "claimed",
    [
        TARGET,
        "https://as.example:443/oauth/token",
        "HTTPS://AS.EXAMPLE/oauth/token",
        "https://as.example/oauth/token?query#fragment",
        "https://as.example/%6Fauth/%74oken",
    ],
)
def test_spellings_of_one_address_are_the_same(claimed: str) -> None:
    assert same_target(claimed, TARGET)


@pytest.mark.parametrize(
    "claimed",
    [
        "http://as.example/oauth/token",
        "https://as.example:444/oauth/token",
        "https://as.example.evil.example/oauth/token",
        "https://as.example@evil.example/oauth/token",
        "https://user@as.example/oauth/token",
        "https://as.example/OAUTH/token",
        "https://as.example/oauth%2Ftoken",
        "https://as.example/oauth/./token",
        "https://as.example/oauth/token/",
        "//as.example/oauth/token",
        "/oauth/token",
        "https:///oauth/token",
        "https://[::1/oauth/token",
        "https://as.example:99999/oauth/token",
        "",
    ],
)
def test_other_addresses_are_not(claimed: str) -> None:
    assert not same_target(claimed, TARGET)


def test_no_path_is_the_root() -> None:
    assert same_target("https://as.example", "https://as.example/")


def test_escapes_are_compared_in_one_spelling() -> None:
    assert same_target("https://as.example/a%c3%bc", "https://as.example/a%C3%BC")
    assert not same_target("https://as.example/a%c3%bc", "https://as.example/a%C3%BD")


def test_addresses_of_ipv6_hosts_keep_their_brackets() -> None:
    assert same_target("http://[::1]:80/x", "http://[::1]/x")
    assert not same_target("http://[::1]:5555/x", "http://[::1:5555]/x")
