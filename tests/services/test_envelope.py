import pytest

from gatewright.services.envelope import Response
from gatewright.services.envelope import envelope
from gatewright.services.envelope import response_of
from gatewright.services.errors import ServiceError
from tests.services.conftest import ADA


def test_envelope_holds_the_request_without_what_authenticates() -> None:
    made = envelope(
        ADA,
        headers=[("X-Tag", "a"), ("x-tag", "b"), ("Authorization", "Bearer secret"), ("Cookie", "s=1")],
        path={"id": "7"},
        query=[("q", "1"), ("q", "2"), ("q", "3"), ("p", "")],
        body={"id": "7"},
        raw=b'{"id": "7"}',
    )
    assert made == {
        "headers": {"x-tag": "a, b"},
        "path": {"id": "7"},
        "query": {"q": ["1", "2", "3"], "p": ""},
        "body": {"id": "7"},
        "text": '{"id": "7"}',
        "principal": {
            "kind": "user",
            "subject": "u1",
            "username": "ada",
            "client_id": "c1",
            "actor": None,
            "scopes": ["s"],
        },
    }


def test_response_object_becomes_a_response() -> None:
    given = {"statusCode": 201, "headers": {"Location": "/orders/7", "X-Null": None}, "content": {"id": 7}}
    assert response_of(given) == Response(201, {"location": "/orders/7"}, {"id": 7})


@pytest.mark.parametrize(
    "output",
    [
        [],
        None,
        {"status": 200},
        {"statusCode": 99},
        {"statusCode": True},
        {"statusCode": "200"},
        {"headers": []},
        {"headers": {"X-A": "a\r\nSet-Cookie: b"}},
        {"headers": {"a b": "c"}},
        {"headers": {"Set-Cookie": "session=1"}},
        {"headers": {"Content-Length": "3"}},
    ],
)
def test_anything_that_cannot_be_a_response_is_a_500(output) -> None:
    with pytest.raises(ServiceError) as caught:
        response_of(output)
    assert caught.value.status == 500
