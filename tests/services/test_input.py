import pytest

from gatewright.services.catalogue import Service
from gatewright.services.errors import ServiceError
from gatewright.services.input import merge_input
from gatewright.services.schema import list_names
from gatewright.services.schema import readers

SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "limit": {"type": "integer"},
        "ratio": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "deep": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "counts": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        "level": {"enum": [1, 2]},
        "either": {"type": ["integer", "string"]},
    },
}
SERVICE = Service(
    name="a:b",
    kind="flow",
    package="P",
    file="f",
    input_schema=SCHEMA,
    lists=list_names(SCHEMA),
    readers=readers(SCHEMA),
)


def test_texts_become_what_the_schema_says() -> None:
    merged = merge_input(
        SERVICE,
        path={"id": "007"},
        query=[("limit", "5"), ("ratio", "1.5"), ("deep", "true"), ("level", "2"), ("either", "9"), ("free", "1")],
        form=[("tags", "a"), ("tags", "2"), ("counts", "3")],
    )
    assert merged == {"id": "007", "limit": 5, "ratio": 1.5, "deep": True, "level": 2, "either": "9", "free": "1",
                      "tags": ["a", "2"], "counts": [3]}  # fmt: skip


@pytest.mark.parametrize("text", ["", " 5", "5 ", "0x5", "1_000", "٥", "05", "1e999", "NaN", "1" * 200, "True"])
def test_text_that_does_not_fit_stays_a_text_for_the_service_to_refuse(text) -> None:
    for name in ("limit", "ratio", "deep"):
        assert merge_input(SERVICE, query=[(name, text)])[name] == text


def test_json_body_is_never_reinterpreted() -> None:
    assert merge_input(SERVICE, path={"id": "1"}, body={"limit": "5"}) == {"limit": "5", "id": "1"}


@pytest.mark.parametrize(
    "parts",
    [
        {"path": {"id": "1"}, "query": [("id", "1")]},
        {"path": {"id": "1"}, "body": {"id": "1"}},
        {"query": [("id", "1")], "body": {"id": "1"}},
        {"query": [("tags", "1")], "form": [("tags", "2")]},
        {"query": [("id", "1"), ("id", "1")]},
        {"form": [("limit", "1"), ("limit", "2")]},
    ],
)
def test_name_given_twice_is_a_400_that_names_it(parts) -> None:
    with pytest.raises(ServiceError) as caught:
        merge_input(SERVICE, **parts)
    assert caught.value.status == 400
    assert "give it once" in caught.value.detail


@pytest.mark.parametrize("body", [[], "text", 5, True])
def test_body_that_is_no_object_is_a_400(body) -> None:
    with pytest.raises(ServiceError, match="JSON object"):
        merge_input(SERVICE, body=body)
