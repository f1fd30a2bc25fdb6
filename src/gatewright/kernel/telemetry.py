"""What a process counts of its work: how often, how it ended, how long it took; cheap enough for every request.

Each process gathers by itself and hands over what it has every few seconds (`store.activity`), so that all are told of
all. Times fall into buckets that each reach √2 times as far as the one before: percentiles read from them are right
within a fifth.
"""

from bisect import bisect_left
from collections.abc import Iterable
from collections.abc import Mapping
from typing import Final
from typing import Literal

import msgspec

Kind = Literal["service", "step", "endpoint", "grant", "refusal"]
"""What is counted: calls of services and steps of flows, by their names; requests to the authorization server's
addresses, by path; tokens issued, by grant; refusals, by error code."""

BOUNDS: Final[tuple[float, ...]] = tuple(2.0 ** (n / 2) / 1e6 for n in range(55))
"""The buckets' upper bounds in seconds, from 1 µs to 134 s. One more bucket holds what took longer."""

OTHERS: Final = "…"
"""Stands for all further names once a process has met as many as it counts apart."""
_LONGEST_NAME: Final = 300
_DAY: Final = 86_400
_MOST_CLIENTS: Final = 100_000


class Cell(msgspec.Struct, frozen=True):
    """What one process counted of one kind, name, outcome and bucket. seconds: of all of them together.

    outcome: empty when it went well, else an HTTP status.
    """

    kind: str
    name: str
    outcome: str
    bucket: int
    count: int
    seconds: float


class Activity:
    """One process's counters since they were last taken. Belongs to its event loop.

    most: how many combinations of name, outcome and bucket are told apart.
    """

    def __init__(self, most: int = 5_000) -> None:
        self._most = most
        self.taken = 0  # how often it was
        self._cells: dict[tuple[str, str, str, int], list[float]] = {}
        self._days: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def add(self, kind: Kind, name: str, outcome: str = "", seconds: float = 0.0) -> None:
        """Count one. outcome: empty when it went well, else a word for how it did not, such as the HTTP status."""
        key = (kind, name, outcome, bisect_left(BOUNDS, seconds))
        cell = self._cells.get(key) or self._new(key)
        cell[0] += 1
        cell[1] += seconds

    def add_many(self, kind: Kind, name: str, count: int, failed: int, seconds: float) -> None:
        """Count several whose times are known together alone: each is taken to have had its share."""
        bucket = bisect_left(BOUNDS, seconds / count)
        for outcome, many in (("", count - failed), ("failed", failed)):
            if many:
                self.put_back([Cell(kind, name, outcome, bucket, many, seconds * many / count)])

    def saw(self, client_id: str, now: int) -> None:
        """Note that a client got a token: once a day for each."""
        if self._days.get(client_id) != now // _DAY:
            if len(self._days) >= _MOST_CLIENTS:
                self._days.clear()
            self._days[client_id] = now // _DAY
            self._seen[client_id] = now

    def take_seen(self) -> dict[str, int]:
        """The clients that were seen for the first time on their day, and when."""
        seen, self._seen = self._seen, {}
        return seen

    def take(self) -> list[Cell]:
        """All that was counted, in the order of its names; counting begins anew."""
        cells, self._cells = self._cells, {}
        self.taken += 1
        return [Cell(*key, int(count), seconds) for key, (count, seconds) in sorted(cells.items())]

    def put_back(self, cells: Iterable[Cell]) -> None:
        """Count again what was taken and could not be handed over."""
        for each in cells:
            key = (each.kind, each.name, each.outcome, each.bucket)
            cell = self._cells.get(key) or self._new(key)
            cell[0] += each.count
            cell[1] += each.seconds

    def _new(self, key: tuple[str, str, str, int]) -> list[float]:
        kind, name, outcome, bucket = key
        name = name[:_LONGEST_NAME] if len(self._cells) < self._most else OTHERS
        return self._cells.setdefault((kind, name, outcome, bucket), [0, 0.0])


class Tally(msgspec.Struct, frozen=True):
    """What was counted of one name. seconds: of all of them together. errors: how many ended badly, by outcome.

    buckets: how many fell into each bucket of BOUNDS, by its index.
    """

    count: int = 0
    seconds: float = 0.0
    errors: Mapping[str, int] = {}
    buckets: Mapping[int, int] = {}

    @property
    def failed(self) -> int:
        """How many ended badly."""
        return sum(self.errors.values())

    @property
    def mean(self) -> float:
        """Seconds one took on average; 0 when there was none."""
        return self.seconds / self.count if self.count else 0.0

    def percentile(self, share: float) -> float:
        """The seconds within which that share (0 to 1) of all ended; 0 when there was none."""
        wanted, seen = share * self.count, 0
        for bucket in sorted(self.buckets):
            here = self.buckets[bucket]
            if seen + here >= wanted:
                return _within(bucket, (wanted - seen) / here)
            seen += here
        return 0.0


def tally_of(rows: Iterable[tuple[str, int, int, float]]) -> Tally:
    """One tally of rows of outcome, bucket, count and seconds."""
    count, seconds = 0, 0.0
    errors: dict[str, int] = {}
    buckets: dict[int, int] = {}
    for outcome, bucket, more, longer in rows:
        count, seconds = count + more, seconds + longer
        buckets[bucket] = buckets.get(bucket, 0) + more
        if outcome:
            errors[outcome] = errors.get(outcome, 0) + more
    return Tally(count, seconds, errors, buckets)


def _within(bucket: int, part: float) -> float:
    """Where in a bucket its `part` (0 to 1) ends, if what is in it lies evenly on the scale of the buckets."""
    if bucket >= len(BOUNDS):
        return BOUNDS[-1]
    return float(BOUNDS[bucket] * 2 ** ((part - 1) / 2))
