"""Native functions on arrays and objects."""

import itertools
import math
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from gatewright.flow.jq import arithmetic
from gatewright.flow.jq.access import entries
from gatewright.flow.jq.access import item
from gatewright.flow.jq.access import items
from gatewright.flow.jq.access import occurrences
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.native import Name
from gatewright.flow.jq.native import Native
from gatewright.flow.jq.ordering import in_order
from gatewright.flow.jq.pathops import delete_paths
from gatewright.flow.jq.pathops import get_path
from gatewright.flow.jq.pathops import set_path
from gatewright.flow.jq.sizes import charge
from gatewright.flow.jq.values import compare
from gatewright.flow.jq.values import equal
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import order_key
from gatewright.flow.jq.values import type_name


def _length(_: Budget, value: Any) -> object:
    kind = type(value)
    if kind in (str, list, dict):
        return len(value)
    if value is None:
        return 0
    if kind is bool:
        raise Raised(f"{described(value)} has no length")
    return abs(value)


def _keys(budget: Budget, value: Any) -> list[Any]:
    found = _keys_unsorted(budget, value)
    budget.spend(len(found) * len(found).bit_length())
    return sorted(found)


def _keys_unsorted(budget: Budget, value: Any) -> list[Any]:
    if type(value) is dict:
        budget.items(len(value))
        return list(value)
    if type(value) is list:
        budget.items(len(value) * 4)
        return list(range(len(value)))
    raise Raised(f"{described(value)} has no keys")


def _has(_: Budget, value: Any, key: Any) -> bool:
    if type(value) is dict and type(key) is str:
        return key in value
    if value is None:
        return False
    if type(value) is list and is_number(key):
        return bool(0 <= key < len(value))
    raise Raised(f"Cannot check whether {type_name(value)} has a {type_name(key)} key")


def _add(budget: Budget, value: Any) -> object:
    found = list(items(budget, value, 1))
    if found and all(type(one) is str for one in found):
        budget.text(sum(map(len, found)))
        return "".join(found)
    if len(found) > 1 and all(type(one) is list for one in found):
        budget.items(sum(map(len, found)))
        return list(itertools.chain.from_iterable(found))
    total: object = None
    for one in found:
        total = arithmetic.add(budget, total, one)
    return total


def _to_entries(budget: Budget, value: Any) -> list[Any]:
    if type(value) is not dict and type(value) is not list:
        raise Raised(f"{described(value)} has no keys")
    return [{"key": name, "value": one} for name, one in entries(budget, value, 8)]


def _from_entries(budget: Budget, value: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for entry in items(budget, value, 2):
        if type(entry) is not dict:
            raise Raised(f'Cannot index {type_name(entry)} with string ("key")')
        name = _entry_name(entry)
        if type(name) is not str:
            raise Raised(f"Cannot use {described(name)} as object key")
        result[name] = entry["value"] if "value" in entry else entry.get("Value")
    return result


def _entry_name(entry: dict[str, Any]) -> object:
    for spelling in ("key", "Key", "name"):
        name = entry.get(spelling)
        if name is not None and name is not False:
            return name
    return entry.get("Name")


def _array(value: Any, what: str) -> list[Any]:
    if type(value) is not list:
        raise Raised(f"{described(value)} cannot be {what}, as it is not an array")
    return value


def _charge_sort(budget: Budget, values: list[Any]) -> None:
    charge(budget, values)
    _charge_order(budget, values)


def _charge_order(budget: Budget, values: list[Any]) -> None:
    budget.spend(len(values) * len(values).bit_length())


def _ranks(budget: Budget, by: list[Any]) -> list[Any]:
    """What to sort the items by; keys of one integer or one string each, the usual ones, stand for themselves."""
    if all(type(one) is list and len(one) == 1 for one in budget.spread(by)):
        firsts = [one[0] for one in budget.spread(by)]
        kinds = {type(one) for one in budget.spread(firsts)}
        if kinds == {int} or kinds == {str}:
            _charge_order(budget, by)
            return firsts
    _charge_sort(budget, by)
    return [order_key(one) for one in budget.spread(by)]


def _sort(budget: Budget, value: Any) -> list[Any]:
    found = _array(value, "sorted")
    _charge_sort(budget, found)
    ranks = [order_key(one) for one in budget.spread(found)]
    return [found[place] for place in budget.spread(in_order(budget, ranks))]


def _sort_by(budget: Budget, value: Any, by: list[Any]) -> list[Any]:
    found = _array(value, "sorted")
    ranks = _ranks(budget, by)
    return [found[place] for place in budget.spread(in_order(budget, ranks))]


def _group_by(budget: Budget, value: Any, by: list[Any]) -> list[Any]:
    found = _array(value, "grouped")
    ranks = _ranks(budget, by)
    places = budget.spread(in_order(budget, ranks))
    return [[found[place] for place in group] for _, group in itertools.groupby(places, key=ranks.__getitem__)]


def _unique_by(budget: Budget, value: Any, by: list[Any]) -> list[Any]:
    return [group[0] for group in _group_by(budget, value, by)]


def _unique(budget: Budget, value: Any) -> list[Any]:
    return _unique_by(budget, _array(value, "sorted"), value)


def _min_by(budget: Budget, value: Any, by: list[Any]) -> object:
    found = _array(value, "searched for its least")
    ranks = _ranks(budget, by)
    return found[min(budget.spread(range(len(found))), key=ranks.__getitem__)] if found else None


def _max_by(budget: Budget, value: Any, by: list[Any]) -> object:
    """Of several greatest the last."""
    found = _array(value, "searched for its greatest")
    ranks = _ranks(budget, by)
    return found[max(budget.spread(range(len(found))), key=lambda place: (ranks[place], place))] if found else None


def _least(budget: Budget, value: Any) -> object:
    return _min_by(budget, value, value if type(value) is list else [])


def _greatest(budget: Budget, value: Any) -> object:
    return _max_by(budget, value, value if type(value) is list else [])


def _flatten(budget: Budget, value: Any, depth: Any) -> list[Any]:
    if depth is None or type(depth) is bool or (is_number(depth) and depth < 0):
        raise Raised("flatten depth must not be negative")
    return _flattened(budget, value, depth)


def _flatten_all(budget: Budget, value: Any) -> list[Any]:
    return _flattened(budget, value, -1)


def _flattened(budget: Budget, value: Any, depth: Any) -> list[Any]:
    result: list[Any] = []
    _flatten_into(budget, result, list(items(budget, value, 1)), depth)
    return result


def _flatten_into(budget: Budget, result: list[Any], value: list[Any], depth: Any) -> None:
    for one in budget.spread(value, 2):
        if type(one) is list and depth != 0:
            _flatten_into(budget, result, one, arithmetic.subtract(budget, depth, 1))
        else:
            result.append(one)


def _reverse(budget: Budget, value: Any) -> object:
    if type(value) is not list:
        if _length(budget, value) == 0:
            return []
        raise Raised(f"{described(value)} cannot be reversed, as it is not an array")
    budget.items(len(value))
    return value[::-1]


def _contains(budget: Budget, value: Any, wanted: Any) -> bool:
    if type_name(value) != type_name(wanted):
        raise Raised(f"{described(value)} and {described(wanted)} cannot have their containment checked")
    return _holds(budget, value, wanted)


def _holds(budget: Budget, value: Any, wanted: Any) -> bool:
    kind = type(value)
    if kind is not type(wanted):
        return equal(budget, value, wanted)
    if kind is dict:
        budget.spend(len(wanted))
        return all(name in value and _holds(budget, value[name], one) for name, one in wanted.items())
    if kind is list:
        budget.spend(len(wanted) * (1 + len(value)))
        return all(any(_holds(budget, have, one) for have in value) for one in wanted)
    if kind is str:
        budget.spend(len(value) >> 6)
        return wanted in value
    return equal(budget, value, wanted)


def _indices(budget: Budget, value: Any, wanted: Any) -> object:
    if type(value) is str and type(wanted) is str:
        return _text_indices(budget, value, wanted)
    if type(value) is list and type(wanted) is list:
        return occurrences(budget, value, wanted)
    if type(value) is list:
        return occurrences(budget, value, [wanted])
    return item(budget, value, wanted)


def _text_indices(budget: Budget, value: str, wanted: str) -> object:
    if not wanted:
        return []
    budget.text(len(value) * 4)
    found, place = [], value.find(wanted)
    while place >= 0:
        found.append(place)
        place = value.find(wanted, place + 1)
    return found


def _index(budget: Budget, value: Any, wanted: Any) -> object:
    return item(budget, _indices(budget, value, wanted), 0)


def _rindex(budget: Budget, value: Any, wanted: Any) -> object:
    return item(budget, _indices(budget, value, wanted), -1)


def _transpose(budget: Budget, value: Any) -> list[Any]:
    rows = list(items(budget, value, 1))
    width: Any = max((_length(budget, row) for row in rows), default=0)  # type: ignore[type-var]
    budget.items(int(width) * (len(rows) + 8))
    return [[item(budget, row, place) for row in budget.spread(rows)] for place in range(math.ceil(width))]


def _combinations(budget: Budget, value: Any) -> Iterator[Any]:
    if type(value) is not list and _length(budget, value) != 0:
        raise Raised(f"Cannot index {type_name(value)} with number (0)")
    sets = [list(items(budget, one, 1)) for one in value or ()]
    cost = 4 + len(sets) // 4
    for chosen in itertools.product(*sets):
        budget.spend(cost)
        yield list(chosen)


def bsearch(budget: Budget, value: Any, wanted: Any) -> int:
    """The place of a value in a sorted array, or -1 less the place where it would go."""
    found = _array(value, "searched")
    low, high = 0, len(found)
    while low < high:
        budget.spend(4)
        middle = (low + high) // 2
        if compare(budget, found[middle], wanted) < 0:
            low = middle + 1
        else:
            high = middle
    return low if low < len(found) and compare(budget, found[low], wanted) == 0 else -1 - low


def tostream(budget: Budget, value: Any) -> Iterator[Any]:
    """`[path, leaf]` events, and `[path]` after the last child of each container."""
    if type(value) not in (list, dict) or not value:
        yield [[], value]
        return
    for path, event in _events(budget, (), value):
        yield [list(path), *event]


def _events(budget: Budget, at: tuple[Any, ...], value: Any) -> Iterator[tuple[tuple[Any, ...], list[Any]]]:
    last: tuple[Any, ...] = at
    for name, one in entries(budget, value, 4):
        last = (*at, name)
        if type(one) in (list, dict) and one:
            yield from _events(budget, last, one)
        else:
            yield last, [one]
    yield last, []


def walk(budget: Budget, value: Any, update: Callable[[Any], Iterator[Any]]) -> object:
    """The value with `update` applied to everything within, innermost first; its first value at the top."""
    return next(walk_all(budget, value, update), None)


def walk_all(budget: Budget, value: Any, update: Callable[[Any], Iterator[Any]]) -> Iterator[Any]:
    """All values that `update` gives for the value rebuilt from its updated parts."""
    budget.spend(4)
    if type(value) is list:
        value = [new for one in items(budget, value, 1) for new in walk_all(budget, one, update)]
    elif type(value) is dict:
        value = _walked_members(budget, value, update)
    return update(value)


def _walked_members(budget: Budget, value: dict[str, Any], update: Callable[[Any], Iterator[Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, one in entries(budget, value, 1):
        for new in walk_all(budget, one, update):
            result[name] = new
            break
    return result


FUNCTIONS: dict[Name, Native] = {
    ("length", 0): Native(_length),
    ("keys", 0): Native(_keys),
    ("keys_unsorted", 0): Native(_keys_unsorted),
    ("has", 1): Native(_has),
    ("add", 0): Native(_add),
    ("to_entries", 0): Native(_to_entries),
    ("from_entries", 0): Native(_from_entries),
    ("sort", 0): Native(_sort),
    ("_sort_by", 1): Native(_sort_by),
    ("_group_by", 1): Native(_group_by),
    ("_unique_by", 1): Native(_unique_by),
    ("_min_by", 1): Native(_min_by),
    ("_max_by", 1): Native(_max_by),
    ("unique", 0): Native(_unique),
    ("min", 0): Native(_least),
    ("max", 0): Native(_greatest),
    ("flatten", 0): Native(_flatten_all),
    ("flatten", 1): Native(_flatten),
    ("reverse", 0): Native(_reverse),
    ("contains", 1): Native(_contains),
    ("indices", 1): Native(_indices),
    ("index", 1): Native(_index),
    ("rindex", 1): Native(_rindex),
    ("transpose", 0): Native(_transpose),
    ("combinations", 0): Native(_combinations, many=True),
    ("bsearch", 1): Native(bsearch),
    ("tostream", 0): Native(tostream, many=True),
    ("getpath", 1): Native(get_path),
    ("setpath", 2): Native(set_path),
    ("delpaths", 1): Native(delete_paths),
}
