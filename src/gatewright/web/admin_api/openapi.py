"""The Admin API's description, from the same table that requests are read by (OpenAPI 3.1)."""

from functools import lru_cache
from typing import Any
from typing import Final

import msgspec

from gatewright import __version__
from gatewright.web.admin_api.operation import FOLDER
from gatewright.web.admin_api.operation import Operation
from gatewright.web.admin_api.table import OPERATIONS
from gatewright.web.admin_api.table import ROOT

Json = dict[str, Any]


class FieldProblem(msgspec.Struct, frozen=True):
    """One refused field, and what to change."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457). reference: the request's id, under which the console explains a refusal."""

    type: str
    title: str
    status: int
    detail: str
    reference: str
    errors: tuple[FieldProblem, ...] = ()


class TokenProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Why the access token does not open this (RFC 6750 §3.1). scope: one that would do."""

    error: str
    error_description: str
    reference: str
    scope: str = ""


_PROBLEMS: Final = {
    400: "The request cannot be read.",
    404: "There is no such thing.",
    409: "It clashes with something that exists, or was changed meanwhile.",
    412: "`If-Match` names another state than the present one.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "Some fields are not valid; each is named.",
    503: "Not available now; try again after `Retry-After` seconds.",
}
_REF: Final = "#/components/schemas/{name}"
_OF_BODIES: Final = (413, 415)
_OF_CHANGES: Final = (409, 412)


@lru_cache(maxsize=4)
def document(issuer: str) -> Json:
    """The OpenAPI document. issuer: this server's address."""
    types = [each for operation in OPERATIONS for each in (operation.body, operation.answer) if each is not None]
    _, schemas = msgspec.json.schema_components([*types, Problem, TokenProblem], ref_template=_REF)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Gatewright Admin API",
            "version": __version__,
            "description": "What the console does, as REST operations. A call needs an access token whose scope lists "
            f"the folder {FOLDER}, a folder in it, or the operation's service (its x-service), and whose user or client is an "
            "administrator.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": issuer}],
        "security": [{"oauth2": []}],
        "paths": _paths(),
        "components": {"schemas": schemas, "securitySchemes": {"oauth2": _security(issuer)}},
    }


def _paths() -> Json:
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(ROOT + operation.path, {})[operation.method.lower()] = _operation(operation)
    return paths


def _operation(operation: Operation) -> Json:
    folder, _, verb = operation.name.partition(":")
    described: Json = {
        "operationId": f"{folder}_{verb}",
        "summary": operation.summary,
        "tags": [folder],
        "x-service": operation.service,
        "x-role": operation.role,
        "responses": _responses(operation),
    }
    if parameters := [*_path_parameters(operation), *_query_parameters(operation), *_conditions(operation)]:
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": _ref(operation.body)}}}
    return described


def _path_parameters(operation: Operation) -> list[Json]:
    names = [part[1:-1] for part in operation.segments if part.startswith("{")]
    schema = {"type": "string", "minLength": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(operation: Operation) -> list[Json]:
    (schema,), components = msgspec.json.schema_components([operation.query], ref_template=_REF)
    properties = components[schema["$ref"].rpartition("/")[2]].get("properties", {})
    return [
        {"name": name, "in": "query", "required": False, "schema": each, "description": each.get("description", "")}
        for name, each in properties.items()
    ]


def _conditions(operation: Operation) -> list[Json]:
    if operation.method == "POST":
        words = "The same answer again for a request that is sent again with the same key, for a day."
        schema = {"type": "string", "pattern": "^[!#-~]{1,255}$"}
        return [{"name": "Idempotency-Key", "in": "header", "required": False, "schema": schema, "description": words}]
    if operation.resource is None:
        return []
    name = "If-None-Match" if operation.method == "GET" else "If-Match"
    words = "The `ETag` that the answer or change is conditional on (RFC 9110 §13.1)."
    return [{"name": name, "in": "header", "required": False, "schema": {"type": "string"}, "description": words}]


def _responses(operation: Operation) -> Json:
    done: Json = {"description": operation.summary}
    if operation.answer is not None:
        done["content"] = {"application/json": {"schema": _ref(operation.answer)}}
    responses: Json = {str(operation.status): done}
    if operation.method == "GET" and operation.resource is not None:
        responses["304"] = {"description": "It is what `If-None-Match` names."}
    token = {"application/json": {"schema": _ref(TokenProblem)}}
    problem = {"application/problem+json": {"schema": _ref(Problem)}}
    responses["401"] = {"description": "No access token, or one that cannot be used.", "content": token}
    responses["403"] = {"description": "The token's scope or the role does not suffice.", "content": token | problem}
    for status, words in _PROBLEMS.items():
        without_body = status in _OF_BODIES and operation.body is None
        without_change = status in _OF_CHANGES and operation.method == "GET"
        if not without_body and not without_change:
            responses[str(status)] = {"description": words, "content": problem}
    return responses


def _ref(kind: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return schema


def _security(issuer: str) -> Json:
    token = f"{issuer}/oauth/token"
    return {
        "type": "oauth2",
        "description": f"An access token of this server whose scope opens the folder {FOLDER} or the operation's service.",
        "flows": {
            "authorizationCode": {"authorizationUrl": f"{issuer}/oauth/authorize", "tokenUrl": token, "scopes": {}},
            "clientCredentials": {"tokenUrl": token, "scopes": {}},
        },
    }
