"""raise: an error of the author's own, inline or from `use.errors`."""

from collections.abc import Mapping
from typing import Any

from gatewright.flow.errors import FlowError
from gatewright.flow.errors import standard_error
from gatewright.flow.kind import Kind
from gatewright.flow.problems import join
from gatewright.flow.run import Frame
from gatewright.flow.scope import BROKEN
from gatewright.flow.scope import Scope
from gatewright.flow.scope import Value
from gatewright.flow.scope import is_expression
from gatewright.flow.sequence import Body
from gatewright.flow.sequence import Targets
from gatewright.flow.shapes import by_type
from gatewright.flow.shapes import fields
from gatewright.flow.shapes import text
from gatewright.flow.vocabulary import ERROR


def _error(task: Mapping[str, Any], at: str, scope: Scope) -> Value:
    given, place = task["raise"]["error"], join(at, "raise", "error")
    if isinstance(given, str):
        found = scope.book.find("errors", given, place, "error")
        if found is None:
            return BROKEN
        given, place = found, join("/use/errors", given)
    status = given["status"]
    if isinstance(status, str) and not is_expression(status):
        scope.problems.value(join(place, "status"), "a status is a number, or one whole ${ … } that gives it")
    return scope.template({key: item for key, item in given.items() if key != "instance"}, place)


def _compile(task: Mapping[str, Any], at: str, scope: Scope, targets: Targets) -> Body:
    error = _error(task, at, scope)

    def run(frame: Frame, data: Any, variables: Mapping[str, Any]) -> tuple[Any, None]:
        given = error.of(data, variables, frame.run.budget)
        status = given["status"]
        if type(status) is not int or not 100 <= status <= 599:
            raise standard_error("expression", "the status of an error is a whole number from 100 to 599")
        texts = [_text(given.get(key)) for key in ("type", "title", "detail")]
        raise FlowError(texts[0], status, texts[1] or "Error", texts[2], origin="raise")

    return Body(False, run)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise standard_error("expression", "type, title and detail of an error are texts")
    return value


KIND = Kind(
    "raise",
    {"raise": fields({"error": by_type(string=text, mapping=ERROR)}, ("error",))},
    _compile,
    falls_through=lambda task: False,
)
