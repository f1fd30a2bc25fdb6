"""The operators `+ - * / %` and negation."""

import math
import operator
from collections.abc import Callable
from typing import Any

from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.values import MAX_EXACT
from gatewright.flow.jq.values import as_float
from gatewright.flow.jq.values import equal
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import plain

_INT64 = 2**63
_NUMBERS = (int, float)


def _refuse(left: object, right: object, what: str) -> Raised:
    return Raised(f"{described(left)} and {described(right)} cannot be {what}")


def _floating(call: Callable[[float, float], float], left: float, right: float) -> int | float:
    """An operation on two numbers in floating point."""
    try:
        result = call(left, right)
        if type(result) is int:
            result = call(float(left), float(right))
    except OverflowError:
        return plain(call(as_float(left), as_float(right)))
    return int(result) if result.is_integer() and -MAX_EXACT <= result <= MAX_EXACT else result


def add(budget: Budget, left: Any, right: Any) -> object:
    """`+`: numbers, strings, arrays, objects (the right side wins); null adds nothing."""
    kind = type(left)
    if kind is int and type(right) is int and -MAX_EXACT <= (exact := left + right) <= MAX_EXACT:
        return exact
    if kind in _NUMBERS and type(right) in _NUMBERS:
        return _floating(operator.add, left, right)
    if right is None:
        return left
    if left is None:
        return right
    if kind is not type(right):
        raise _refuse(left, right, "added")
    if kind is str:
        budget.text(len(left) + len(right))
        return left + right
    if kind is list:
        budget.items(len(left) + len(right))
        return left + right
    if kind is dict:
        budget.items(len(left) + len(right))
        return {**left, **right}
    raise _refuse(left, right, "added")


def subtract(budget: Budget, left: Any, right: Any) -> object:
    """`-`: numbers; arrays without the right side's items."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        if type(left) is int and type(right) is int and -MAX_EXACT <= (exact := left - right) <= MAX_EXACT:
            return exact
        return _floating(operator.sub, left, right)
    if type(left) is list and type(right) is list:
        return _without(budget, left, right)
    raise _refuse(left, right, "subtracted")


def _without(budget: Budget, left: list[Any], right: list[Any]) -> list[Any]:
    budget.spend(len(left) + len(right))
    if all(type(item) is str for item in right):
        unwanted = frozenset(right)
        return [item for item in budget.spread(left) if type(item) is not str or item not in unwanted]
    budget.spend(len(left) * len(right))
    return [item for item in budget.spread(left) if not any(equal(budget, item, other) for other in right)]


def multiply(budget: Budget, left: Any, right: Any) -> object:
    """`*`: numbers; a string repeated; objects merged at every depth."""
    if type(left) in _NUMBERS and type(right) in _NUMBERS:
        if type(left) is int and type(right) is int and -MAX_EXACT <= (exact := left * right) <= MAX_EXACT:
            return exact
        return _floating(operator.mul, left, right)
    if type(left) is str and is_number(right):
        return _repeated(budget, left, right)
    if is_number(left) and type(right) is str:
        return _repeated(budget, right, left)
    if type(left) is dict and type(right) is dict:
        return _merged(budget, left, right)
    raise _refuse(left, right, "multiplied")


def _repeated(budget: Budget, text: str, times: float) -> str | None:
    if not times >= 0:
        return None
    count = int(min(times, _INT64))
    budget.text(len(text) * count)
    return text * count


def _merged(budget: Budget, left: dict[str, Any], right: dict[str, Any]) -> dict[str, Any]:
    budget.items(len(left) + len(right))
    result = dict(left)
    for key, value in right.items():
        old = result.get(key)
        both = type(old) is dict and type(value) is dict
        result[key] = _merged(budget, old, value) if both else value  # type: ignore[arg-type]
    return result


def divide(budget: Budget, left: Any, right: Any) -> object:
    """`/`: numbers; a string split by another."""
    if is_number(left) and is_number(right):
        if right == 0:
            raise _refuse(left, right, "divided because the divisor is zero")
        return plain(as_float(left) / as_float(right))
    if type(left) is str and type(right) is str:
        return split(budget, left, right)
    raise _refuse(left, right, "divided")


def split(budget: Budget, text: str, separator: str) -> list[str]:
    """A string cut at every separator; by the empty one into its characters."""
    budget.text(len(text))
    if not text:
        return []
    parts = text.split(separator) if separator else list(text)
    budget.items(len(parts) * 8)
    return parts


def modulo(_: Budget, left: Any, right: Any) -> object:
    """`%`: of the numbers' whole parts, with the sign of the left one."""
    if type(left) is int and type(right) is int and 0 < right <= MAX_EXACT and 0 <= left <= MAX_EXACT:
        return left % right
    if not (is_number(left) and is_number(right)):
        raise _refuse(left, right, "divided (remainder)")
    if left != left or right != right:
        return math.nan
    divisor = abs(_truncated(right))
    if divisor == 0:
        raise _refuse(left, right, "divided (remainder) because the divisor is zero")
    rest = abs(_truncated(left)) % divisor
    return plain(rest if left >= 0 else -rest)


def _truncated(value: float) -> int:
    return int(max(-_INT64, min(value, _INT64 - 1)))


def negate(_: Budget, value: Any) -> object:
    """`-x`"""
    if not is_number(value):
        raise Raised(f"{described(value)} cannot be negated")
    return -value if type(value) is int else plain(-value)
