"""Errors that expressions raise, and values as they read in messages."""

from typing import Any

from gatewright.flow.jq.errors import ExpressionError
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.texts import json_text
from gatewright.flow.jq.values import type_name


def same_place(before: object, value: object) -> None:
    """Refuse a value that was computed where a path is needed; null, true and false are told by what they are."""
    if value is before and (value is None or type(value) is bool):
        return
    raise Raised(f"Invalid path expression with result {described(value)}")


def fail(value: object) -> object:
    """Raise a value as an error."""
    if type(value) is str:
        raise Raised(value)
    raise Raised(value, described(value) if value is not None else "null")


def no_value() -> object:
    """An expression of a template gave no value."""
    raise ExpressionError("the expression gives no value")


def described(value: object) -> str:
    """A value in a message: its type and, shortened, its text."""
    text = json_text(_clipped(value, 4))
    if len(text) > 29:
        text = text[:25] + '..."' if type(value) is str else text[:26] + "..."
    return f"{type_name(value)} ({text})"


def _clipped(value: Any, depth: int) -> object:
    if type(value) is str:
        return value[:30]
    if type(value) is list:
        return [_clipped(item, depth - 1) for item in value[:15]] if depth else []
    if type(value) is dict:
        return {key[:30]: _clipped(value[key], depth - 1) for key in list(value)[:15]} if depth else {}
    return value
