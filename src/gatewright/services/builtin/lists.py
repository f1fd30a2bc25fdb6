"""Lists, most of them of objects, by the members that `by` names (`customer.id` leads into an object)."""

from typing import Any
from typing import Literal

import msgspec

from gatewright.flow.jq import Budget
from gatewright.flow.jq import in_order
from gatewright.flow.turns import unhurried
from gatewright.flow.turns import whose_turn
from gatewright.services.authoring import service
from gatewright.services.builtin.refusals import MOST_ITEMS
from gatewright.services.builtin.refusals import few
from gatewright.services.builtin.refusals import refusal

Items = list[Any]


@service(inline=True)
def sort(items: Items, by: list[str] = [], descending: bool = False) -> Items:  # noqa: B006  never changed
    """The items in order: null, booleans, numbers, texts, then the rest; equal ones stay as they were.

    by: the members that decide, the first one first; none: the items themselves.
    """
    found = items[::-1] if descending else items
    ranks = [[_rank(_at(item, path)) for path in by or [""]] for item in unhurried(found)]
    ordered = [found[place] for place in in_order(Budget(pause=whose_turn()), ranks)]
    return ordered[::-1] if descending else ordered


@service(inline=True)
def unique(items: Items, by: list[str] = []) -> Items:  # noqa: B006  never changed
    """The items without repetitions, the first of each kept; by: the members that make two the same."""
    first: dict[bytes, Any] = {}
    for item in unhurried(items):
        first.setdefault(_key(item, by), item)
    return list(first.values())


@service(inline=True)
def group(items: Items, by: list[str]) -> Items:
    """Groups of the items that are the same by these members, in the order of their first: `key` and `items` of each.

    key: the member's value; with several members a list of theirs.
    """
    if not by:
        raise refusal("by names the members to group by")
    groups: dict[bytes, dict[str, Any]] = {}
    for item in unhurried(items):
        values = [_at(item, path) for path in by]
        found = groups.setdefault(_key(item, by), {"key": values[0] if len(by) == 1 else values, "items": []})
        found["items"].append(item)
    return list(groups.values())


@service(inline=True)
def index(items: Items, by: str) -> dict[str, Any]:
    """The items by a member that is a text or number, the last of each kept."""
    found = {}
    for item in unhurried(items):
        value = _at(item, by)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise refusal(f"{by!r} is not a text or whole number in every item")
        found[str(value)] = item
    return found


@service(inline=True)
def chunk(items: Items, size: int) -> Items:
    """Lists of so many items each; the last may have fewer."""
    if size < 1:
        raise refusal("size is at least 1")
    return [items[start : start + size] for start in range(0, len(items), size)]


@service(inline=True)
def page(items: Items, offset: int = 0, limit: int = 100) -> Items:
    """So many items from an offset on."""
    if offset < 0 or limit < 0:
        raise refusal("offset and limit are 0 or more")
    return items[offset : offset + limit]


@service(inline=True)
def flatten(items: Items) -> Items:
    """The items, those that are lists replaced by what is in them, one level deep."""
    found: Items = []
    for item in unhurried(items):
        found.extend(item if isinstance(item, list) else [item])
        few(found)
    return found


@service(inline=True)
def concat(lists: list[Items]) -> Items:
    """All items of all lists, one list after the other."""
    return flatten(list(lists))


@service(inline=True)
def join(
    left: list[dict[str, Any]],
    right: list[dict[str, Any]],
    on: str,
    right_on: str = "",
    kind: Literal["inner", "left"] = "inner",
    into: str = "",
) -> list[dict[str, Any]]:
    """The objects of two lists that have the same value in `on` (of the right list: `right_on`), merged.

    kind: left keeps also objects of the left list that have no partner. into: the member of the left object that holds
    the list of its partners, in place of merging them; then every left object is there once.
    """
    partners: dict[bytes, list[dict[str, Any]]] = {}
    for item in unhurried(right):
        partners.setdefault(_key(item, [right_on or on]), []).append(item)
    found: list[dict[str, Any]] = []
    for item in unhurried(left):
        own = partners.get(_key(item, [on]), [])
        if into:
            if own or kind == "left":
                found.append({**item, into: own})
        elif own:
            found.extend({**item, **partner} for partner in own)
        elif kind == "left":
            found.append(item)
        if len(found) > MOST_ITEMS:
            raise refusal(f"the result has more than {MOST_ITEMS} items")
    return found


def _at(item: Any, path: str) -> Any:
    """The member a dotted path leads to; null where there is none. The empty path: the item itself."""
    for name in path.split(".") if path else ():
        item = item.get(name) if isinstance(item, dict) else None
    return item


def _key(item: Any, by: list[str]) -> bytes:
    """Bytes that are the same for equal values, numbers by value and not by spelling."""
    return msgspec.json.encode([_plain(_at(item, path)) for path in by or [""]], order="deterministic")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return 0, 0
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    if isinstance(value, str):
        return 3, value
    return 4, msgspec.json.encode(_plain(value), order="deterministic")
