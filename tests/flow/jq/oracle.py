"""libjq beside our compiler: the same expression on the same document."""

import json
from typing import Any

import jq

from gatewright.flow.jq import Budget
from gatewright.flow.jq import ExpressionError
from gatewright.flow.jq import ExpressionProblem
from gatewright.flow.jq import compile_expression

_LARGEST = 1.7976931348623157e308


def comparable(value: Any) -> Any:
    """A value as JSON tells it: numbers as doubles, no infinities, not-a-number as null; true is not 1."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        try:
            number = float(value)
        except OverflowError:
            number = _LARGEST if value > 0 else -_LARGEST
        return None if number != number else ("number", max(min(number, _LARGEST), -_LARGEST))
    if isinstance(value, list):
        return [comparable(item) for item in value]
    if isinstance(value, dict):
        return [(key, comparable(item)) for key, item in value.items()]  # pairs: the order of keys counts
    return value


def libjq(expression: str, document: Any) -> list[Any] | None:
    """All values, or None when libjq refuses the expression or fails on the document."""
    try:
        return [comparable(value) for value in jq.compile(expression).input_text(json.dumps(document)).all()]
    except ValueError:
        return None


def ours(expression: str, document: Any) -> list[Any] | None:
    """The same from our compiler."""
    try:
        return [comparable(value) for value in compile_expression(expression).all(document, {}, Budget())]
    except (ExpressionProblem, ExpressionError):
        return None
