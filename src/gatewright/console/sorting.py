"""Lists that are sorted by a click on a column's header: which order, and the addresses that the headers lead to."""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from gatewright.console.visit import Visit
from gatewright.store.keyset import Order

Row = TypeVar("Row")


class Sorting(msgspec.Struct, frozen=True, kw_only=True):
    """How a list is sorted.

    by: `name`, or `-name` from the last one back, as addresses have it.  first: what it is without being chosen.
    columns: by a header's text, what a first click on it sorts by; other headers are text alone.
    kept: what the list is narrowed to.
    """

    address: str
    columns: Mapping[str, str]
    by: str
    first: str
    kept: Mapping[str, str] = {}

    @property
    def key(self) -> str:
        """What it is sorted by, in either direction."""
        return self.by.removeprefix("-")

    @property
    def descending(self) -> bool:
        """Whether the list is from the last one back."""
        return self.by.startswith("-")

    @property
    def chosen(self) -> str:
        """What an address has to carry for this order: empty for the one that needs no choosing."""
        return "" if self.by == self.first else self.by

    @property
    def base(self) -> str:
        """The address of this list, ready for a further parameter."""
        query = self._query(self.chosen)
        return f"{self.address}?{query}&" if query else f"{self.address}?"

    def sorts(self, label: str) -> bool:
        """Whether a click on this header sorts the list."""
        return label in self.columns

    def href(self, label: str) -> str:
        """Where a click on a header leads: to its order, and from there to the reverse. The page begins anew."""
        wanted = self.columns[label]
        if wanted.removeprefix("-") == self.key:
            wanted = self.key if self.descending else f"-{self.key}"
        query = self._query("" if wanted == self.first else wanted)
        return f"{self.address}?{query}" if query else self.address

    def aria(self, label: str) -> str:
        """The value of `aria-sort`, for the header that the list is sorted by; empty for the others."""
        if self.columns[label].removeprefix("-") != self.key:
            return ""
        return "descending" if self.descending else "ascending"

    def _query(self, by: str) -> str:
        return urlencode([(name, text) for name, text in (*self.kept.items(), ("sort", by)) if text])

    def order(self, orders: Mapping[str, Order]) -> Order:
        """The store's order; orders: of each key from the first one on."""
        return msgspec.structs.replace(orders[self.key], descending=self.descending)

    def rows(self, rows: Iterable[Row], keys: Mapping[str, Callable[[Row], Any]]) -> list[Row]:
        """Rows of a short list that are all here, in this order. keys: of each key, what is compared."""
        return sorted(rows, key=keys[self.key], reverse=self.descending)


def sorting(visit: Visit, columns: Mapping[str, str], first: str, **kept: str) -> Sorting:
    """How the visited list is to be sorted; as `first` unless its address says otherwise.

    kept: what it is narrowed to, by the names of its parameters.
    """
    asked = visit.query("sort")
    known = {key.removeprefix("-") for key in columns.values()}
    by = asked if asked.removeprefix("-") in known else first
    return Sorting(address=visit.request.url.path, columns=columns, by=by, first=first, kept=kept)
