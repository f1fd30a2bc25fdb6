"""call: a function of `use.functions`, a task whose input is the arguments given."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.arguments import check_arguments
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import Scope
from gatewright.flow.sequence import Body


def compile_call(task: Mapping[str, Any], at: str, scope: Scope) -> Body:
    """The body of a call of a function. Its own body is looked up when it runs, so that functions may call each other."""
    name, given, place = task["call"], task.get("with"), join(at, "with")
    function = scope.book.use["functions"][name]
    check_arguments(given, _input_schema(function), name, place, scope)
    arguments = scope.template({} if given is None else given, place)
    functions: Mapping[str, Body] = scope.book.functions

    async def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        values = arguments.of(data, variables, frame.run.budget)
        body = functions[name]
        output = body.run(frame.deeper(), values)
        return await output if body.is_async else output, None

    return Body(True, run)


def _input_schema(function: Any) -> Mapping[str, Any] | None:
    given = function.get("input") if isinstance(function, dict) else None
    schema = given.get("schema") if isinstance(given, dict) else None
    document = schema.get("document") if isinstance(schema, dict) else None
    return document if isinstance(document, dict) else None
