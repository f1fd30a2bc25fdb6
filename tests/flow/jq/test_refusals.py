"""What is refused when an expression is compiled: named, with its place."""

import pytest

from gatewright.flow.jq import ExpressionProblem
from gatewright.flow.jq import compile_expression


@pytest.mark.parametrize(
    ("text", "offset", "word"),
    [
        (".a | env", 5, "env"),
        ("$ENV.PATH", 0, "ENV"),
        (".x + input", 5, "input"),
        ("[inputs]", 1, "inputs"),
        ("input_filename", 0, "input_filename"),
        ("input_line_number", 0, "input_line_number"),
        ('import "a" as a; .', 0, "import"),
        ('include "a"; .', 0, "include"),
        ("lib::f", 0, "modules"),
        (". | halt", 4, "halt"),
        ('"x" | halt_error', 6, "halt_error"),
        ("debug", 0, "debug"),
        ("stderr", 0, "stderr"),
        ("get_search_list", 0, "get_search_list"),
        ("$__prog_args", 0, "__prog_args"),
        ('"\\(input)"', 3, "input"),
        ("def f: f; f", 7, "recursive"),
        ("def f: def g: f; g; f", 14, "recursive"),
        (".a as [$x] ?// $x | $x", 11, "?//"),
        ("break $out", 0, "label"),
        ("@nothing", 0, "@nothing"),
        ("lenght", 0, "length"),
        ("map(.; .)", 0, "1 arguments"),
        ("{(1): 2}", 2, "string"),
        ('test("(a)\\\\1")', 5, "invalid escape sequence"),
        ('gsub("x(?=y)"; "")', 5, "invalid perl operator"),
    ],
)
def test_a_construct_that_is_not_supported_is_named_with_its_place(text: str, offset: int, word: str) -> None:
    with pytest.raises(ExpressionProblem) as caught:
        compile_expression(text)
    assert caught.value.offset == offset
    assert word in caught.value.message


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("# only a remark", 0),
        (".a..b", 2),
        (".a |", 4),
        ("1 2", 2),
        ("[1,2", 4),
        ("{a:1,2}", 5),
        ('"abc', 0),
        ('"\\x"', 1),
        ('"\\ud800"', 1),
        ("'a'", 0),
        ("1 == 1 == 1", 7),
        ("if 1 then 2", 11),
        ("reduce .[] as $x (0)", 19),
        (".[:]", 3),
        ("{-1: 2}", 1),
    ],
)
def test_a_slip_of_the_pen_is_found_where_it_is(text: str, offset: int) -> None:
    with pytest.raises(ExpressionProblem) as caught:
        compile_expression(text)
    assert caught.value.offset == offset


def test_an_own_function_may_bear_the_name_of_one_that_is_refused() -> None:
    compile_expression("def env: 1; def input: 2; env + input")
