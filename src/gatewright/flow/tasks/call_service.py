"""call: a service of this server by its full name, `folder.sub:service`; `run: workflow` uses it too."""

import re
from collections.abc import Mapping
from typing import Any

from gatewright.flow.arguments import check_arguments
from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.jq import bounded
from gatewright.flow.problems import did_you_mean
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body

_FULL_NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*:[A-Za-z_][\w-]*\Z", re.ASCII)


def compile_call(name: str, given: Any, at: str, name_at: str, scope: Scope) -> Body:
    """The body of a call of the service `name` with the arguments `given`, which stand at `at`."""
    _check_name(name, name_at, scope)
    registry = scope.book.registry
    signature = registry.signature(name) if registry is not None else None
    check_arguments(given, signature.input_schema if signature else None, name, at, scope)
    arguments = scope.template({} if given is None else given, at)

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        values = arguments.of(data, variables, frame.run.budget)
        bounded(frame.run.budget, values)
        if not isinstance(values, dict):
            raise standard_error("validation", f"the arguments of {name!r} must be an object")
        try:
            return await frame.run.host.call(name, values), None
        except Exception as error:
            raise failed(name, error) from error

    return Body(True, run)


def _check_name(name: str, at: str, scope: Scope) -> None:
    registry = scope.book.registry
    if registry is not None and registry.signature(name) is not None:
        return
    functions = list(scope.book.use.get("functions") or {})
    known = [*functions, "http", "openapi", *(registry.names() if registry is not None else [])]
    if not _FULL_NAME.match(name):
        mend = did_you_mean(name, known, "define it under use.functions, or give a service's full name, folder:service")
        scope.problems.value(at, f"there is no function named {name!r}", mend)
    elif registry is not None:
        scope.problems.value(
            at, f"there is no service named {name!r}", did_you_mean(name, known, "see the list of services")
        )


def failed(name: str, error: Exception) -> FlowError:
    """The error of a step whose call of a service failed: the service's own, which says whose it is."""
    if not isinstance(error, FlowError):
        return standard_error("runtime", f"the service {name!r} failed")
    extensions = {**error.extensions, "service": name}
    if error.instance:
        extensions["serviceInstance"] = error.instance
    return FlowError(error.type, error.status, error.title, error.detail, extensions=extensions, origin=error.origin)
