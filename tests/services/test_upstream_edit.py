import pytest
from hypothesis import given
from hypothesis import strategies

from gatewright.services.upstream import parse_upstream
from gatewright.services.upstream_edit import operation_renamed
from gatewright.services.upstream_edit import without_operation

HEAD = "base_url: https://erp.example.com\n"


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("operations:\n  get: {method: GET, path: /get}\n", "operations:\n  got: {method: GET, path: /get}\n"),
        (
            'operations:\n  "get":\n    method: GET\n    path: /\n',
            'operations:\n  "got":\n    method: GET\n    path: /\n',
        ),
        ("operations: {get: {method: GET, path: /}}\n", "operations: {got: {method: GET, path: /}}\n"),
    ],
)
def test_renaming_changes_the_key_alone(text: str, changed: str) -> None:
    assert operation_renamed(HEAD + text, "get", "got") == HEAD + changed


@pytest.mark.parametrize(
    "text",
    [
        "operations:\n  get: {method: GET, path: /}\n",  # the whole API would be served without it
        "operations: {get: {method: GET, path: /}, put: {method: PUT, path: /}}\n",
        "operations:\n  ? get\n  : {method: GET, path: /}\n  ? put\n  : {method: PUT, path: /}\n",
    ],
)
def test_what_cannot_be_taken_out_is_left_to_people(text: str) -> None:
    with pytest.raises(ValueError, match="by hand"):
        without_operation(HEAD + text, "get")


_NAMES = strategies.lists(strategies.sampled_from(["get", "put", "a", "list-all", "x_1"]), unique=True, min_size=2)
_STYLES = strategies.sampled_from(
    ["  {}: {{method: GET, path: /{}}}\n", "  {}:\n    method: GET\n    path: /{}\n", "  # of {}\n  {}:\n    path: /b\n\n    method: GET\n\n"]
)  # fmt: skip


@given(_NAMES, strategies.lists(_STYLES, min_size=5, max_size=5), strategies.booleans(), strategies.data())
def test_taking_one_out_leaves_the_others_as_they_are(
    names: list[str], styles: list[str], more: bool, data: strategies.DataObject
) -> None:
    blocks = [style.format(name, name) for name, style in zip(names, styles, strict=False)]
    text = HEAD + "operations:\n" + "".join(blocks) + ("query: none\n" if more else "")
    gone = data.draw(strategies.sampled_from(names))
    before, after = parse_upstream(text, ""), parse_upstream(without_operation(text, gone), "")
    assert after.operations == {name: each for name, each in before.operations.items() if name != gone}
    assert (after.query, after.base_url) == (before.query, before.base_url)
