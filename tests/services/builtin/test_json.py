import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.builtin import json_

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


async def test_what_is_written_reads_back(pub) -> None:
    value = {"b": [1, 2.5, None, "ä"], "a": {"c": True}}
    assert await pub("json:serialise", value=value) == '{"b":[1,2.5,null,"ä"],"a":{"c":true}}'
    assert await pub("json:serialise", value={"b": 1, "a": 2}, indent=1, sort_keys=True) == '{\n "a": 2,\n "b": 1\n}'
    assert await pub("json:parse", text=await pub("json:serialise", value=value)) == value


@pytest.mark.parametrize("text", ["", "{", "nul", "[1,]", '"\\ud800"', "[" * 100_000, "NaN"])
async def test_what_is_no_json_is_refused(refused, text) -> None:
    await refused("json:parse", text=text)


async def test_arguments_of_a_wrong_type_are_refused(refused) -> None:
    assert "$.text" in (await refused("json:parse", text=5)).detail
    assert "text" in (await refused("json:parse")).detail
    assert "unknown 'txt'" in (await refused("json:parse", txt="1")).detail


# RFC 7396 appendix A
@pytest.mark.parametrize(
    ("base", "patch", "merged"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
async def test_merging_is_that_of_the_rfcs_examples(pub, base, patch, merged) -> None:
    before = json.dumps(base)
    assert await pub("json:merge", base=base, patch=patch) == merged
    assert json.dumps(base) == before


# RFC 6901 §5
DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "m~n": 8, " ": 7}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [("", DOCUMENT), ("/foo", ["bar", "baz"]), ("/foo/0", "bar"), ("/", 0), ("/a~1b", 1), ("/c%d", 2), ("/m~0n", 8),
     ("/ ", 7), ("/foo/2", None), ("/foo/-", None), ("/foo/0/x", None), ("/none", None)],
)  # fmt: skip
async def test_pointers_lead_where_the_rfc_says(pub, pointer, found) -> None:
    assert await pub("json:pointer", value=DOCUMENT, pointer=pointer) == found


async def test_a_schema_tells_each_misfit(pub, refused) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["b"]}
    assert await pub("json:validate", value={"a": 1, "b": 2}, schema=schema) == {"valid": True, "errors": []}
    answer = await pub("json:validate", value={"a": "x"}, schema=schema)
    assert (answer["valid"], {error["pointer"] for error in answer["errors"]}) == (False, {"/a", ""})
    assert "thing" in (await refused("json:validate", value=1, schema={"type": "thing"})).detail


async def test_lines_are_read_one_by_one(pub, refused) -> None:
    assert await pub("json:lines", text='{"a":1}\n\n[2]\n') == [{"a": 1}, [2]]
    assert "line 2" in (await refused("json:lines", text="1\nx")).detail


@given(VALUES)
def test_any_value_survives_writing_and_reading(value) -> None:
    assert json_.parse(json_.serialise(value, 2, True)) == value
