"""One operation of the OpenAPI description: what it takes, what it answers, and where its schemas stand."""

from collections.abc import Mapping
from typing import Any
from typing import Final

from gatewright.services.catalogue import Service
from gatewright.services.csv_body import rows_input
from gatewright.services.negotiation import JSON
from gatewright.services.negotiation import offered
from gatewright.services.schema import properties
from gatewright.services.schema import resolve
from gatewright.services.schema import types
from gatewright.services.template import UrlTemplate

Json = dict[str, Any]

_IN_QUERY: Final = frozenset({"GET", "DELETE", "OPTIONS"})
_ANYTHING: Final[Json] = {"*/*": {}}
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "null"})

SCHEMAS: Final[Json] = {
    "Problem": {
        "type": "object",
        "description": "Problem details (RFC 9457). reference: the request's id, under which the log has the whole reason.",
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
            "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
            "reference": {"type": "string"},
        },
        "required": ["type", "title", "status", "reference"],
    },
    "FieldProblem": {
        "type": "object",
        "description": "Where a value does not fit (a JSON pointer, RFC 6901), and what was expected there.",
        "properties": {"pointer": {"type": "string"}, "message": {"type": "string"}},
        "required": ["pointer", "message"],
    },
    "Refusal": {
        "type": "object",
        "description": "Why the access token does not open this (RFC 6750 §3.1). scope: one that would do.",
        "properties": {
            "error": {"type": "string"},
            "error_description": {"type": "string"},
            "scope": {"type": "string"},
            "reference": {"type": "string"},
        },
        "required": ["error", "error_description"],
    },
}
_PROBLEM: Final[Json] = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_REFUSAL: Final[Json] = {"application/json": {"schema": {"$ref": "#/components/schemas/Refusal"}}}
RESPONSES: Final[Json] = {
    "NoToken": {"description": "No access token, or one that cannot be used.", "content": _REFUSAL},
    "NotAllowed": {
        "description": "The token's scope does not suffice, or the ACL names no group of the caller.",
        "content": {**_REFUSAL, **_PROBLEM},
    },
    "BadRequest": {"description": "The input does not fit, or is refused.", "content": {**_PROBLEM, **_REFUSAL}},
    "Refused": {"description": "The request is refused; the problem says why.", "content": {**_PROBLEM, **_REFUSAL}},
    "Failed": {"description": "The service failed or is not available.", "content": _PROBLEM},
}
"""By the names that `operation` refers to."""


def shown_path(template: UrlTemplate) -> str:
    """A template's path as OpenAPI writes it, which knows no variable with slashes."""
    return template.path.replace("{+", "{")


def component_name(service: Service, part: str) -> str:
    """Where a service's schema stands below `components/schemas`. part: input or output."""
    return f"{service.name.replace(':', '.')}.{part}"


def embedded(schema: Any, name: str) -> Any:
    """A schema that stands under `name`: its references to its own parts lead there."""
    if isinstance(schema, Mapping):
        return {key: _reference(each, name) if key == "$ref" else embedded(each, name) for key, each in schema.items()}
    return [embedded(each, name) for each in schema] if isinstance(schema, list | tuple) else schema


def _reference(value: Any, name: str) -> Any:
    if isinstance(value, str) and value.startswith("#"):
        return f"#/components/schemas/{name}{value[1:]}"
    return embedded(value, name)


def is_sayable(service: Service, method: str, template: UrlTemplate | None) -> bool:
    """Whether a request of that method can say all that the service needs: a query holds texts, not objects."""
    schema = service.input_schema
    if method not in _IN_QUERY or schema is None or service.wants_envelope or service.forwarder is not None:
        return True
    known, given = properties(schema), template.variables if template else ()
    return all(
        _is_text(known[name], schema) for name in schema.get("required", ()) if name in known and name not in given
    )


def operation(service: Service, method: str, template: UrlTemplate | None) -> Json:
    """The description of one method of one path."""
    words = (
        "_".join([method.lower(), *(part.strip("{+}") for part in template.segments)]) if template else method.lower()
    )
    described: Json = {
        "operationId": f"{service.name.replace(':', '.')}.{words}",
        "summary": service.title or service.name,
        "tags": [service.folder],
        "x-service": service.name,
    }
    if service.description:
        described["description"] = service.description
    if parameters := _parameters(service, method, template):
        described["parameters"] = parameters
    if method not in _IN_QUERY:
        described["requestBody"] = _body(service, template)
    described["responses"] = _responses(service)
    return described


def _parameters(service: Service, method: str, template: UrlTemplate | None) -> list[Json]:
    in_path = template.variables if template else ()
    known = {} if service.wants_envelope else properties(service.input_schema)
    found = []
    for name in in_path:
        schema = embedded(known.get(name, {"type": "string"}), component_name(service, "input"))
        parameter = {"name": name, "in": "path", "required": True, "schema": schema}
        if template and name == template.rest:
            parameter["description"] = "The rest of the path, slashes and all."
        found.append(parameter)
    in_query = [name for name in known if name not in in_path and _goes_in_query(service, method, name)]
    required = (service.input_schema or {}).get("required", ())
    for name in in_query:
        schema = embedded(known[name], component_name(service, "input"))
        found.append(
            {"name": name, "in": "query", "required": name in required, "schema": schema, **_example(service, name)}
        )
    return found


def _goes_in_query(service: Service, method: str, name: str) -> bool:
    if not _is_text(properties(service.input_schema)[name], service.input_schema or {}):
        return False
    if service.forwarder is not None:  # a body goes on as it is, so a path's variables cannot stand in it
        operation = service.forwarder.operation
        is_variable = name in service.forwarder.path.variables
        return is_variable or (operation is not None and method in _IN_QUERY)
    return method in _IN_QUERY


def _is_text(schema: Mapping[str, Any], root: Mapping[str, Any]) -> bool:
    """Whether a text, or several, can say a value of this schema."""
    allowed = types(schema, root)
    if "array" in allowed:
        items = resolve(schema, root).get("items")
        return not isinstance(items, Mapping) or "object" not in types(items, root)
    return "object" not in allowed


def _example(service: Service, name: str) -> Json:
    return {"example": service.sample[name]} if name in service.sample else {}


def _body(service: Service, template: UrlTemplate | None) -> Json:
    schema = service.input_schema
    if service.forwarder is not None and (service.forwarder.operation is None or schema is None):
        return {"required": False, "content": _ANYTHING}
    if service.wants_envelope or schema is None:
        return {"required": False, "content": {"application/json": {"schema": {"type": "object"}}}}
    taken = set(template.variables if template else ())
    if service.forwarder is not None:
        taken |= set(service.forwarder.path.variables)
    name = component_name(service, "input")
    if taken:
        shown = embedded({key: value for key, value in schema.items() if key != "$defs"}, name)
        shown["properties"] = {key: value for key, value in shown.get("properties", {}).items() if key not in taken}
        shown["required"] = [each for each in schema.get("required", ()) if each not in taken]
    else:
        shown = {"$ref": f"#/components/schemas/{name}"}
    content: Json = {"application/json": {"schema": shown}}
    example = {key: value for key, value in service.sample.items() if key not in taken}
    if example:
        content["application/json"]["example"] = example
    if _fits_form(schema):
        content["application/x-www-form-urlencoded"] = {"schema": shown}
    content["application/xml"] = {"schema": shown}
    if rows_input(schema):
        content["text/csv"] = {"schema": {"type": "string"}}
    needed = [each for each in schema.get("required", ()) if each not in taken]
    return {"required": bool(needed), "content": content}


def _fits_form(schema: Mapping[str, Any]) -> bool:
    """Whether texts can say all that the schema has."""
    return all(types(resolve(each, schema), schema) <= _SCALARS for each in properties(schema).values())


def _responses(service: Service) -> Json:
    responses: Json = {
        "400": {"$ref": "#/components/responses/BadRequest"},
        "401": {"$ref": "#/components/responses/NoToken"},
        "403": {"$ref": "#/components/responses/NotAllowed"},
        "4XX": {"$ref": "#/components/responses/Refused"},
        "5XX": {"$ref": "#/components/responses/Failed"},
    }
    if service.forwarder is not None or service.gives_response:
        return {"default": {"description": "What it answers.", "content": _ANYTHING}, "401": responses["401"]}
    done: Json = {"description": service.title or "Its output."}
    schema: Json = {}
    if service.output_schema is not None:
        schema = {"$ref": f"#/components/schemas/{component_name(service, 'output')}"}
    described: Json = {"schema": schema}
    done["content"] = {each.media_type: described if each.media_type == JSON else {} for each in offered(service)}
    return {"200": done, **responses}
