"""Reading OpenAPI 3 and Swagger 2.0 documents: from an operation's id to the operation."""

import re
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin
from urllib.parse import urlsplit

import msgspec

from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.openapi.operation import Content
from gatewright.flow.openapi.operation import Operation
from gatewright.flow.openapi.operation import Parameter
from gatewright.kernel.yaml import YamlProblem
from gatewright.kernel.yaml import load

_LOCAL = re.compile(r"(?:[A-Za-z_][\w-]*/)*[A-Za-z_][\w-]*\.openapi\.(?:json|yaml)\Z", re.ASCII)
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_SEPARATORS = {"csv": ",", "ssv": " ", "tsv": "\t", "pipes": "|", "multi": None}
_STYLES = {"spaceDelimited": " ", "pipeDelimited": "|"}
_JSON = "application/json"
_DEEPEST = 6
_FORM = "application/x-www-form-urlencoded"


def is_local(address: str) -> bool:
    """Whether an address is of a file beside the flow: a relative path that ends in `.openapi.yaml` or `.openapi.json`."""
    return _LOCAL.match(address) is not None


def parse_document(body: bytes, address: str) -> "Document":
    """A document in JSON or YAML. Raises a configuration error when it is neither, or no OpenAPI document."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        try:
            value = load(body.decode()).value
        except (YamlProblem, UnicodeDecodeError):
            value = None
    if not isinstance(value, dict) or not isinstance(value.get("paths"), dict):
        raise _unusable(address, "it is no OpenAPI document")
    version = str(value.get("openapi") or value.get("swagger") or "")
    if not version.startswith(("3.", "2.")):
        raise _unusable(address, "only OpenAPI 3 and Swagger 2.0 can be read")
    return Document(value, address, swagger=version.startswith("2."))


def _unusable(address: str, why: str) -> FlowError:
    return standard_error("configuration", f"the OpenAPI document {address.split('?')[0]} cannot be used: {why}")


class Document:
    """A parsed document; `address` is where it came from."""

    def __init__(self, value: Mapping[str, Any], address: str, *, swagger: bool) -> None:
        self._value, self._address, self._swagger = value, address, swagger
        self._operations: dict[str, Operation] = {}

    def operation(self, name: str) -> Operation:
        """The operation of that id. Raises a configuration error when there is none, or it cannot be called."""
        if name not in self._operations:
            self._operations[name] = self._find(name)
        return self._operations[name]

    def listed(self) -> list[tuple[str, str, str]]:
        """The operations that have an id: id, method and path, and summary, in the document's order."""
        found = []
        for path, _, method, operation in self._each():
            if isinstance(operation.get("operationId"), str):
                summary = str(operation.get("summary") or operation.get("description") or "").partition("\n")[0]
                found.append((operation["operationId"], f"{method.upper()} {path}", summary))
        return found

    def inputs(self, name: str) -> dict[str, Any]:
        """A JSON Schema of the arguments that the operation of that id takes, local references written out."""
        for _, item, _, operation in self._each():
            if operation.get("operationId") == name:
                return self._inputs(item, operation)
        return {"type": "object"}

    def _inputs(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
        properties: dict[str, Any] = {}
        required: list[str] = []
        for reference in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter = self._resolved(reference)
            schema = self._plain(parameter.get("schema") or {"type": parameter.get("type", "string")})
            if isinstance(parameter.get("description"), str):
                schema = schema | {"description": parameter["description"]}
            properties[parameter["name"]] = schema
            if parameter.get("required") and parameter["name"] not in required:
                required.append(parameter["name"])
        content = self._resolved(operation["requestBody"]).get("content") if "requestBody" in operation else None
        offered = next(iter(content.values()), None) if isinstance(content, dict) else None
        body = self._plain(offered.get("schema") if isinstance(offered, dict) else None)
        if isinstance(body.get("properties"), dict):
            properties |= body["properties"]
            required += [each for each in body.get("required", []) if each not in required]
        elif body:
            properties["body"] = body
        return {"type": "object", "properties": properties} | ({"required": required} if required else {})

    def _plain(self, value: Any, depth: int = 0) -> dict[str, Any]:
        """A schema without references: what they stand for in their place, down to a depth."""
        if depth > _DEEPEST or not isinstance(value, dict):
            return {}
        schema = dict(self._resolved(value))
        if isinstance(schema.get("properties"), dict):
            schema["properties"] = {key: self._plain(each, depth + 1) for key, each in schema["properties"].items()}
        if isinstance(schema.get("items"), dict):
            schema["items"] = self._plain(schema["items"], depth + 1)
        kept = ("type", "properties", "required", "items", "enum", "description", "minimum", "maximum")
        return {key: schema[key] for key in kept if key in schema}

    def _find(self, name: str) -> Operation:
        for path, item, method, operation in self._each():
            if operation.get("operationId") == name:
                try:
                    return self._read(name, path, item, method, operation)
                except (AttributeError, KeyError, TypeError, IndexError, ValueError):
                    raise _unusable(self._address, f"the operation {name!r} is malformed") from None
        raise _unusable(self._address, f"it has no operation {name!r}")

    def _each(self) -> Iterator[tuple[str, Mapping[str, Any], str, Mapping[str, Any]]]:
        for path, given in self._value["paths"].items():
            item = self._resolved(given)
            for method in _METHODS:
                operation = item.get(method)
                if isinstance(operation, dict):
                    yield path, item, method, operation

    def _read(
        self, name: str, path: str, item: Mapping[str, Any], method: str, operation: Mapping[str, Any]
    ) -> Operation:
        given: dict[tuple[str, str], Mapping[str, Any]] = {}
        for reference in [*item.get("parameters", []), *operation.get("parameters", [])]:
            parameter = self._resolved(reference)
            given[parameter["name"], parameter["in"]] = parameter
        plain = [parameter for parameter in given.values() if parameter["in"] in ("path", "query", "header", "cookie")]
        read = _swagger_parameter if self._swagger else _parameter
        content = self._form(operation, given) if self._swagger else self._request_body(operation)
        return Operation(
            id=name,
            method=method.upper(),
            address=self._server(item, operation).rstrip("/") + path,
            parameters=tuple(read(parameter) for parameter in plain),
            content=content,
            accept=f"{_JSON}, */*;q=0.5",
        )

    def _resolved(self, value: Any) -> Mapping[str, Any]:
        """What a local reference stands for; references to other documents are not followed."""
        for _ in range(20):
            if not isinstance(value, dict):
                break
            reference = value.get("$ref")
            if reference is None:
                return value
            value = self._lookup(reference)
        raise _unusable(self._address, "a reference leads nowhere, or to another document")

    def _lookup(self, reference: Any) -> Any:
        value: Any = self._value
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return None
        for token in reference[2:].split("/"):
            key = token.replace("~1", "/").replace("~0", "~")
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def _server(self, item: Mapping[str, Any], operation: Mapping[str, Any]) -> str:
        if self._swagger:
            here = urlsplit(self._address)
            schemes = operation.get("schemes") or self._value.get("schemes") or [here.scheme]
            scheme = here.scheme if here.scheme in schemes else "https" if "https" in schemes else schemes[0]
            return f"{scheme}://{self._value.get('host') or here.netloc}{self._value.get('basePath') or ''}"
        servers = operation.get("servers") or item.get("servers") or self._value.get("servers") or [{"url": "/"}]
        url: str = servers[0]["url"]
        for name, variable in (servers[0].get("variables") or {}).items():
            url = url.replace("{" + name + "}", str(variable["default"]))
        return urljoin(self._address, url)

    def _request_body(self, operation: Mapping[str, Any]) -> Content | None:
        """OpenAPI 3: the body is the argument `body`, or all arguments that are no parameters."""
        if "requestBody" not in operation:
            return None
        body = self._resolved(operation["requestBody"])
        offered = list(body["content"])
        json = [kind for kind in offered if kind.partition(";")[0].strip() == _JSON or kind.endswith("+json")]
        chosen = (json or [kind for kind in offered if kind.startswith(_FORM)] or offered)[0]
        return Content(_JSON if chosen == "*/*" else chosen, bool(body.get("required")), "body")

    def _form(self, operation: Mapping[str, Any], given: Mapping[tuple[str, str], Mapping[str, Any]]) -> Content | None:
        """Swagger 2.0: one parameter is the body, or several are the fields of a form."""
        body = next((parameter for parameter in given.values() if parameter["in"] == "body"), None)
        consumes = operation.get("consumes") or self._value.get("consumes") or [_JSON]
        if body is not None:
            kinds = [kind for kind in consumes if "json" in kind] or [_JSON]
            return Content(kinds[0], bool(body.get("required")), body["name"])
        fields = [parameter for parameter in given.values() if parameter["in"] == "formData"]
        if not fields:
            return None
        if any(parameter.get("type") == "file" for parameter in fields):
            raise _unusable(self._address, "operations that send files are not supported")
        required = any(parameter.get("required") for parameter in fields)
        return Content(_FORM, required, None, frozenset(parameter["name"] for parameter in fields))


def _parameter(given: Mapping[str, Any]) -> Parameter:
    """OpenAPI 3: `style` and `explode` with their defaults."""
    place = given["in"]
    style = given.get("style") or ("form" if place in ("query", "cookie") else "simple")
    explode = bool(given.get("explode", style == "form"))
    separator = _STYLES.get(style, "," if not explode or place != "query" else None)
    return Parameter(
        given["name"],
        place,
        bool(given.get("required")),
        separator,
        spread=explode,
        deep=style == "deepObject",
        as_json="content" in given,
    )


def _swagger_parameter(given: Mapping[str, Any]) -> Parameter:
    """Swagger 2.0: `collectionFormat`."""
    separator = _SEPARATORS[given.get("collectionFormat", "csv")]
    return Parameter(given["name"], given["in"], bool(given.get("required")), separator)
