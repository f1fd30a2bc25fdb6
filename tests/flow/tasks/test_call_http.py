import base64

import pytest

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from tests.flow.conftest import answer

URI = "https://t.test/x"


def call(rest="", method="get", endpoint=f"'{URI}'", after=""):
    extra = f", {rest}" if rest else ""
    return f"do: [{{a: {{call: http, with: {{method: {method}, endpoint: {endpoint}{extra}}}{after}}}}}]"


@pytest.fixture
def sent(host):
    host.answers[URI] = answer({"ok": True})
    return host.requests


async def test_query_parameters_are_encoded_and_arrays_repeated(run, sent):
    query = "query: {q: '${ .text }', n: 1.0, yes: true, list: [a, 2], none: '${ null }'}"
    await run(call(query), {"text": "a b&c/ü"})
    assert sent[0].uri == f"{URI}?q=a+b%26c%2F%C3%BC&n=1&yes=true&list=a&list=2"


async def test_query_parameters_come_after_those_of_the_address(run, sent):
    await run(call("query: '${ .q }'", endpoint=f"'{URI}?a=1'"), {"q": {"b": 2}})
    assert sent[0].uri == f"{URI}?a=1&b=2"


async def test_headers_are_sent_as_texts(run, sent):
    await run(call("headers: {X-Number: 5, X-Flag: false, X-None: '${ null }', X-Text: '${ .t }'}"), {"t": "v"})
    assert sent[0].headers == {
        "X-Number": "5",
        "X-Flag": "false",
        "X-Text": "v",
        "Accept": "application/json, */*;q=0.5",
    }


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\0", "ü"])
async def test_a_header_from_the_data_cannot_smuggle_another(run, sent, text):
    with pytest.raises(FlowError) as caught:
        await run(call("headers: {X-Text: '${ .t }'}"), {"t": text})
    assert (caught.value.status, sent) == (400, [])


async def test_a_body_is_sent_as_json(run, sent):
    await run(call("body: {n: '${ .n }', list: [1, ü]}", "post"), {"n": None})
    assert (sent[0].method, sent[0].headers["Content-Type"]) == ("POST", "application/json")
    assert sent[0].body == '{"n":null,"list":[1,"ü"]}'.encode()


async def test_a_body_may_be_any_json_value(run, sent):
    await run(call("body: '${ .list }'", "put"), {"list": [1, "a"]})
    assert sent[0].body == b'[1,"a"]'


async def test_a_form_is_sent_when_the_headers_say_so(run, sent):
    headers = "headers: {content-type: application/x-www-form-urlencoded}"
    await run(call(f"body: {{a: 'x y', b: [1, 2]}}, {headers}", "post"))
    assert (sent[0].body, sent[0].headers["content-type"]) == (b"a=x+y&b=1&b=2", "application/x-www-form-urlencoded")
    assert "Content-Type" not in sent[0].headers


async def test_a_text_under_a_content_type_of_its_own_goes_as_it_is(run, sent):
    await run(call("body: '${ .xml }', headers: {Content-Type: application/xml}", "post"), {"xml": "<a/>"})
    assert sent[0].body == b"<a/>"


async def test_the_address_is_filled_from_top_level_scalars_percent_encoded(run, host):
    host.answers["https://t.test/a%20b%2Fc/7/true"] = answer(1)
    assert await run(call(endpoint="'https://t.test/{path}/{n}/{flag}'"), {"path": "a b/c", "n": 7, "flag": True}) == 1


@pytest.mark.parametrize("given", [{}, {"id": None}, {"id": {"x": 1}}, {"id": [1]}, [1], "text"])
async def test_a_missing_value_in_the_address_is_an_error_and_nothing_is_sent(run, host, given):
    with pytest.raises(FlowError) as caught:
        await run(call(endpoint="'https://t.test/pet/{id}'"), given)
    assert caught.value.type.endswith("/errors/expression")
    assert host.requests == []


async def test_the_address_may_be_given_by_one_expression_and_is_then_no_template(run, host):
    host.answers["https://t.test/{id}"] = answer(1)
    assert await run(call(endpoint="'${ .base + \"/{id}\" }'"), {"base": "https://t.test", "id": 2}) == 1


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "t.test/x", "//t.test", "gopher://t.test", "http://", "http://[", 5]
)
async def test_an_address_from_the_data_that_is_not_http_is_refused_before_it_is_sent(run, host, address):
    with pytest.raises(FlowError) as caught:
        await run(call(endpoint="{uri: '${ .u }'}"), {"u": address})
    assert (caught.value.status, host.requests) == (400, [])


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("application/json", b'{"a": 1}', {"a": 1}),
        ("application/problem+json; charset=utf-8", b"[1]", [1]),
        ("text/plain", "ü".encode(), "ü"),
        ("application/xml", b"<a/>", "<a/>"),
        ("image/png", b"\x89PNG", base64.b64encode(b"\x89PNG").decode()),
        ("application/json", b"", None),
    ],
)
async def test_content_is_deserialized_by_its_type(run, host, kind, body, expected):
    host.answers[URI] = answer(body=body, headers={"content-type": kind})
    assert await run(call()) == expected


async def test_raw_output_is_base64(run, host):
    host.answers[URI] = answer(body=b"abc")
    assert await run(call("output: raw")) == "YWJj"


@pytest.mark.parametrize("body", [b"{", b"NaN", b'{"a": 1e999}', b"\xff"])
async def test_json_that_is_none_is_a_communication_error(run, host, body):
    host.answers[URI] = answer(body=body)
    with pytest.raises(FlowError) as caught:
        await run(call())
    assert (caught.value.type.rpartition("/")[2], caught.value.http_status) == ("communication", 502)


async def test_a_failed_call_carries_the_remote_answer_for_the_catch_and_answers_502(run, host):
    host.answers[URI] = answer({"why": "locked"}, 401, headers={"x-hint": "h"}, reason="Unauthorized")
    with pytest.raises(FlowError) as caught:
        await run(call("query: {key: hunter2}"))
    error = caught.value
    assert (error.status, error.title, error.http_status) == (401, "Unauthorized", 502)
    assert error.extensions["response"] == {
        "statusCode": 401,
        "headers": {"content-type": "application/json", "x-hint": "h"},
        "content": {"why": "locked"},
    }
    assert error.detail == "GET https://t.test/x answered 401 Unauthorized"
    assert error.problem()["status"] == 502


async def test_the_remote_answer_in_an_error_is_bounded(run, host):
    host.answers[URI] = answer(body=b"x" * 1_000_000, status=500, headers={"content-type": "text/plain"})
    with pytest.raises(FlowError) as caught:
        await run(call())
    assert len(caught.value.extensions["response"]["content"]) < 20_000


@pytest.mark.parametrize(
    ("failure", "kind", "status"),
    [("timeout", "timeout", 504), ("unreachable", "communication", 502), ("refused", "communication", 502)],
)
async def test_no_answer_is_a_communication_error_or_a_timeout(run, host, failure, kind, status):
    host.answers[URI] = HttpFailure(failure, "it is so")
    with pytest.raises(FlowError) as caught:
        await run(call())
    assert (caught.value.type.rpartition("/")[2], caught.value.http_status) == (kind, status)
    assert caught.value.instance == "/do/0/a"


async def test_what_a_host_did_not_foresee_is_a_communication_error_without_its_words(run, host):
    host.answers[URI] = OSError("socket at 10.0.0.1")
    with pytest.raises(FlowError) as caught:
        await run(call())
    assert (caught.value.http_status, "10.0.0.1" in str(caught.value.problem())) == (502, False)


@pytest.mark.parametrize(("redirect", "accepted"), [("", False), ("redirect: false", False), ("redirect: true", True)])
async def test_a_redirection_is_an_error_unless_the_call_says_otherwise_and_is_never_followed(
    run, host, redirect, accepted
):
    host.answers[URI] = answer({"at": "elsewhere"}, 302, headers={"location": "https://t.test/y"})
    if accepted:
        assert await run(call(redirect)) == {"at": "elsewhere"}
    else:
        with pytest.raises(FlowError) as caught:
            await run(call(redirect))
        assert caught.value.status == 302
    assert len(host.requests) == 1


async def test_a_response_output_shows_no_authorization(run, host, sent):
    endpoint = f"{{uri: '{URI}', authentication: {{bearer: {{token: hunter2}}}}}}"
    output = await run(call("output: response, headers: {Authorization: Bearer hunter2, X-A: b}", endpoint=endpoint))
    assert sent[0].headers["Authorization"] == "Bearer hunter2"
    assert output["request"]["headers"] == {"X-A": "b", "Accept": "application/json, */*;q=0.5"}
