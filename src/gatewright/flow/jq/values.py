"""What the language says about values: their types, their order, when two are equal, how they read in a message."""

import itertools
import math
from typing import Any

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import ExpressionError
from gatewright.flow.jq.sizes import charge


class _Nothing:
    """No value at all, as against null."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING = _Nothing()

MAX_EXACT = 2**53
"""Integers up to here are exact in arithmetic; beyond, it is done in floating point, as the language has it."""

_TYPES = {
    type(None): "null",
    bool: "boolean",
    int: "number",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_UNEQUAL = itertools.count()
"""Tells one not-a-number from every other when sorting."""

_NULL, _FALSE, _TRUE, _NAN, _NUMBER, _STRING, _ARRAY, _OBJECT = range(8)


def type_name(value: object) -> str:
    """The language's name for the type of a value. Raises ExpressionError for what is no JSON value."""
    try:
        return _TYPES[type(value)]
    except KeyError:
        raise ExpressionError(f"a {type(value).__name__} is no JSON value") from None


def is_number(value: object) -> bool:
    """Whether it is a number; a boolean is none."""
    return type(value) is int or type(value) is float


def as_float(value: float) -> float:
    """A number as a double; beyond its range infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def plain(value: float) -> int | float:
    """A computed number: whole ones that are exact become ints, so there is no negative zero."""
    if type(value) is int:
        return value if -MAX_EXACT <= value <= MAX_EXACT else plain(as_float(value))
    if value.is_integer() and -MAX_EXACT <= value <= MAX_EXACT:
        return int(value)
    return value


def equal(budget: Budget, left: Any, right: Any) -> bool:
    """Equality by value: 1 is 1.0, but true is not 1, at any depth."""
    kind = type(left)
    if kind is not type(right):
        return is_number(left) and is_number(right) and bool(left == right)
    if kind is list:
        if len(left) != len(right):
            return False
        budget.spend(len(left))
        return all(equal(budget, one, other) for one, other in zip(left, right, strict=True))
    if kind is dict:
        if len(left) != len(right):
            return False
        budget.spend(len(left))
        return all(key in right and equal(budget, one, right[key]) for key, one in left.items())
    return bool(left == right)


def order_key(value: Any) -> tuple[Any, ...]:
    """A key by which Python sorts as the language does: null, false, true, numbers, strings, arrays, objects."""
    kind = type(value)
    if kind is str:
        return (_STRING, value)
    if kind is int:
        return (_NUMBER, value)
    if kind is float:
        return (_NAN, next(_UNEQUAL)) if value != value else (_NUMBER, value)
    if value is None:
        return (_NULL,)
    if kind is bool:
        return (_TRUE,) if value else (_FALSE,)
    if kind is list:
        return (_ARRAY, [order_key(item) for item in value])
    if kind is dict:
        keys = sorted(value)
        return (_OBJECT, keys, [order_key(value[key]) for key in keys])
    raise ExpressionError(f"a {kind.__name__} is no JSON value")


def compare(budget: Budget, left: Any, right: Any) -> int:
    """Negative, 0 or positive as left comes before, with or after right. Not-a-number comes before itself."""
    if left != left:
        return -1 if is_number(right) else _ranked(budget, left, right)
    if (is_number(left) and is_number(right)) or (type(left) is str and type(right) is str):
        return 1 if right != right else (left > right) - (left < right)
    return _ranked(budget, left, right)


def _ranked(budget: Budget, left: Any, right: Any) -> int:
    charge(budget, left)
    charge(budget, right)
    one, other = order_key(left), order_key(right)
    return (one > other) - (one < other)
