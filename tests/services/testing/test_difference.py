from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gatewright.services.testing.addresses import parse_address
from gatewright.services.testing.difference import difference

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=40)
@given(JSON)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert difference(value, value) == []
    assert difference(value, value, at_least=True) == []


@settings(max_examples=40)
@given(JSON, JSON)
def test_values_that_differ_are_told_apart_from_both_sides(one: Any, other: Any) -> None:
    assert bool(difference(one, other)) == bool(difference(other, one))


@pytest.mark.parametrize(
    ("expected", "actual", "lines"),
    [
        (1, 1.0, []),
        (1, True, [".: expected 1, got true"]),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, [".a.b[1]: expected 2, got 3"]),
        ([1], [1, 2], [".: expected 1 items, got 2"]),
        ({"a b": 1}, {}, ['["a b"]: expected 1, but it is not there']),
        (None, {}, [".: expected null, got {}"]),
    ],
)
def test_each_difference_has_its_path(expected: Any, actual: Any, lines: list[str]) -> None:
    assert difference(expected, actual) == lines


def test_at_least_lets_objects_and_lists_hold_more() -> None:
    assert difference({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": 2}, 3], "d": 4}, at_least=True) == []
    assert difference({"a": [1, 2]}, {"a": [1]}, at_least=True) == [".a: expected 2 items, got 1"]


def test_a_long_list_of_differences_is_cut() -> None:
    lines = difference(list(range(100)), list(range(1, 101)))
    assert len(lines) == 21
    assert lines[-1] == "… and 80 more"


@pytest.mark.parametrize(
    ("written", "method", "address", "matches"),
    [
        ("GET https://a.example/x/{id}", "GET", "https://a.example/x/7", True),
        ("GET https://a.example/x/{id}", "GET", "https://a.example/x/7/8", False),
        ("GET https://a.example/x/{id}", "POST", "https://a.example/x/7", False),
        ("* https://a.example/**", "PUT", "https://a.example/x/7/8", True),
        ("GET https://a.example/x*.json", "GET", "https://a.example/x12.json", True),
        ("GET https://a.example/x*.json", "GET", "https://a.example/x12Ajson", False),
        ("GET https://a.example", "GET", "https://a.example/", True),
        ("GET https://a.example/", "GET", "https://aXexample/", False),
    ],
)
def test_addresses_match_by_method_and_pattern(written: str, method: str, address: str, matches: bool) -> None:
    assert parse_address(written).matches(method, address, {}) is matches


def test_an_addresss_query_must_be_there_among_others() -> None:
    address = parse_address("GET https://a.example/x?page=2")
    assert address.matches("GET", "https://a.example/x", {"page": "2", "size": "9"})
    assert not address.matches("GET", "https://a.example/x", {"page": "1"})
