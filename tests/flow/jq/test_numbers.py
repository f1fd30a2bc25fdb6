"""Numbers: exact where nothing computes, doubles where something does, and never booleans."""

from typing import Any

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import compile_expression


def value(text: str, data: Any = None) -> object:
    return compile_expression(text).first(data, {}, Budget())


def test_a_large_identifier_passes_through_unharmed() -> None:
    large = 12_345_678_901_234_567_890
    assert value("{id: .id, text: (.id | tostring), list: [.id]}", {"id": large}) == {
        "id": large,
        "text": "12345678901234567890",
        "list": [large],
    }


def test_arithmetic_beyond_2_to_the_53_is_that_of_doubles() -> None:
    assert value(". + 1", 2**53) == 2**53
    assert value(". * 3", 2**60) == float(3 * 2**60)
    assert value(". - 1", 2**53) == 2**53 - 1


def test_neighbours_beyond_2_to_the_53_are_told_apart_when_compared() -> None:
    assert value(".[0] == .[1], .[0] < .[1] | [., 1]", [2**53, 2**53 + 1])[0] is False  # type: ignore[index]
    assert value(".[0] < .[1]", [2**53, 2**53 + 1]) is True


@pytest.mark.parametrize(
    ("text", "expected"), [("6 / 2", 3), ("0.5 + 0.5", 1), ("1e3", 1000), ("10 | sqrt | . * .", 10.000000000000002)]
)
def test_a_whole_result_is_an_integer(text: str, expected: object) -> None:
    result = value(text)
    assert result == expected
    assert type(result) is type(expected)


def test_true_is_not_1_at_any_depth() -> None:
    assert value("[true == 1, [true] == [1], {a: [false]} == {a: [0]}, 1 == 1.0, [1] == [1.0]]") == [
        False,
        False,
        False,
        True,
        True,
    ]
    assert value("unique", [1, True, 1.0, False, 0]) == [False, True, 0, 1]
    assert value("index(1)", [True, 1]) == 1


def test_not_a_number_is_less_than_itself_and_equal_to_nothing() -> None:
    assert value("[nan == nan, nan < nan, nan > nan, ([nan] | sort | length)]") == [False, True, False, 1]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1.5, "1.5"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (12345678901234567890.0, "12345678901234567000"),
        (1e300, "1e+300"),
        (-2.5e-7, "-2.5e-07"),
        (float("nan"), "null"),
        (float("inf"), "1.7976931348623157e+308"),
    ],
)
def test_numbers_are_written_with_the_fewest_digits_that_read_back(number: float, text: str) -> None:
    assert value("tojson", number) == text


def test_an_integer_too_large_for_a_double_is_infinite_when_computed_with() -> None:
    assert value(". + 1", 10**400) == float("inf")
    assert value("tojson", 10**400) == "1.7976931348623157e+308"
