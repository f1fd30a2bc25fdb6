"""The OpenAPI document holds for the running server, and the server for the document."""

import re

import jsonschema_rs

from gatewright.web.admin_api.openapi import document
from gatewright.web.admin_api.table import OPERATIONS
from gatewright.web.admin_api.table import ROOT
from gatewright.web.admin_api.table import find

DOCUMENT = document("http://localhost:5555")


def test_every_operation_is_described_and_nothing_else() -> None:
    described = {(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert described == {(operation.method, ROOT + operation.path) for operation in OPERATIONS}


def test_every_described_operation_is_found_at_its_address() -> None:
    for operation in OPERATIONS:
        path = re.sub(r"\{\w+\}", "x", ROOT + operation.path)
        found = find(operation.method, path.encode())
        assert isinstance(found, tuple)
        assert found[0] is operation


def test_names_of_operations_and_ids_are_unique() -> None:
    ids = [each["operationId"] for methods in DOCUMENT["paths"].values() for each in methods.values()]
    assert len(set(ids)) == len(ids) == len({operation.name for operation in OPERATIONS})


def test_every_schema_that_is_referred_to_is_a_valid_json_schema() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    referred = set(re.findall(r"#/components/schemas/([^'\"]+)", str(DOCUMENT)))
    assert referred <= set(schemas)
    for name in schemas:
        wrapped = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
        jsonschema_rs.Draft202012Validator(wrapped)
