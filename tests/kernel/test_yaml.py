import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gatewright.kernel.yaml import Bounds
from gatewright.kernel.yaml import YamlProblem
from gatewright.kernel.yaml import load

SCALARS = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    SCALARS | st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc/~0é", max_size=4), inner, max_size=4),
    max_leaves=12,
)


def pointers(tree, at=""):
    yield at
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from pointers(value, f"{at}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from pointers(value, f"{at}/{index}")


@given(TREES)
def test_every_json_text_is_read_as_json_reads_it(tree):
    text = json.dumps(tree, ensure_ascii=False)
    read = load(text).value
    assert (read, json.dumps(read, ensure_ascii=False)) == (tree, text)


@given(TREES)
def test_what_a_yaml_writer_wrote_comes_back_and_every_value_has_a_place_in_the_text(tree):
    text = yaml.safe_dump(tree, allow_unicode=True)
    document = load(text)
    # safe_dump writes for YAML 1.1, whose quoting is stricter: strings stay strings under the core schema.
    assert document.value == tree
    lines = [*text.splitlines(), ""]
    for pointer in pointers(tree):
        line, column = document.place(pointer)
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1


def read_or_place_of_refusal(text):
    try:
        document = load(text)
    except YamlProblem as problem:
        return (problem.line, problem.column)
    json.dumps(document.value, allow_nan=False)
    return document.place("")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_with_a_place(text):
    assert read_or_place_of_refusal(text) >= (1, 1)


@given(
    st.lists(st.sampled_from(["- ", "a: ", "[", "]", "{", "}", "&a ", "*a", "\n", "  ", "!!str ", "'", '"', ",", "? "]))
)
def test_any_heap_of_yaml_signs_is_read_or_refused_with_a_place(parts):
    assert read_or_place_of_refusal("".join(parts)) >= (1, 1)


@pytest.mark.parametrize("word", ["on", "off", "no", "yes", "y", "n", "1:30", "2024-01-01", "0b1", "1_000", "<<", "="])
def test_words_that_only_yaml_1_1_converts_stay_strings(word):
    assert load(f"key: {word}").value == {"key": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[("~", None), ("Null", None), ("", None), ("TRUE", True), ("false", False)],
        *[("0x1F", 31), ("0o17", 15), ("017", 17), ("-3", -3), ("+4", 4), ("!!int 7", 7)],
        *[("1e3", 1000.0), (".5", 0.5), ("3.", 3.0), ("!!float 5", 5.0)],
        *[("!!str 5", "5"), ("'5'", "5"), ("! 5", "5")],
    ],
)
def test_scalars_follow_the_core_schema(text, value):
    read = load(f"key: {text}").value["key"]
    assert (read, type(read)) == (value, type(value))


def test_keys_are_always_text_as_written():
    assert load("404: a\ntrue: b\n~: c\n1.50: d").value == {"404": "a", "true": "b", "~": "c", "1.50": "d"}


def test_places_count_from_one_and_keys_have_their_own():
    document = load("a:\n  - x\n  - {b/c: 1}\n")
    assert document.place("") == (1, 1)
    assert document.place("/a/1/b~1c") == (3, 11)
    assert document.key_place("/a/1/b~1c") == (3, 6)
    assert document.key_place("/a/0") == (2, 5)


def test_a_pointer_to_nothing_gives_the_place_of_the_nearest_ancestor():
    assert load("a:\n  b: 1\n").place("/a/c/d") == (2, 3)


def test_an_alias_has_its_own_place_and_its_children_those_of_the_anchor():
    document = load("a: &x\n  b: 1\nc: *x\n")
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert (document.place("/c"), document.place("/c/b")) == ((3, 4), (2, 6))


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", 3, 1, "already given in line 1"),
        ("x: {k: 1, k: 2}", 1, 11, "already given"),
        ("a: .inf", 1, 4, "JSON"),
        ("a: .NaN", 1, 4, "JSON"),
        ("a: 1e999", 1, 4, "too large"),
        ("a: !custom 1", 1, 4, "tag"),
        ("a: !!python/object:os.system x", 1, 4, "tag"),
        ("a: !!int x", 1, 4, "no int"),
        ("a: !!set {}", 1, 4, "tag"),
        ("--- 1\n--- 2", 2, 1, "one document"),
        ("a: *nowhere", 1, 4, "no anchor"),
        ("a: &x [*x]", 1, 8, "no anchor"),
        ("? [1]\n: 2", 1, 3, "key"),
        ("&k a: 1\n*k : 2", 2, 1, "key"),
        ("a: [1\n", 2, 1, "expected"),
        ("a: \x07", 1, 4, "control"),
        ("a:\n- \ud800", 2, 3, "surrogate"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text, line, column, words):
    with pytest.raises(YamlProblem, match=words) as caught:
        load(text)
    assert (caught.value.line, caught.value.column) == (line, column)


def test_aliases_that_multiply_are_refused_before_anything_is_expanded():
    lines = ["a0: &a0 [x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    with pytest.raises(YamlProblem, match="more than 200000 values"):
        load("\n".join(lines))


def test_aliases_that_deepen_are_refused():
    lines = ["- &a0 [x]"] + [f"- &a{n} [*a{n - 1}]" for n in range(1, 200)]
    with pytest.raises(YamlProblem, match="deeper than 128"):
        load("\n".join(lines))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_hundred_thousand_levels_are_refused_without_a_crash(opening):
    with pytest.raises(YamlProblem):
        load(opening * 100_000)


def test_a_text_past_its_bound_is_refused():
    with pytest.raises(YamlProblem, match="longer than 10"):
        load("a: 12345678", Bounds(characters=10))


def test_a_number_of_many_digits_is_refused():
    with pytest.raises(YamlProblem, match="400 digits"):
        load("a: " + "9" * 5000)
