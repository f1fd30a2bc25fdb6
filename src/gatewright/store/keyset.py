"""Lists in an order of choice, page after page: each page begins after the last row of the one before (keyset paging)."""

from collections.abc import Sequence
from typing import Final

import msgspec

_SEPARATOR: Final = "\x1f"
_LONGEST_NUMBER: Final = 18  # digits of a 64-bit integer that any sign fits
_BEGINNING: Final = "1 = 1"


class Order(msgspec.Struct, frozen=True):
    """The order of a list: by columns whose values together are unique, and which one index holds in this order.

    number: whether the first column is a number.  descending: from the last row back.
    """

    columns: tuple[str, ...]
    number: bool = False
    descending: bool = False

    def after(self, place: Sequence[object]) -> str:
        """The condition for the rows after `place`, the columns' values of a row; it takes these as parameters.

        An empty place is the beginning.
        """
        if not place:
            return _BEGINNING
        marks = ", ".join("?" * len(self.columns))
        return f"({', '.join(self.columns)}) {'<' if self.descending else '>'} ({marks})"

    @property
    def by(self) -> str:
        """What stands after ORDER BY."""
        direction = " DESC" if self.descending else ""
        return ", ".join(f"{column}{direction}" for column in self.columns)

    def place(self, cursor: str) -> tuple[object, ...]:
        """The place that a cursor stands for; the beginning for one that cannot be read."""
        parts = cursor.split(_SEPARATOR)
        if len(parts) != len(self.columns) or not any(parts) or "\0" in cursor:
            return ()
        if not self.number:
            return tuple(parts)
        first = parts[0]
        if not (first.isascii() and first.isdigit() and len(first) <= _LONGEST_NUMBER):
            return ()
        return (int(first), *parts[1:])


def cursor(*place: object) -> str:
    """The text that stands for a place in an address."""
    return _SEPARATOR.join(map(str, place))
