from urllib.parse import quote_from_bytes
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.path import invoked_service
from gatewright.services.path import segments

RAW = st.lists(
    st.sampled_from([b"/", b".", b"..", b"%2f", b"%2F", b"%2e", b"%5c", b"%25", b"%252e", b"%00", b"%", b"%4", b"\\",
                     b";", b"a", b"B", b"%41", b"%c3%a9", b"\xff", b"\x7f", b"admin", b"{x}", b"%0a", b" "]),
    max_size=12,
).map(lambda parts: b"/" + b"".join(parts))  # fmt: skip


@pytest.mark.parametrize(
    ("attack", "raw"),
    [
        ("encoded slash", b"/orders/1%2F2"),
        ("encoded slash in small letters", b"/orders%2f1"),
        ("dot segment", b"/orders/./1"),
        ("parent segment", b"/orders/../admin"),
        ("encoded parent segment", b"/orders/%2e%2e/admin"),
        ("half encoded parent segment", b"/orders/.%2E/admin"),
        ("parent segment at the end", b"/orders/.."),
        ("parent segment with a parameter", b"/orders/..;x=1/admin"),
        ("parameter only", b"/orders/;x/1"),
        ("double encoding of a slash", b"/orders/1%252F2"),
        ("double encoding of dots", b"/orders/%252e%252e/admin"),
        ("double encoding of a letter", b"/%2561dmin"),
        ("backslash", b"/orders\\1"),
        ("encoded backslash", b"/orders%5C..%5Cadmin"),
        ("NUL", b"/orders/1%00"),
        ("line feed", b"/orders/1%0A"),
        ("raw control character", b"/orders/\x01"),
        ("delete", b"/orders/%7F"),
        ("C1 control character", b"/orders/%C2%85"),
        ("double slash", b"/orders//1"),
        ("leading double slash", b"//orders/1"),
        ("trailing slash", b"/orders/1/"),
        ("no slash at all", b"orders/1"),
        ("empty", b""),
        ("root", b"/"),
        ("whole address", b"http://host/orders"),
        ("broken encoding", b"/orders/%"),
        ("broken encoding in the middle", b"/orders/%4/1"),
        ("letters that are no hex digits", b"/orders/%zz"),
        ("overlong UTF-8 slash", b"/orders%C0%AF1"),
        ("bytes that are not UTF-8", b"/orders/%FF"),
        ("surrogate in UTF-8", b"/orders/%ED%A0%80"),
        ("very long", b"/" + b"a" * 9000),
        ("very many segments", b"/a" * 65),
    ],
)
def test_ambiguous_path_is_no_path(attack: str, raw: bytes) -> None:
    assert segments(raw) is None, attack


def test_segments_are_decoded_once() -> None:
    assert segments(b"/orders/%41%20b/caf%C3%A9") == ("orders", "A b", "café")
    assert segments(b"/rate/100%25") == ("rate", "100%")
    assert segments(b"/a/b.c/...") == ("a", "b.c", "...")


@given(RAW)
def test_one_more_round_of_decoding_changes_nothing(raw: bytes) -> None:
    found = segments(raw)
    if found is not None:
        assert tuple(map(unquote, found)) == found
        assert all(part and part not in (".", "..") and not set(part) & set("/\\") for part in found)


@given(RAW)
def test_path_written_again_from_its_segments_is_the_same_path(raw: bytes) -> None:
    found = segments(raw)
    if found is not None:
        again = b"/" + b"/".join(quote_from_bytes(part.encode(), safe="").encode() for part in found)
        assert segments(again) == found


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8), min_size=1, max_size=6))
def test_ordinary_segments_are_read_back(parts: list[str]) -> None:
    raw = "".join("/" + quote_from_bytes(part.encode(), safe="") for part in parts).encode()
    assert segments(raw) == tuple(parts)


def test_both_spellings_of_an_invoke_address_name_the_service() -> None:
    assert invoked_service(b"/invoke/orders.eu/get") == "orders.eu:get"
    assert invoked_service(b"/invoke/orders.eu:get") == "orders.eu:get"
    assert invoked_service(b"/invoke/orders.eu%3Aget") == "orders.eu:get"


@pytest.mark.parametrize(
    "raw",
    [b"/invoke", b"/invoke/", b"/invoke/orders", b"/invoke/a/b/c", b"/invoke/a:b/c", b"/invoke/a:b:c", b"/Invoke/a/b",
     b"/invoke/a%2Fb", b"/invoke/../oauth/token", b"/orders/a/b"],
)  # fmt: skip
def test_other_paths_invoke_nothing(raw: bytes) -> None:
    assert invoked_service(raw) is None
