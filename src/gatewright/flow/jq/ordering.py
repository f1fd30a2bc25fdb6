"""Sorting, with turns for others in between where there is much to sort."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any
from typing import Final

from gatewright.flow.jq.budget import PORTION
from gatewright.flow.jq.budget import Budget

_AT_ONCE: Final = 2 * PORTION
_MOST_PARTS: Final = 500
_SAMPLES: Final = 4
"""So many for each part: with more, the parts are more alike in length."""


def in_order(budget: Budget, ranks: Sequence[Any]) -> list[int]:
    """The places of all ranks from the least to the greatest; equal ones in the order in which they stand.

    Many are told apart first, by some of them; each part is then sorted by itself.
    """
    if len(ranks) <= _AT_ONCE:
        return sorted(range(len(ranks)), key=ranks.__getitem__)
    found: list[int] = []
    for part in _parts(budget, ranks):
        budget.breathe()
        part.sort(key=ranks.__getitem__)
        found += part
    return found


def _parts(budget: Budget, ranks: Sequence[Any]) -> list[list[int]]:
    count = min(len(ranks) // PORTION, _MOST_PARTS)
    some = sorted(ranks[:: len(ranks) // (count * _SAMPLES) or 1])
    ends = some[_SAMPLES :: len(some) // count or 1]
    parts: list[list[int]] = [[] for _ in range(len(ends) + 1)]
    for place in budget.spread(range(len(ranks))):
        parts[bisect_right(ends, ranks[place])].append(place)
    return parts
