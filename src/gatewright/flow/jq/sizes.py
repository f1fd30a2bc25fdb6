"""How large a value is when it is written out: an expression may build one of few parts, each used many times over."""

from typing import Any

from gatewright.flow.jq.budget import MAX_DEPTH
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import BudgetExceeded

_FEW, _SHORT = 20, 200
_BYTES = 8
"""What one part of a value is taken to need."""


def measure(budget: Budget, value: Any, known: dict[int, int] | None = None) -> int:
    """The number of its parts, shared ones as often as they occur; takes time for each distinct part once."""
    kind = type(value)
    if kind is not list and kind is not dict:
        return 1 + (len(value) >> 4) if kind is str else 1
    known = {} if known is None else known
    total = known.get(id(value))
    if total is not None:
        return total
    total = 1 + (len(value) if kind is dict else 0)
    for one in budget.spread(value if kind is list else value.values(), 1):
        total += measure(budget, one, known) if type(one) in _LONG else 1
    known[id(value)] = total
    return total


_LONG = (list, dict, str)


def charge(budget: Budget, value: Any) -> int:
    """Charge a walk through the whole value before it begins; its units. Raises BudgetExceeded."""
    kind = type(value)
    if kind is not list and kind is not dict and kind is not str:
        return 0
    units = measure(budget, value)
    budget.spend(units)
    return units


def bounded(budget: Budget, value: Any) -> None:
    """Refuse a value that is too deep, or too large when written out, as loops can make it. Raises BudgetExceeded."""
    if (type(value) is not list and type(value) is not dict) or _is_slight(value):
        return
    _check_depth(budget, value)
    if measure(budget, value) * _BYTES > budget.size:
        raise BudgetExceeded("a value grows larger than a run may make it")


def _is_slight(value: Any) -> bool:
    """Whether it is flat and short, as most that is asked for is."""
    if len(value) > _FEW:
        return False
    for one in value if type(value) is list else value.values():
        kind = type(one)
        if kind is dict or kind is list or (kind is str and len(one) > _SHORT):
            return False
    return True


def _check_depth(budget: Budget, value: Any) -> None:
    level = {id(value): value}
    for _ in range(MAX_DEPTH):
        deeper: dict[int, Any] = {}
        for container in level.values():
            for one in budget.spread(container if type(container) is list else container.values(), 1):
                if type(one) is list or type(one) is dict:
                    deeper[id(one)] = one
        if not deeper:
            return
        level = deeper
    raise BudgetExceeded(f"a value is nested more than {MAX_DEPTH} levels deep")
