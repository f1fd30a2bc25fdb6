"""call: http, one request to an address."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from gatewright.flow.authentication import compile_authentication
from gatewright.flow.errors import standard_error
from gatewright.flow.exchange import add_query
from gatewright.flow.exchange import encode
from gatewright.flow.exchange import header_texts
from gatewright.flow.exchange import obtain
from gatewright.flow.exchange import pairs
from gatewright.flow.exchange import present
from gatewright.flow.http import HttpRequest
from gatewright.flow.jq import bounded
from gatewright.flow.problems import Collector
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.scope import is_expression
from gatewright.flow.sequence import Body
from gatewright.flow.shapes import any_value
from gatewright.flow.shapes import boolean
from gatewright.flow.shapes import by_type
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import word
from gatewright.flow.uri import UriProblem
from gatewright.flow.uri import UriTemplate
from gatewright.flow.vocabulary import ENDPOINT

OUTPUT = word("raw", "content", "response")


def _method(value: Any, at: str, problems: Collector) -> bool:
    if isinstance(value, str) and re.match(r"[A-Za-z]{1,20}\Z", value):
        return True
    problems.value(at, "an HTTP method is expected here", "for example get")
    return False


def object_or_expression(value: Any, at: str, problems: Collector) -> bool:
    """A mapping, or one whole `${ … }`."""
    if isinstance(value, dict) or (isinstance(value, str) and is_expression(value)):
        return True
    problems.value(at, "a mapping is expected here, or one expression that gives it", "write ${ … }")
    return False


WITH = fields(
    {
        "method": _method,
        "endpoint": ENDPOINT,
        "headers": object_or_expression,
        "query": object_or_expression,
        "body": any_value,
        "output": OUTPUT,
        "redirect": boolean,
    },
    ("method", "endpoint"),
)
_CALL = by_type(mapping=WITH)

Address = Callable[[Frame, Any, Mapping[str, Any]], str]


def compile_address(text: str, at: str, scope: Scope) -> Address:
    """An address: a URI template over the current data, or one expression that gives it whole."""
    if is_expression(text):
        value = scope.expression(text, at)

        def evaluate(frame: Frame, data: Any, variables: Mapping[str, Any]) -> str:
            found = value.of(data, variables, frame.run.budget)
            if not isinstance(found, str):
                raise standard_error("expression", "the address must be a text")
            return found

        return evaluate
    try:
        template = UriTemplate(text)
    except UriProblem as problem:
        scope.problems.value(at, f"bad address: {problem}", "another address is given whole by one ${ … }")
        return lambda frame, data, variables: ""
    if not re.match(r"\s*(https?://|\{)", text, re.IGNORECASE):
        scope.problems.value(at, "an address begins with http:// or https://")
    return lambda frame, data, variables: template.expand(data)


def compile_call(task: Mapping[str, Any], at: str, scope: Scope) -> Body:
    """The body of a `call: http`."""
    given, place = task.get("with"), join(at, "with")
    if not _CALL(given, place, scope.problems):
        return Body(True, lambda frame, data, variables: None)
    assert isinstance(given, dict)
    endpoint = given["endpoint"]
    if isinstance(endpoint, str):
        endpoint, where = {"uri": endpoint}, join(place, "endpoint")
    else:
        where = join(place, "endpoint", "uri")
    address = compile_address(endpoint["uri"], where, scope)
    authentication = None
    if "authentication" in endpoint:
        authentication = compile_authentication(
            endpoint["authentication"], join(place, "endpoint", "authentication"), scope
        )
    parts = scope.template({key: given[key] for key in ("headers", "query", "body") if key in given}, place)
    method, output, redirect = given["method"].upper(), given.get("output", "content"), given.get("redirect", False)

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        uri = address(frame, data, variables)
        given = parts.of(data, variables, frame.run.budget)
        bounded(frame.run.budget, given)
        request = prepare(method, uri, given)
        response = await obtain(frame, request, authentication, data, variables, redirect=redirect)
        return present(request, response, output), None

    return Body(True, run)


def prepare(method: str, uri: str, parts: Mapping[str, Any]) -> HttpRequest:
    """The request with its evaluated `headers`, `query` and `body`."""
    headers = header_texts(parts.get("headers") or {})
    query = parts.get("query") or {}
    if not isinstance(query, dict):
        raise standard_error("expression", "the query must be an object")
    body = None
    if parts.get("body") is not None:
        body, content_type = encode(parts["body"], headers)
        if content_type is not None:
            headers["Content-Type"] = content_type
    if not any(name.lower() == "accept" for name in headers):
        headers["Accept"] = "application/json, */*;q=0.5"
    return HttpRequest(method, add_query(uri, pairs(query)), headers, body)
