"""Much is sorted in parts; nobody can tell from the outcome."""

import random

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gatewright.flow.jq import Budget
from gatewright.flow.jq import compile_expression
from gatewright.flow.jq.ordering import in_order
from gatewright.flow.jq.values import order_key


@settings(max_examples=30)
@given(
    st.sampled_from([1, 3, 50, 10_000]),
    st.sampled_from([0, 1, 999, 1000, 1001, 3500, 9000]),
    st.randoms(use_true_random=False),
)
def test_ranks_come_in_order_and_equal_ones_as_they_stand(kinds: int, count: int, chance: random.Random) -> None:
    ranks = [chance.randrange(kinds) for _ in range(count)]
    assert in_order(Budget(), ranks) == sorted(range(count), key=ranks.__getitem__)


@pytest.mark.parametrize("ranks", [list(range(5000)), list(range(5000, 0, -1)), [7] * 5000, [0] * 4999 + [-1]])
def test_order_that_is_there_already_or_none_at_all(ranks: list[int]) -> None:
    assert in_order(Budget(), ranks) == sorted(range(5000), key=ranks.__getitem__)


@pytest.mark.parametrize("expression", ["sort", "unique", "group_by(.)", "sort_by(tostring)", "[min, max]"])
def test_values_of_all_kinds_by_the_thousand(expression: str) -> None:
    chance = random.Random(5)
    few = [None, True, False, 1, 2.5, "a", "b", [1], [1, 2], {"a": 1}, {"b": None}, -7]
    rows = [chance.choice(few) for _ in range(4000)]
    found = compile_expression(expression).first(rows, {}, Budget())
    in_few = compile_expression("sort").first(rows[:900], {}, Budget())
    assert in_few == sorted(rows[:900], key=order_key)
    ordered = sorted(rows, key=order_key)
    if expression == "sort":
        assert found == ordered
    elif expression == "[min, max]":
        assert found == [ordered[0], ordered[-1]]
    elif expression == "unique":
        assert found == sorted(few, key=order_key)
    elif expression == "group_by(.)":
        assert [group[0] for group in found] == sorted(few, key=order_key)
        assert sum(map(len, found)) == 4000
    else:
        assert sorted(found, key=order_key) == ordered
