import json

import pytest

from gatewright.flow import FlowError
from gatewright.flow import load_flow
from tests.flow.conftest import HEAD
from tests.flow.conftest import answer

DOCUMENT = "https://api.test/specs/openapi.json"
BASE = "https://api.test/v1"


def parameter(name, place, **rest):
    return {"name": name, "in": place, "schema": {}, **rest}


def document(operation, path="/items", method="get", **rest):
    """OpenAPI 3 with one operation, `do`."""
    return {
        "openapi": "3.0.3",
        "servers": [{"url": "/v1"}],
        "paths": {path: {method: {"operationId": "do", **operation}}},
        **rest,
    }


def flow(parameters, rest=""):
    given = json.dumps(parameters)
    inner = f"document: {{endpoint: '{DOCUMENT}'}}, operationId: do, parameters: {given}{rest}"
    return f"do: [{{a: {{call: openapi, with: {{{inner}}}}}}}]"


@pytest.fixture
def sent(run, host):
    """Call the operation of a document; gives the request that it made."""

    async def send(given, parameters, rest="", **options):
        host.answers[DOCUMENT] = answer(given)

        class Anywhere(dict):
            def get(self, key, default=None):
                return super().get(key, answer({"ok": True}))

        host.answers = Anywhere(host.answers)
        assert await run(flow(parameters, rest), **options) == {"ok": True}
        return host.requests[-1]

    return send


@pytest.mark.parametrize(
    ("given", "value", "query"),
    [
        ({}, [1, "a b"], "?q=1&q=a+b"),
        ({"explode": False}, [1, 2], "?q=1%2C2"),
        ({"style": "pipeDelimited", "explode": False}, [1, 2], "?q=1%7C2"),
        ({"style": "spaceDelimited", "explode": False}, [1, 2], "?q=1+2"),
        ({"style": "deepObject", "explode": True}, {"a": 1, "b": "x"}, "?q%5Ba%5D=1&q%5Bb%5D=x"),
        ({}, {"a": 1, "b": True}, "?a=1&b=true"),
        ({"explode": False}, {"a": 1}, "?q=a%2C1"),
        ({"content": {"application/json": {}}}, {"a": [1]}, "?q=%7B%22a%22%3A%5B1%5D%7D"),
        ({}, None, ""),
        ({}, "", "?q="),
    ],
)
async def test_query_parameters_are_written_as_style_and_explode_say(sent, given, value, query):
    request = await sent(document({"parameters": [parameter("q", "query", **given)]}), {"q": value})
    assert request.uri == f"{BASE}/items{query}"


async def test_path_header_and_cookie_parameters(sent):
    parameters = [parameter("id", "path", required=True), parameter("X-A", "header"), parameter("c", "cookie")]
    request = await sent(
        document({"parameters": parameters}, "/items/{id}/x"), {"id": "a/b c", "X-A": [1, 2], "c": "v;w"}
    )
    assert request.uri == f"{BASE}/items/a%2Fb%20c/x"
    assert (request.headers["X-A"], request.headers["Cookie"]) == ("1,2", "c=v%3Bw")


async def test_an_operations_parameter_goes_before_that_of_its_path_and_references_are_followed(sent):
    given = document({"parameters": [{"$ref": "#/components/parameters/q"}]})
    given["components"] = {"parameters": {"q": parameter("q", "query", explode=False)}}
    given["paths"]["/items"]["parameters"] = [parameter("q", "query"), parameter("p", "query")]
    request = await sent(given, {"q": [1, 2], "p": 3})
    assert request.uri == f"{BASE}/items?q=1%2C2&p=3"


BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}


async def test_what_is_no_parameter_makes_the_body(sent):
    operation = {**BODY, "parameters": [parameter("q", "query")]}
    request = await sent(document(operation, method="post"), {"q": 1, "name": "n", "list": [1]})
    assert (request.method, request.uri) == ("POST", f"{BASE}/items?q=1")
    assert json.loads(request.body) == {"name": "n", "list": [1]}
    assert request.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("body", [[1, 2], "text", 0, False, {}, {"a": 1}])
async def test_the_argument_body_is_the_body(sent, body):
    request = await sent(document(BODY, method="put"), {"body": body})
    assert request.body == (b"text" if body == "text" else json.dumps(body, separators=(",", ":")).encode())


async def test_a_form_body(sent):
    operation = {"requestBody": {"content": {"application/x-www-form-urlencoded": {}}}}
    request = await sent(document(operation, method="post"), {"a": "x y", "b": [1, 2]})
    assert (request.body, request.headers["Content-Type"]) == (b"a=x+y&b=1&b=2", "application/x-www-form-urlencoded")


async def test_json_is_preferred_among_several_media_types(sent):
    operation = {"requestBody": {"content": {"text/xml": {}, "application/vnd.x+json": {}}}}
    request = await sent(document(operation, method="post"), {"a": 1})
    assert (request.body, request.headers["Content-Type"]) == (b'{"a":1}', "application/vnd.x+json")


@pytest.mark.parametrize(
    ("servers", "uri"),
    [
        ([{"url": "https://other.test/{v}/", "variables": {"v": {"default": "v9"}}}], "https://other.test/v9/items"),
        ([{"url": "../api"}], "https://api.test/api/items"),
        ([], "https://api.test/items"),
    ],
)
async def test_the_server_is_the_first_one_seen_from_the_document(sent, servers, uri):
    assert (await sent(document({}, servers=servers), {})).uri == uri


async def test_an_operations_own_servers_go_first(sent):
    assert (await sent(document({"servers": [{"url": "https://own.test"}]}), {})).uri == "https://own.test/items"


def swagger(operation, method="get", **rest):
    return {"swagger": "2.0", "paths": {"/items": {method: {"operationId": "do", **operation}}}, **rest}


@pytest.mark.parametrize(
    ("given", "uri"),
    [
        ({"host": "h.test", "basePath": "/b", "schemes": ["http"]}, "http://h.test/b/items"),
        ({"schemes": ["http", "https"]}, "https://api.test/items"),
        ({}, "https://api.test/items"),
    ],
)
async def test_swagger_names_host_base_path_and_scheme_or_takes_the_documents(sent, given, uri):
    assert (await sent(swagger({}, **given), {})).uri == uri


@pytest.mark.parametrize(
    ("collection", "query"),
    [("csv", "1%2C2"), ("ssv", "1+2"), ("tsv", "1%092"), ("pipes", "1%7C2"), ("multi", "1&q=2"), (None, "1%2C2")],
)
async def test_swagger_arrays_are_joined_as_their_collection_format_says(sent, collection, query):
    given = {"name": "q", "in": "query", "type": "array"} | ({"collectionFormat": collection} if collection else {})
    assert (await sent(swagger({"parameters": [given]}), {"q": [1, 2]})).uri == f"https://api.test/items?q={query}"


async def test_swagger_body_and_form(sent):
    body = {"parameters": [{"name": "pet", "in": "body", "required": True}]}
    assert (await sent(swagger(body, "post"), {"pet": {"a": 1}})).body == b'{"a":1}'
    form = {"parameters": [{"name": "a", "in": "formData"}, {"name": "b", "in": "formData"}]}
    assert (await sent(swagger(form, "post"), {"a": 1, "b": "x"})).body == b"a=1&b=x"


@pytest.mark.parametrize(
    ("operation", "parameters", "words"),
    [
        ({"parameters": [parameter("q", "query", required=True)]}, {}, "needs the parameter 'q'"),
        ({"parameters": [parameter("q", "query", required=True)]}, {"q": None}, "needs the parameter 'q'"),
        ({}, {"x": 1}, "has no parameter 'x'"),
        (BODY, {}, "needs a body"),
        (
            {"parameters": [parameter("q", "query", style="deepObject")]},
            {"q": {"a": {"b": 1}}},
            "cannot hold this value",
        ),
    ],
)
async def test_arguments_that_do_not_fit_are_a_validation_error_and_nothing_is_sent(
    run, host, operation, parameters, words
):
    host.answers[DOCUMENT] = answer(document(operation))
    with pytest.raises(FlowError, match=words) as caught:
        await run(flow(parameters))
    assert (caught.value.type.rpartition("/")[2], caught.value.status) == ("validation", 400)
    assert len(host.requests) == 1


@pytest.mark.parametrize(
    "given",
    [
        document({"operationId": "other"}),
        document({"parameters": [{"$ref": "#/components/none"}]}),
        document({"parameters": [{"$ref": "https://evil.test/x"}]}),
        document({"parameters": [{"name": "q"}]}),
        document({"parameters": 5}),
        document({}, servers=[{}]),
        {"openapi": "4.0", "paths": {}},
        {"openapi": "3.0.0"},
        {"openapi": "3.0.0", "paths": {"/x": 3}},
        {"openapi": "3.0.0", "paths": {"/x": {"$ref": "#/paths/~1x"}}},
        [],
        "text",
        swagger({"parameters": [{"name": "f", "in": "formData", "type": "file"}]}, "post"),
        swagger({"parameters": [{"name": "f", "in": "query", "collectionFormat": "odd"}]}),
    ],
)
async def test_a_document_that_cannot_be_used_is_a_configuration_error(run, host, given):
    host.answers[DOCUMENT] = answer(given)
    with pytest.raises(FlowError) as caught:
        await run(flow({}))
    assert caught.value.type.endswith("/errors/configuration")
    assert len(host.requests) == 1


async def test_a_document_in_yaml(host, run):
    text = (
        b"openapi: 3.1.0\nservers: [{url: /v1}]\npaths:\n  /items:\n    get: {operationId: do, responses: {200: {}}}\n"
    )
    host.answers[DOCUMENT] = answer(body=text, headers={"content-type": "application/yaml"})
    host.answers[f"{BASE}/items"] = answer({"ok": True})
    assert await run(flow({})) == {"ok": True}


async def test_a_document_is_fetched_once_for_all_runs_of_a_flow(host):
    host.answers |= {DOCUMENT: answer(document({})), f"{BASE}/items": answer({"ok": True})}
    loaded = load_flow(HEAD + flow({}))
    for _ in range(3):
        await loaded.run({}, host)
    assert [request.uri for request in host.requests].count(DOCUMENT) == 1


async def test_a_document_that_could_not_be_fetched_is_asked_for_again(host):
    loaded = load_flow(HEAD + flow({}))
    with pytest.raises(FlowError) as caught:
        await loaded.run({}, host)
    assert caught.value.http_status == 502
    host.answers |= {DOCUMENT: answer(document({})), f"{BASE}/items": answer({"ok": True})}
    assert await loaded.run({}, host) == {"ok": True}


async def test_authentication_goes_with_the_operation_and_not_with_the_document(run, host):
    host.answers |= {DOCUMENT: answer(document({})), f"{BASE}/items": answer({"ok": True})}
    await run(flow({}, ", authentication: {bearer: {token: t}}"))
    assert "Authorization" not in host.requests[0].headers
    assert host.requests[1].headers["Authorization"] == "Bearer t"


async def test_an_operations_failed_call_is_a_communication_error(run, host):
    host.answers |= {DOCUMENT: answer(document({})), f"{BASE}/items": answer({"why": 1}, 409)}
    with pytest.raises(FlowError) as caught:
        await run(flow({}))
    assert (caught.value.status, caught.value.http_status) == (409, 502)
    assert caught.value.extensions["response"]["content"] == {"why": 1}
