"""Errors: what they say, what `try` sees, where order matters."""

from typing import Any

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import compile_expression


def values(text: str, data: Any = None) -> list[object]:
    return list(compile_expression(text).all(data, {}, Budget()))


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        (".a", 1, 'Cannot index number with string ("a")'),
        (".[0]", {}, "Cannot index object with number (0)"),
        (".[]", True, "Cannot iterate over boolean (true)"),
        (". + 1", {"a": 1}, 'object ({"a":1}) and number (1) cannot be added'),
        ("1 / .", 0, "number (1) and number (0) cannot be divided because the divisor is zero"),
        ("tonumber", "abc", 'string ("abc") cannot be parsed as a number'),
        ("error", "my words", "my words"),
        ("error({code: 7})", None, 'object ({"code":7})'),
        (". - 1", "x" * 99, 'string ("' + "x" * 24 + '...") and number (1) cannot be subtracted'),
    ],
)
def test_an_error_says_what_was_done_to_what(text: str, data: object, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        values(text, data)
    assert str(caught.value) == message


def test_try_sees_any_value_that_was_raised() -> None:
    assert values("try error({a: 1}) catch .a, try error(null) catch ., try error catch length", [1, 2]) == [1, None, 2]


def test_values_before_the_error_are_kept_and_none_come_after_it() -> None:
    assert values('[(1, error("x"), 2)?], [.[] | try (if . == 2 then error("no") else . end)]', [1, 2, 3]) == [
        [1],
        [1, 3],
    ]


def test_an_error_further_down_the_pipe_is_not_caught() -> None:
    with pytest.raises(ExpressionError, match="down"):
        values('(1, 2)? | error("down")')


def test_an_error_in_the_handler_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="second"):
        values('try error("first") catch error("second")')


def test_a_question_mark_covers_only_the_last_step_of_a_path() -> None:
    assert values(".a?", [1]) == []
    assert values("(.a.b)?", [1]) == []
    with pytest.raises(ExpressionError, match='string \\("a"\\)'):
        values(".a.b?", [1])


def test_break_leaves_its_own_label_even_out_of_functions_and_loops() -> None:
    text = "[label $outer | .[] | label $inner | (1, (if . > 1 then break $outer else break $inner end), 9)]"
    assert values(text, [1, 2, 3]) == [[1, 1]]
    assert values("def f(g): label $x | g, break $x; [label $y | f(1, break $y), 2]") == [[1]]
    assert values("[label $f | recurse(if . > 3 then break $f else . + 1 end)]", 0) == [[0, 1, 2, 3, 4]]
