import jsonschema_rs
import pytest

from gatewright.services.sample import sample_of

SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer", "minimum": 3}}, "required": ["a", "b"]},
    {"type": "object", "properties": {"a": {"type": "string", "maxLength": 2}}, "required": ["a"]},
    {"type": "object", "properties": {"a": {"enum": ["x", "y"]}, "n": {"const": 7}}, "required": ["a", "n"]},
    {"type": "object", "properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, "required": ["a"]},
    {"type": "object", "properties": {"t": {"$ref": "#/$defs/T"}}, "required": ["t"],
     "$defs": {"T": {"type": "object", "properties": {"list": {"type": "array", "items": {"type": "boolean"}}}, "required": ["list"]}}},
    {"type": "object", "properties": {"d": {"type": "string", "format": "date"}, "x": {"type": ["number", "null"], "exclusiveMinimum": 0}},
     "required": ["d", "x"]},
]  # fmt: skip


@pytest.mark.parametrize("schema", SCHEMAS)
def test_sample_fits_its_schema(schema) -> None:
    jsonschema_rs.validate(schema, sample_of(schema))


def test_examples_win_and_optional_properties_come_only_with_one() -> None:
    schema = {
        "type": "object",
        "properties": {"iata": {"type": "string", "examples": ["JFK"]}, "limit": {"type": "integer", "default": 10}},
    }
    assert sample_of(schema) == {"iata": "JFK"}
    assert sample_of(schema | {"examples": [{"iata": "LHR"}]}) == {"iata": "LHR"}


def test_schema_that_holds_itself_ends() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/$defs/T"}}, "required": ["child"]}
    assert "child" in sample_of(tree | {"$defs": {"T": tree}})


def test_no_schema_gives_an_empty_input() -> None:
    assert sample_of(None) == {}
