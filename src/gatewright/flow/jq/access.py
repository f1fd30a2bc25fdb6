"""Looking into values: members, items, slices, loops and descents."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import islice
from typing import Any

from gatewright.flow.jq.budget import MAX_DEPTH
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import BudgetExceeded
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.sizes import bounded
from gatewright.flow.jq.values import equal
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import plain
from gatewright.flow.jq.values import type_name

_CHUNK = 256
Path = tuple[Any, ...]


def _not_indexable(value: object, key: object) -> Raised:
    return Raised(f"Cannot index {type_name(value)} with {described(key)}")


def member(_: Budget, value: Any, key: str) -> object:
    """`.name`: null when there is none, and of null."""
    if value is None:
        return None
    if type(value) is dict:
        return value.get(key)
    raise _not_indexable(value, key)


def item(budget: Budget, value: Any, key: Any) -> object:
    """`.[key]`: by name, by number (from the end when negative), by a slice object, or where an array occurs."""
    kind = type(key)
    if kind is str:
        return member(budget, value, key)
    if is_number(key) and (type(value) is list or value is None):
        return None if value is None else _numbered(value, key)
    if kind is dict and (value is None or type(value) in (list, str)):
        if value is None:
            return None
        if not ("start" in key and "end" in key):
            raise Raised("Array/string slice indices must be integers")
        return part(budget, value, key.get("start"), key.get("end"))
    if kind is list and type(value) is list:
        return occurrences(budget, value, key)
    raise _not_indexable(value, key)


def _numbered(value: list[Any], key: float) -> object:
    if key != key or abs(key) > 2**53:
        return None
    place = int(key // 1)
    if place < 0:
        place += len(value)
    return value[place] if 0 <= place < len(value) else None


def occurrences(budget: Budget, value: list[Any], wanted: list[Any]) -> list[int]:
    """The places where an array occurs in another; none for the empty one."""
    if not wanted:
        return []
    budget.spend(len(value) * len(wanted))
    last = len(value) - len(wanted)
    return [
        place
        for place in budget.spread(range(last + 1))
        if all(equal(budget, value[place + offset], one) for offset, one in enumerate(wanted))
    ]


def bounds(length: int, low: Any, high: Any) -> tuple[int, int]:
    """The places of a slice in a sequence of this length. Raises Raised for what is no number."""
    if not ((low is None or is_number(low)) and (high is None or is_number(high))):
        raise Raised("Array/string slice indices must be integers")
    start = 0.0 if low is None or low != low else low
    end = length if high is None or high != high else high
    start = start + length if start < 0 else start
    end = end + length if end < 0 else end
    start = int(min(max(start, 0), length) // 1)
    end = int(-(-min(max(end, 0), length) // 1))
    return start, max(start, end)


def part(budget: Budget, value: Any, low: Any, high: Any) -> object:
    """`.[low:high]` of an array, a string or null."""
    if value is None:
        return None
    if type(value) not in (list, str):
        raise _not_indexable(value, {"start": low, "end": high})
    start, end = bounds(len(value), low, high)
    budget.spend((end - start) >> 4)
    return value[start:end]


def items(budget: Budget, value: Any, cost: int) -> Iterable[Any]:
    """`.[]`, charged in advance, of many by the portion."""
    if type(value) is list:
        return budget.spread(value, cost)
    if type(value) is dict:
        return budget.spread(value.values(), cost)
    raise _not_iterable(value)


def entries(budget: Budget, value: Any, cost: int) -> Iterable[tuple[Any, Any]]:
    """`.[]` with the keys."""
    if type(value) is list:
        return enumerate(budget.spread(value, cost))
    if type(value) is dict:
        return budget.spread(value.items(), cost)
    raise _not_iterable(value)


def _not_iterable(value: object) -> Raised:
    return Raised(f"Cannot iterate over {described(value)}" if value is not None else "Cannot iterate over null")


def key(_: Budget, value: Any) -> str:
    """The key of an object under construction."""
    if type(value) is not str:
        raise Raised(f"Object keys must be strings, not {described(value)}")
    return value


def descend(budget: Budget, value: Any, cost: int) -> Iterator[Any]:
    """`..`: the value and all within it, parents first."""
    stack = [iter((value,))]
    while stack:
        for one in stack[-1]:
            yield one
            kind = type(one)
            if kind is list or kind is dict:
                stack.append(iter(items(budget, one, cost)))
                break
        else:
            stack.pop()


def descend_paths(budget: Budget, at: Path, value: Any, cost: int) -> Iterator[tuple[Path, Any]]:
    """`..` with paths."""
    return recurse_paths(budget, at, value, lambda where, one: _children(budget, where, one), cost)


def _children(budget: Budget, at: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    if type(value) is list or type(value) is dict:
        for name, one in entries(budget, value, 1 + len(at) // 8):
            yield (*at, name), one


def recurse(budget: Budget, value: Any, step: Callable[[Any], Iterator[Any]], cost: int) -> Iterator[Any]:
    """`recurse(f)`: the value, then the same for each value of `f`."""
    stack = [iter((value,))]
    rounds = 0
    while stack:
        for one in stack[-1]:
            budget.spend(cost + 3)
            rounds += 1
            if rounds % 100 == 0:
                bounded(budget, one)
            yield one
            stack.append(step(one))
            break
        else:
            stack.pop()


def recurse_paths(
    budget: Budget, at: Path, value: Any, step: Callable[[Path, Any], Iterator[tuple[Path, Any]]], cost: int
) -> Iterator[tuple[Path, Any]]:
    """`recurse(f)` with paths."""
    stack = [iter(((at, value),))]
    while stack:
        for where, one in stack[-1]:
            budget.spend(cost + 3)
            if len(where) > MAX_DEPTH * 4:
                raise BudgetExceeded("a path grows too long")
            yield where, one
            stack.append(step(where, one))
            break
        else:
            stack.pop()


def span(budget: Budget, start: Any, end: Any, step: Any, cost: int) -> Iterator[Any]:
    """`range(start; end; step)`, charged by the chunk as it goes."""
    if not (is_number(start) and is_number(end) and is_number(step)):
        raise Raised("Range bounds must be numeric")
    if type(start) is type(step) is int and step and end == end and abs(end) < 2**63:
        stop = end if type(end) is int else int(-(-end // 1) if step > 0 else end // 1)
        numbers: Iterator[Any] = iter(range(start, stop, step))
    else:
        numbers = _stepped(start, end, step)
    return _chunked(budget, numbers, cost)


def _stepped(start: float, end: float, step: float) -> Iterator[Any]:
    value = start
    while (step > 0 and value < end) or (step < 0 and value > end):
        yield value
        value = plain(value + step)


def charged(budget: Budget, values: Iterable[Any], cost: int) -> Iterator[Any]:
    """The same values, each charged when it is asked for."""
    for value in values:
        budget.spend(cost)
        yield value


def _chunked(budget: Budget, values: Iterator[Any], cost: int) -> Iterator[Any]:
    """The same, charged in growing chunks, for values that come cheaply and never fail."""
    size = 1
    while True:
        budget.spend(size * cost)
        chunk = list(islice(values, size))
        yield from chunk
        if len(chunk) < size:
            return
        size = min(size * 2, _CHUNK)


def next_round(budget: Budget, state: Any, rounds: int) -> int:
    """Charge one round of a loop; now and then look how deep its state nests."""
    budget.spend(4)
    if rounds % 100 == 99:
        bounded(budget, state)
    return rounds + 1


def count_of(value: Any, name: str) -> Any:
    """The first argument of `limit` and `skip`. Raises Raised when it is negative or no number."""
    if not is_number(value):
        raise Raised(f"{name} takes a number, not {described(value)}")
    if value < 0:
        raise Raised(f"{name} doesn't support negative count")
    return value
