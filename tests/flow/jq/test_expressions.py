"""Expressions and templates as the flow language uses them."""

import json

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import ExpressionProblem
from gatewright.flow.jq import compile_expression
from gatewright.flow.jq import compile_template


def test_first_gives_the_first_of_several_values() -> None:
    assert compile_expression(".[]").first([3, 1, 2], {}, Budget()) == 3


def test_all_gives_every_value_in_order() -> None:
    assert list(compile_expression(".[] | . * 2").all([3, 1, 2], {}, Budget())) == [6, 2, 4]


def test_an_expression_without_a_value_is_an_error_for_first_and_nothing_for_all() -> None:
    expression = compile_expression("empty")
    with pytest.raises(ExpressionError, match="no value"):
        expression.first(None, {}, Budget())
    assert list(expression.all(None, {}, Budget())) == []


def test_later_values_are_not_computed_for_the_first() -> None:
    assert compile_expression('1, error("never")').first(None, {}, Budget()) == 1


def test_only_variables_that_are_used_are_read() -> None:
    class Refusing(dict[str, object]):
        def __missing__(self, name: str) -> object:
            raise AssertionError(name)

    expression = compile_expression("$input.a", variables=frozenset({"input", "context"}))
    assert expression.names == {"input"}
    assert expression.first(None, Refusing(input={"a": 1}), Budget()) == 1


def test_a_variable_that_is_not_offered_is_a_problem_with_its_place() -> None:
    with pytest.raises(ExpressionProblem) as caught:
        compile_expression(".a + $secret", variables=frozenset({"input"}))
    assert caught.value.offset == 5
    assert "$secret" in caught.value.message
    assert "$input" in caught.value.message


def test_a_variable_that_the_run_lacks_is_an_error_of_the_run() -> None:
    expression = compile_expression("$input", variables=frozenset({"input"}))
    with pytest.raises(ExpressionError, match=r"\$input"):
        expression.first(None, {}, Budget())


def test_a_template_renders_whole_expressions_and_leaves_other_strings_alone() -> None:
    template = compile_template(
        {"id": "${ .id }", "list": ["${ $item }", "plain ${ .id }", 7], "deep": {"k": [True, None]}},
        variables=frozenset({"item", "context"}),
    )
    assert template.names == {"item"}
    assert template.render({"id": 5}, {"item": "i"}, Budget()) == {
        "id": 5,
        "list": ["i", "plain ${ .id }", 7],
        "deep": {"k": [True, None]},
    }


def test_a_template_takes_the_first_value_of_each_expression() -> None:
    assert compile_template(["${ .[] }", "${ .[1:] | .[] }"]).render([1, 2], {}, Budget()) == [1, 2]


def test_a_template_whose_expression_has_no_value_is_an_error() -> None:
    with pytest.raises(ExpressionError, match="no value"):
        compile_template({"a": "${ empty }"}).render(None, {}, Budget())


def test_a_problem_in_a_template_tells_pointer_and_offset() -> None:
    with pytest.raises(ExpressionProblem) as caught:
        compile_template({"a/b": [0, "${ .x | unknown_thing }"]})
    assert caught.value.pointer == "/a~1b/1"
    assert caught.value.offset == len("${ .x | ")


def test_data_is_not_changed_by_updates_on_it() -> None:
    data = {"a": {"b": [1, 2]}, "c": 1}
    result = compile_expression(".a.b[0] = 9 | .a.b |= map(. + 1) | del(.c) | .d.e += 1").first(data, {}, Budget())
    assert result == {"a": {"b": [10, 3]}, "d": {"e": 1}}
    assert data == {"a": {"b": [1, 2]}, "c": 1}


def test_text_in_data_is_never_evaluated() -> None:
    hostile = {"a": "${ .b }", "b": "__import__('os')", "__class__": 1}
    assert compile_template({"x": "${ .a }"}).render(hostile, {}, Budget()) == {"x": "${ .b }"}


@pytest.mark.parametrize(
    "text",
    [
        "'+__import__('os').getcwd()+'",
        "\"+__import__('os').getcwd()+\"",
        "\"'); x('",
        "\n\\n",
        "\\",
        "{x}%s\0",
        "\u2028'''\"\"\"",
        "k0",
        "x" * 500 + "'\"",
    ],
)
def test_a_literal_comes_out_as_it_went_in_wherever_it_stands(text: str) -> None:
    quoted = json.dumps(text)
    assert compile_expression(quoted).first(None, {}, Budget()) == text
    assert compile_expression(f"{{{quoted}: 1}}").first(None, {}, Budget()) == {text: 1}
    assert compile_expression(f".[{quoted}]").first({text: 2}, {}, Budget()) == 2
    assert compile_expression(f'"\\(1)" + {quoted}').first(None, {}, Budget()) == "1" + text
    assert compile_expression(f". == {quoted}").first(text, {}, Budget()) is True
    assert compile_template({text: ["${ . }", text]}).render(3, {}, Budget()) == {text: [3, text]}


def test_only_an_expression_that_reads_the_clock_is_impure() -> None:
    assert compile_expression("map(.a) | todate? // 1").pure
    assert not compile_expression("[.[] | {at: (now | todate)}]").pure
