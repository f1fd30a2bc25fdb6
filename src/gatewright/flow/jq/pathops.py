"""Reading, writing and deleting by path. Nothing is changed in place that an expression could see."""

from typing import Any

from gatewright.flow.jq.access import Path
from gatewright.flow.jq.access import bounds
from gatewright.flow.jq.access import item
from gatewright.flow.jq.access import occurrences
from gatewright.flow.jq.arithmetic import add
from gatewright.flow.jq.budget import MAX_DEPTH
from gatewright.flow.jq.budget import Budget
from gatewright.flow.jq.errors import BudgetExceeded
from gatewright.flow.jq.errors import Raised
from gatewright.flow.jq.faults import described
from gatewright.flow.jq.sizes import charge
from gatewright.flow.jq.values import NOTHING
from gatewright.flow.jq.values import is_number
from gatewright.flow.jq.values import order_key
from gatewright.flow.jq.values import type_name


def path_keys(_: Budget, keys: Any) -> Path:
    """The path that an array spells. Raises Raised for anything else."""
    if type(keys) is not list:
        raise Raised("Path must be specified as an array")
    if len(keys) > MAX_DEPTH:
        raise BudgetExceeded(f"a path is longer than {MAX_DEPTH} keys")
    return tuple(keys)


def follow(budget: Budget, value: Any, path: Path) -> object:
    """The value at a path; null all the way from where something is null."""
    for step in path:
        value = item(budget, value, step)
    return value


class Edit:
    """A value under change. Containers are copied when first written to, then written in place until handed out."""

    __slots__ = ("_budget", "_deleted", "_own", "_root")

    def __init__(self, budget: Budget, root: Any) -> None:
        self._budget = budget
        self._root = root
        self._own: dict[int, Any] = {}
        self._deleted: list[Path] = []

    def get(self, path: Path) -> object:
        """The value at a path as it is now."""
        value = follow(self._budget, self._root, path)
        if id(value) in self._own:
            self._own.clear()
        return value

    def put(self, path: Path, value: Any) -> None:
        """Write a value; NOTHING deletes the place at the end."""
        if value is NOTHING:
            self._deleted.append(path)
        else:
            self._root = self._written(self._root, path, 0, value)

    def append(self, value: Any) -> None:
        """Add to the whole value, as `+` does."""
        root = self._root
        if type(root) is not type(value) or type(root) not in (list, dict):
            self._root = add(self._budget, root, value)
            return
        self._budget.spend(len(value))
        own = self._owned(root)
        if type(own) is list:
            own.extend(value)
        else:
            own.update(value)
        if len(own) << 3 > self._budget.size:
            raise BudgetExceeded("an array or object grows larger than a run may make it")
        self._root = own

    def result(self) -> object:
        """The changed value."""
        return delete_paths(self._budget, self._root, self._deleted) if self._deleted else self._root

    def _written(self, container: Any, path: Path, place: int, value: Any) -> Any:
        if place == len(path):
            return value
        if place > MAX_DEPTH:
            raise BudgetExceeded(f"a path is longer than {MAX_DEPTH} keys")
        step = path[place]
        if type(step) is str and (container is None or type(container) is dict):
            own = self._owned({} if container is None else container)
            own[step] = self._written(own.get(step), path, place + 1, value)
            return own
        if is_number(step) and (container is None or type(container) is list):
            return self._numbered([] if container is None else container, path, place, value)
        if type(step) is dict and (container is None or type(container) is list):
            return self._sliced([] if container is None else container, path, place, value)
        raise _not_writable(container, step)

    def _numbered(self, container: list[Any], path: Path, place: int, value: Any) -> list[Any]:
        if path[place] != path[place]:
            raise Raised("Cannot set array element at NaN index")
        index = int(path[place] // 1)
        if index < 0:
            index += len(container)
            if index < 0:
                raise Raised("Out of bounds negative array index")
        missing = index + 1 - len(container)
        if missing > 0:
            if index > 2**29:
                raise Raised("Array index too large")
            self._budget.items(index * 4)
        own: list[Any] = self._owned(container)
        own.extend([None] * missing)
        own[index] = self._written(own[index], path, place + 1, value)
        return own

    def _sliced(self, container: list[Any], path: Path, place: int, value: Any) -> list[Any]:
        if not ("start" in path[place] and "end" in path[place]):
            raise Raised("Array/string slice indices must be integers")
        start, end = bounds(len(container), path[place].get("start"), path[place].get("end"))
        inner = self._written(container[start:end] or None, path, place + 1, value)
        if type(inner) is not list:
            raise Raised("A slice of an array can only be assigned another array")
        self._budget.items(len(container) + len(inner))
        return container[:start] + inner + container[end:]

    def _owned(self, container: Any) -> Any:
        if id(container) in self._own:
            return container
        self._budget.items(len(container))
        copy = container.copy()
        self._own[id(copy)] = copy
        return copy


def _not_writable(container: object, step: object) -> Raised:
    if type(step) is dict and type(container) is str:
        return Raised("Cannot update string slices")
    return Raised(f"Cannot index {type_name(container)} with {described(step)}")


def with_member(budget: Budget, value: Any, name: str, new: Any) -> object:
    """An object (or null) with one member changed; NOTHING deletes it."""
    if value is None or type(value) is dict:
        old = value or {}
        budget.items(len(old))
        if new is NOTHING:
            return {key: one for key, one in old.items() if key != name} if value is not None else None
        return {**old, name: new}
    raise _not_writable(value, name)


def set_path(budget: Budget, value: Any, keys: Any, new: Any) -> object:
    """`setpath`"""
    edit = Edit(budget, value)
    edit.put(path_keys(budget, keys), new)
    return edit.result()


def get_path(budget: Budget, value: Any, keys: Any) -> object:
    """`getpath`"""
    return follow(budget, value, path_keys(budget, keys))


def delete_paths(budget: Budget, value: Any, paths: Any) -> object:
    """`delpaths`: all at once, so that deleting one does not move the others."""
    if type(paths) is not list:
        raise Raised("Paths must be specified as an array")
    budget.spend(len(paths) * 4)
    found = [list(path) if type(path) in (list, tuple) else path for path in paths]
    if not all(type(path) is list for path in found):
        raise Raised("Path must be specified as an array")
    charge(budget, found)
    return _deleted(budget, value, sorted(found, key=order_key), 0)


def _deleted(budget: Budget, value: Any, paths: list[list[Any]], place: int) -> object:
    """Without what these paths (sorted, alike up to `place`) lead to; None when the value itself goes."""
    if not paths or value is None:
        return value
    if len(paths[0]) == place:
        return None
    last: list[Any] = []
    for step, group in _grouped(paths, place):
        if any(len(path) == place + 1 for path in group):
            last.append(step)
            continue
        child = item(budget, value, step)
        changed = _deleted(budget, child, group, place + 1)
        if changed is not child:
            edit = Edit(budget, value)
            edit.put((step,), changed)
            value = edit.result()
    return _removed(budget, value, last) if last else value


def _grouped(paths: list[list[Any]], place: int) -> list[tuple[Any, list[list[Any]]]]:
    """Paths with the same step at this place, the last step first."""
    groups: list[tuple[Any, list[list[Any]]]] = []
    for path in paths:
        if groups and order_key(groups[-1][0]) == order_key(path[place]):
            groups[-1][1].append(path)
        else:
            groups.append((path[place], [path]))
    return groups[::-1]


def _removed(budget: Budget, value: Any, steps: list[Any]) -> object:
    """Without these members (all of this value)."""
    if value is None:
        return None
    budget.items(len(value) if type(value) in (list, dict) else 0)
    if type(value) is dict:
        for step in steps:
            if type(step) is not str:
                raise Raised(f"Cannot delete field at object index of {type_name(step)}")
        unwanted = frozenset(steps)
        return {name: one for name, one in value.items() if name not in unwanted}
    if type(value) is list:
        places = _places(budget, value, steps)
        return [one for place, one in enumerate(value) if place not in places]
    raise Raised(f"Nothing can be deleted from {described(value)}")


def _places(budget: Budget, value: list[Any], steps: list[Any]) -> set[int]:
    found: set[int] = set()
    for step in steps:
        if is_number(step):
            place = int(step // 1)
            found.add(place + len(value) if place < 0 else place)
        elif type(step) is dict:
            start, end = bounds(len(value), step.get("start"), step.get("end"))
            budget.spend(end - start)
            found.update(range(start, end))
        elif type(step) is list:
            found.update(occurrences(budget, value, step))
        else:
            raise Raised(f"Cannot delete field at array index of {type_name(step)}")
    return found
