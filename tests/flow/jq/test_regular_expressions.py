"""Regular expressions: RE2's engine with the language's flags, offsets and Unicode."""

from typing import Any

import pytest

from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import compile_expression


def values(text: str, data: Any = None) -> list[Any]:
    return list(compile_expression(text).all(data, {}, Budget()))


def test_offsets_and_lengths_count_characters_not_bytes() -> None:
    assert values('match("(?<last>.)$")', "né😀") == [
        {
            "offset": 2,
            "length": 1,
            "string": "😀",
            "captures": [{"offset": 2, "length": 1, "string": "😀", "name": "last"}],
        }
    ]


def test_word_digit_and_space_classes_know_unicode() -> None:
    assert values('[scan("\\\\w+")]', "José, Straße 7") == [["José", "Straße", "7"]]
    assert values('[scan("[\\\\w-]+")]', "å-b c") == [["å-b", "c"]]
    assert values('gsub("\\\\W"; "")', "a é!") == ["aé"]
    assert values('test("^\\\\d$"), test("^\\\\s$")', "٣") == [True, False]


@pytest.mark.parametrize(("flags", "matches"), [("", 0), ("i", 1), ("gi", 2), ("x", 0), ("ix", 1), ("p", 0), ("n", 0)])
def test_flags_choose_how_to_match(flags: str, matches: int) -> None:
    assert values(f'[match("AB"; "{flags}")] | length', "ab ab") == [matches]


def test_the_extended_flag_skips_blanks_and_remarks_outside_of_classes() -> None:
    assert values('test("a [ ] b # note\\n c"; "x")', "a bc") == [True]


def test_the_dollar_sign_stands_before_a_last_newline_and_inside_a_class_for_itself() -> None:
    assert values('test("a$"), test("[$]")', "a\n") == [True, False]


def test_a_group_that_takes_no_part_is_null() -> None:
    assert values('capture("(?<a>x)?(?<b>y)")', "y") == [{"a": None, "b": "y"}]


def test_replacement_sees_the_named_captures() -> None:
    assert values('gsub("(?<letter>[a-z])(?<digit>[0-9])"; "\\(.digit)\\(.letter)")', "a1-b2") == ["1a-2b"]


def test_empty_matches_are_found_between_all_characters() -> None:
    assert values('gsub(""; "."), [match(""; "g").offset]', "ab") == [".a.b.", [0, 1, 2]]


def test_an_unknown_flag_and_a_text_that_is_none_are_errors() -> None:
    with pytest.raises(ExpressionError, match="modifier"):
        values('test("a"; "q")', "a")
    with pytest.raises(ExpressionError, match="cannot be matched"):
        values('test("a")', 1)
