"""call: openapi, an operation of a document that is kept with the flow.

One that lies beside the flow is read with it. One whose address stands in the text is fetched by whoever loads the flow;
any other when it is first needed.
"""

from collections.abc import Mapping
from typing import Any
from typing import Final

from gatewright.flow.authentication import Authentication
from gatewright.flow.authentication import compile_authentication
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.exchange import obtain
from gatewright.flow.exchange import present
from gatewright.flow.http import HttpRequest
from gatewright.flow.jq import bounded
from gatewright.flow.openapi.document import Document
from gatewright.flow.openapi.document import is_local
from gatewright.flow.openapi.document import parse_document
from gatewright.flow.openapi.kept import Use
from gatewright.flow.openapi.kept import misfit
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.shapes import boolean
from gatewright.flow.shapes import by_type
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text
from gatewright.flow.tasks.call_http import OUTPUT
from gatewright.flow.tasks.call_http import compile_address
from gatewright.flow.tasks.call_http import object_or_expression
from gatewright.flow.vocabulary import AUTHENTICATION_OR_NAME
from gatewright.flow.vocabulary import RESOURCE

DOCUMENT_WANTED: Final = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.5"}
_WITH = by_type(
    mapping=fields(
        {
            "document": RESOURCE,
            "operationId": text,
            "parameters": object_or_expression,
            "authentication": AUTHENTICATION_OR_NAME,
            "output": OUTPUT,
            "redirect": boolean,
        },
        ("document", "operationId"),
    )
)


class _Source:
    """Where a document comes from; documents are kept by address for all calls of the flow.

    literal: its address, when it stands in the text and nothing is needed to ask there. at_hand: of a file.
    """

    def __init__(self, endpoint: Any, at: str, scope: Scope) -> None:
        self._kept = scope.book.documents
        self._authentication: Authentication | None = None
        self.at_hand: Document | None = None
        self.literal: str | None = None
        if isinstance(endpoint, dict):
            if "authentication" in endpoint:
                self._authentication = compile_authentication(
                    endpoint["authentication"], join(at, "authentication"), scope
                )
            endpoint, at = endpoint["uri"], join(at, "uri")
        if is_local(endpoint):
            self.at_hand = _of_file(endpoint, at, scope)
            return
        self._address = compile_address(endpoint, at, scope)
        if self._authentication is None and "{" not in endpoint:
            self.literal = endpoint

    async def document(self, frame: Frame, data: Any, variables: Mapping[str, Any]) -> Document:
        if self.at_hand is not None:
            return self.at_hand
        address = self._address(frame, data, variables)
        now = frame.run.host.now()
        document = self._kept.find(address, now)
        if document is None:
            try:
                document = await self._fetched(address, frame, data, variables)
            except FlowError:
                document = self._kept.stale(address)
                if document is None:
                    raise
            self._kept.keep(address, document, now)
        return document

    async def _fetched(self, address: str, frame: Frame, data: Any, variables: Mapping[str, Any]) -> Document:
        request = HttpRequest("GET", address, DOCUMENT_WANTED)
        response = await obtain(frame, request, self._authentication, data, variables, redirect=False)
        return parse_document(response.body, address)


def _of_file(name: str, at: str, scope: Scope) -> Document | None:
    """The document beside the flow; None, and a problem, when it cannot be used."""
    registry = scope.book.registry
    text = registry.document(name) if registry is not None else None
    if text is None:
        scope.problems.value(at, f"there is no file {name} beside the flow", "put the OpenAPI document there")
        return None
    try:
        return parse_document(text, name)
    except FlowError as error:
        scope.problems.value(at, error.detail)
        return None


def compile_call(task: Mapping[str, Any], at: str, scope: Scope) -> Body:
    """The body of a `call: openapi`."""
    given, place = task.get("with"), join(at, "with")
    if not _WITH(given, place, scope.problems):
        return Body(True, lambda frame, data, variables: None)
    assert isinstance(given, dict)
    source = _Source(given["document"]["endpoint"], join(place, "document", "endpoint"), scope)
    authentication = None
    if "authentication" in given:
        authentication = compile_authentication(given["authentication"], join(place, "authentication"), scope)
    parameters = scope.template(given.get("parameters") or {}, join(place, "parameters"))
    name, output, redirect = given["operationId"], given.get("output", "content"), given.get("redirect", False)
    if source.literal is not None or source.at_hand is not None:
        line, column = scope.problems.place(join(place, "operationId"))
        names = given.get("parameters") or {}
        arguments = frozenset(names) if isinstance(names, dict) else None
        use = Use(address=source.literal or "", operation=name, line=line, column=column, arguments=arguments)
        if source.at_hand is None:
            scope.book.documents.uses.append(use)
        elif why := misfit(use, source.at_hand):
            scope.problems.value(join(place, "operationId"), why)

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        operation = (await source.document(frame, data, variables)).operation(name)
        values = parameters.of(data, variables, frame.run.budget)
        bounded(frame.run.budget, values)
        if not isinstance(values, dict):
            raise standard_error("validation", f"the parameters of {name!r} must be an object")
        request = operation.request(values)
        response = await obtain(frame, request, authentication, data, variables, redirect=redirect)
        return present(request, response, output), None

    return Body(True, run)
