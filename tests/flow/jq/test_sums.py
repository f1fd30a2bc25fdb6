"""`+` has quick ways for whole numbers and small objects: they give what the long ones do."""

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import compile_expression


def value(text, data):
    return compile_expression(text).first(data, {}, Budget())


@pytest.mark.parametrize(
    ("text", "data", "expected"),
    [
        (". + 1", 1, 2),
        (".a + .b", {"a": 2, "b": -3}, -1),
        (".a + .b", {"a": 2, "b": 0.5}, 2.5),
        (".a + .b", {"a": "x", "b": "y"}, "xy"),
        (".a + .b", {"a": None, "b": 1}, 1),
        (".a + .b", {"a": [1], "b": [2]}, [1, 2]),
        (". + 1", 2**53 - 1, 2**53),
        (". + 1", 2**53, 2**53),  # as double-precision numbers have it, which jq calculates with
        ("1 + 2", None, 3),
        (". + {b: 2}", {"a": 1, "b": 1}, {"a": 1, "b": 2}),
        (". + {b: 2}", None, {"b": 2}),
        ("[.[] + 1]", [1, 2], [2, 3]),
        ("reduce .[] as $i (0; . + $i)", [1, 2, 3], 6),
        ("[limit(2; foreach .[] as $i (0; . + $i))]", [1, 2, 3], [1, 3]),
        ("map(. + {n: (.n + 1)})", [{"n": 1}], [{"n": 2}]),
    ],
)
def test_sums(text, data, expected):
    found = value(text, data)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(("text", "data"), [(". + 1", True), (".a + .b", {"a": 1, "b": True}), (". + {a: 1}", [1])])
def test_what_cannot_be_added_is_refused(text, data):
    with pytest.raises(ExpressionError, match="cannot be added"):
        value(text, data)


def test_a_large_object_is_still_charged_for():
    large = {str(number): number for number in range(100_000)}
    budget = Budget(units=10_000)
    with pytest.raises(ExpressionError, match="more work"):
        compile_expression(". + {a: 1}").first(large, {}, budget)
