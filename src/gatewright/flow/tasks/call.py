"""call: HTTP, an operation of an OpenAPI document, a function of the document, or a service of this server."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.kind import Kind
from gatewright.flow.problems import join
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import any_value
from gatewright.flow.shapes import text
from gatewright.flow.tasks import call_function
from gatewright.flow.tasks import call_http
from gatewright.flow.tasks import call_openapi
from gatewright.flow.tasks import call_service

_REFUSED = {
    name: f"calls by {name} are outside the synchronous profile: use http or openapi, or wrap it in a Python service"
    for name in ("grpc", "asyncapi", "a2a", "mcp")
}


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    name, place = task["call"], join(at, "call")
    if name == "http":
        return call_http.compile_call(task, at, scope)
    if name == "openapi":
        return call_openapi.compile_call(task, at, scope)
    if name in _REFUSED:
        scope.problems.value(place, _REFUSED[name])
    elif "@" in name:
        scope.problems.value(
            place, "functions of remote catalogs are not fetched", "call a service of this server instead"
        )
    elif name in (scope.book.use.get("functions") or {}):
        return call_function.compile_call(task, at, scope)
    else:
        return call_service.compile_call(name, task.get("with"), join(at, "with"), place, scope)
    return Body(False, lambda frame, data, variables: (data, None))


KIND = Kind("call", {"call": text, "with": any_value}, _compile, optional=("with",))
