"""The wizard for a new service."""

import json
import re

import pytest

from tests.console.conftest import errors
from tests.console.test_services import Editor
from tests.running.upstream import stand_in

__all__ = ["stand_in"]

PETS = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://pets.example/v1"}],
    "paths": {
        "/pets/{petId}": {
            "get": {
                "operationId": "getPet",
                "summary": "One pet: by its number",
                "parameters": [
                    {"name": "petId", "in": "path", "required": True, "schema": {"type": "integer", "minimum": 1}},
                    {"name": "fields", "in": "query", "schema": {"type": "string"}},
                    {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                ],
            },
        },
        "/pets": {
            "post": {
                "operationId": "addPet",
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}},
            }
        },
    },
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "friend": {"$ref": "#/components/schemas/Pet"}},
            }
        }
    },
}


def file_of(console, path):
    return (console.site.parts.packages_folder / "Shop/services" / path).read_text()


async def add(console, **fields):
    return await console.submit("/services/new", package="Shop", **fields)


async def test_flow_that_calls_a_service_takes_its_input_and_runs(console):
    said = await console.flash(await add(console, kind="service", name="desk:order", callee="orders:place"))
    assert said.startswith("Flow desk:order made")
    editor = await Editor.open(console, "desk:order")
    answer = await editor.post("run", name="desk:order", input='{"item": "tea", "amount": 2}')
    assert "&#34;item&#34;: &#34;tea&#34;" in answer.text


async def test_service_page_begins_a_flow_that_calls_it(console):
    page = await console.text("/services/new?callee=orders:place")
    assert re.search(r'value="service" checked', page)
    assert 'value="orders:place"' in page


async def test_pasted_document_offers_its_operations_and_becomes_a_flow(console):
    page = await add(console, kind="openapi", name="pets:get", document=json.dumps(PETS))
    assert page.status_code == 200
    assert [each for each in ("getPet", "addPet") if f'<option value="{each}"' in page.text] == ["getPet", "addPet"]
    said = await console.flash(await console.send(page.text, operation="getPet"))
    assert said.startswith("Flow pets:get made")
    flow = console.site.parts.catalogue.service("pets:get")
    assert not flow.problems
    assert flow.input_schema["required"] == ["petId"]
    assert flow.description == "One pet: by its number"
    text = file_of(console, "pets/get.flow.yaml")
    for line in (
        "endpoint: https://pets.example/v1/pets/{petId}", "fields: ${ .fields }", "X-Trace: ${ .\"X-Trace\" }", "method: get",
    ):  # fmt: skip
        assert line in text


async def test_body_of_an_operation_is_made_of_its_members(console):
    page = await add(console, kind="openapi", name="pets:add", document=json.dumps(PETS))
    await console.send(page.text, operation="addPet")
    text = file_of(console, "pets/add.flow.yaml")
    assert "body:\n          name: ${ .name }\n          friend: ${ .friend }" in text
    assert not console.site.parts.catalogue.service("pets:add").problems


async def test_python_file_is_made_and_its_service_answers(console):
    said = await console.flash(await add(console, kind="python", name="tools.greeting:hello"))
    assert said.startswith("Python file tools.greeting:hello made")
    editor = await Editor.open(console, "tools.greeting:hello")
    assert "Hello, Ada" in (await editor.post("run", name="tools.greeting:hello", input='{"name": "Ada"}')).text


ERP = {"kind": "upstream", "base_url": "https://erp.example.com/api"}


async def test_api_becomes_an_upstream_with_its_page(console):
    said = await console.flash(await add(console, name="desk:erp", **ERP))
    assert said.startswith("Upstream desk:erp made")
    page = await console.text("/services?name=desk:erp")
    assert "base_url: https://erp.example.com/api" in page
    assert "desk/erp.upstream.yaml" in page
    service = console.site.parts.catalogue.service("desk:erp")
    assert (service.kind, service.enabled) == ("upstream", True)


async def test_path_of_an_api_becomes_an_operation_that_runs(console, stand_in):
    base = {"kind": "upstream", "base_url": f"{stand_in.url}/api"}
    said = await console.flash(
        await add(console, name="desk.erp:order", api_path="/orders/{orderId}", method="DELETE", **base)
    )
    assert said.startswith("Upstream desk.erp:order made")
    assert "path: /orders/{orderId}" in file_of(console, "desk/erp.upstream.yaml")
    editor = await Editor.open(console, "desk.erp:order")
    assert (await editor.post("run", name="desk.erp:order", input='{"orderId": 7}')).status_code == 200
    assert (stand_in.last.method, stand_in.last.target) == ("DELETE", "/api/orders/7")
    again = await add(console, name="desk.erp:other", api_path="/other", method="GET", **base)
    assert "Shop/services/desk/erp.upstream.yaml exists already." in errors(again.text)["name"]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({**ERP, "base_url": ""}, "base_url", "Give the API's address."),
        ({**ERP, "base_url": "erp.example.com"}, "base_url", "it is an http or https address"),
        ({**ERP, "base_url": "https://ada:secret@erp.example.com"}, "base_url", "credentials do not belong into the address"),
        ({**ERP, "base_url": "https://erp.example.com/\na: b"}, "base_url", "It cannot be used"),
        ({**ERP, "name": "desk.erp:order", "api_path": "orders", "method": "GET"}, "api_path", "begins with a slash"),
        ({**ERP, "name": "desk.erp:order", "api_path": "/a/../b", "method": "GET"}, "api_path", "neither plain text nor"),
        ({**ERP, "name": "desk.erp:order", "api_path": "/orders", "method": "CONNECT"}, "method", "Choose a method."),
        ({**ERP, "name": "desk:order", "api_path": "/orders", "method": "GET"}, "name", "for instance orders.erp:get"),
        ({"kind": "service", "callee": "nobody:here"}, "callee", "Write the full name of a service"),
        ({"kind": "openapi"}, "address", "Give the document's address, or paste the document."),
        ({"kind": "openapi", "address": "ftp://x"}, "address", "An address begins with http"),
        ({"kind": "openapi", "document": "a: ["}, "document", "it is no OpenAPI document"),
        ({"kind": "openapi", "document": '{"openapi": "3.1.0", "paths": {"/a": 7}}'}, "document", ""),
        ({"kind": "openapi", "document": '{"openapi": "3.1.0", "paths": {}}'}, "document", "No operation in it has an operationId."),
        ({"kind": "openapi", "document": json.dumps(PETS), "operation": "nothing"}, "operation", "Choose an operation."),
        ({"kind": "openapi", "address": "http://127.0.0.1:1/openapi.json"}, "address", "The document cannot be fetched"),
        ({"kind": "python", "name": "tools:say-hello"}, "name", "A Python function's name has no hyphen."),
        ({"kind": "python", "name": "orders:another"}, "name", "Shop/services/orders.py exists already."),
    ],
)  # fmt: skip
async def test_what_cannot_be_made_says_why(console, fields, field, sentence):
    answer = await add(console, **{"name": "new:one", **fields})
    assert answer.status_code == 422
    assert sentence in errors(answer.text)[field]
    assert console.site.parts.catalogue.service("new:one") is None
