"""The wizard for a new service: an empty flow, one that calls a service or an API's operation, an upstream, a Python file."""

from collections.abc import Mapping
from typing import Any
from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response

from gatewright.console.saving import change_files
from gatewright.console.visit import Visit
from gatewright.flow import FlowError
from gatewright.flow.openapi.document import Document
from gatewright.flow.openapi.document import parse_document
from gatewright.kernel.errors import Conflict
from gatewright.kernel.errors import NotFound
from gatewright.kernel.fetching import FetchFailed
from gatewright.services.errors import FileProblem
from gatewright.services.names import is_service
from gatewright.services.new_service import empty_flow
from gatewright.services.new_service import flow_file
from gatewright.services.new_service import flow_of_operation
from gatewright.services.new_service import flow_that_calls
from gatewright.services.new_service import python_file
from gatewright.services.new_service import python_services
from gatewright.services.new_service import upstream
from gatewright.services.new_service import upstream_file
from gatewright.services.upstream import parse_upstream

KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "empty": ("An empty flow", "One step that greets: change it in the editor."),
    "service": ("A flow that calls a service", "Of this server: an upstream API, a Python function, what is built in, another flow."),
    "openapi": ("A flow from an OpenAPI operation", "The operation's parameters become its input."),
    "upstream": ("An existing HTTP API", "Behind the guard, as it stands: its address, and one path of it or all."),
    "python": ("A Python function", "A file with one marked function, to be edited beside the server."),
}  # fmt: skip
_FIELDS: Final = (
    "kind",
    "package",
    "name",
    "callee",
    "address",
    "document",
    "operation",
    "base_url",
    "method",
    "api_path",
)
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SAID: Final = {
    "python": ("Python file", "Change it beside the server."),
    "upstream": ("Upstream", "A scope or an ACL says who may call it; its file holds the rest."),
}
_NAME: Final = "Write folder:service, for instance orders.reports:daily; letters, digits, _ and - are allowed."


class _Refused(Exception):
    """A field that is wrong, and what to change."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


async def add(visit: Visit) -> Response:
    """The form for a new service, and its answer: the service's page."""
    values = {field: visit.field(field).strip() for field in _FIELDS}
    values["kind"] = values["kind"] if values["kind"] in KINDS else "empty"
    operations: list[tuple[str, str, str]] = []
    if not visit.is_post:
        values["callee"] = visit.query("callee")
        values["kind"] = "service" if values["callee"] else "empty"
        return _form(visit, values, {}, operations)
    try:
        _check(visit, values)
        document = await _document(visit, values) if values["kind"] == "openapi" else None
        if document is not None:
            operations = document.listed()
            _choose(values, operations)
            if not values["operation"]:
                return _form(visit, values, {}, operations)
        file, text = _made(visit, values, document)
        if (visit.parts.packages_folder / file).exists():
            raise _Refused("name", f"{file} exists already.")
        await change_files(visit, {file: text})
    except _Refused as error:
        return _form(visit, values, {error.field: str(error)}, operations)
    except (Conflict, NotFound) as error:
        return _form(visit, values, {"name": str(error)}, operations)
    made, hint = _SAID.get(values["kind"], ("Flow", "Change its source and save."))
    return visit.go(f"/console/services?name={values['name']}", f"{made} {values['name']} made. {hint}")


def _check(visit: Visit, values: dict[str, str]) -> None:
    if not values["package"] or values["package"] not in visit.catalogue.packages:
        raise _Refused("package", "Choose a package.")
    if not is_service(values["name"]):
        raise _Refused("name", _NAME)
    if visit.catalogue.has_service(values["name"]):
        raise _Refused("name", f"There is a service {values['name']} already.")
    if values["kind"] == "python" and not values["name"].replace(":", "").replace(".", "").isidentifier():
        raise _Refused("name", "A Python function's name has no hyphen.")
    if values["kind"] == "service" and visit.catalogue.service(values["callee"]) is None:
        raise _Refused("callee", "Write the full name of a service, folder:service.")


async def _document(visit: Visit, values: dict[str, str]) -> Document:
    address = values["address"]
    try:
        if address:
            if urlsplit(address).scheme not in ("http", "https"):
                raise _Refused("address", "An address begins with http:// or https://.")
            document = parse_document((await visit.parts.server.fetcher.get(address)).body, address)
        elif values["document"]:
            document = parse_document(values["document"].encode(), "that was pasted")
        else:
            raise _Refused("address", "Give the document's address, or paste the document.")
        document.listed()  # a document may be malformed further in
        return document
    except FetchFailed as error:
        raise _Refused("address", f"The document cannot be fetched: {error}") from None
    except FlowError as error:
        raise _Refused("address" if address else "document", f"{error.detail[:1].upper()}{error.detail[1:]}.") from None
    except (AttributeError, KeyError, TypeError):
        raise _Refused("address" if address else "document", "The document is malformed.") from None


def _choose(values: dict[str, str], operations: list[tuple[str, str, str]]) -> None:
    if not operations:
        raise _Refused("address" if values["address"] else "document", "No operation in it has an operationId.")
    if values["operation"] and values["operation"] not in {id_ for id_, _, _ in operations}:
        raise _Refused("operation", "Choose an operation.")


def _made(visit: Visit, values: dict[str, str], document: Document | None) -> tuple[str, str]:
    """The file and its text."""
    package, name = values["package"], values["name"]
    if values["kind"] == "python":
        return python_file(package, name), python_services(name)
    if values["kind"] == "upstream":
        return _upstream(values)
    if document is not None:
        try:
            return flow_file(package, name), flow_of_operation(name, document, values["operation"], values["address"])
        except (FlowError, AttributeError, KeyError, TypeError) as error:
            raise _Refused("operation", f"The operation cannot be called: {error}") from None
    callee = visit.catalogue.service(values["callee"]) if values["kind"] == "service" else None
    return flow_file(package, name), flow_that_calls(name, callee) if callee else empty_flow(name)


def _upstream(values: dict[str, str]) -> tuple[str, str]:
    """An upstream's file and its text. What is wrong is told beside the field that it is about."""
    name, base_url, path = values["name"], values["base_url"], values["api_path"]
    file = upstream_file(values["package"], name, path)
    if not base_url:
        raise _Refused("base_url", "Give the API's address.")
    if path and "." not in name.partition(":")[0]:
        raise _Refused("name", "One path of an API is in a folder of the API's name, for instance orders.erp:get.")
    if path and values["method"] not in METHODS:
        raise _Refused("method", "Choose a method.")
    text = upstream(name, base_url, values["method"], path)
    for field, shown in (("base_url", upstream(name, base_url, "", "")), ("api_path", text)):
        try:
            parse_upstream(shown, file)
        except FileProblem as problem:
            raise _Refused(field, f"It cannot be used: {problem.message}.") from None
    return file, text


def _form(
    visit: Visit, values: dict[str, Any], errors: dict[str, str], operations: list[tuple[str, str, str]]
) -> Response:
    return visit.page(
        "packages/service_new.html",
        422 if errors else 200,
        packages=sorted(folder for folder in visit.catalogue.packages if folder),
        kinds=KINDS,
        methods=METHODS,
        values=values,
        errors=errors,
        operations=operations,
        services=[(name, each.title or each.kind) for name, each in visit.catalogue.services.items()],
    )
