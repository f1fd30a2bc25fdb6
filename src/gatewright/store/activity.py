"""What all processes counted (`kernel.telemetry`), by minute, by hour and in all.

A row holds one kind, name, outcome and bucket of one minute. Its column `minute` is when that began; in a row of a whole
hour it is when that began with a minus before it, so that a day is read in a few rows; in the rows of what was ever
counted it is 0: they only grow, as Prometheus wants its counters.
"""

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Sequence
from itertools import groupby
from typing import Any
from typing import Final

import msgspec

from gatewright.kernel.telemetry import Cell
from gatewright.kernel.telemetry import Tally
from gatewright.kernel.telemetry import tally_of
from gatewright.store import daily_sums
from gatewright.store.database import Row
from gatewright.store.database import Transaction

MINUTE: Final = 60
HOUR: Final = 3600
_EVER: Final = 0
_SUMMED_UP: Final = frozenset({"grant", "refusal"})
"""The kinds of which each day is kept for good."""
_MICROSECONDS: Final = 1e6
_LAST: Final = "\U0010ffff"  # sorts after all that a name can go on with
_COLUMNS: Final = "outcome, bucket, sum(count), sum(microseconds)"


class Point(msgspec.Struct, frozen=True):
    """One stretch of time. start: in seconds since the epoch."""

    start: int
    tally: Tally


def add(transaction: Transaction, cells: Sequence[Cell], now: int) -> None:
    """Add what a process counted to the minute and hour of `now`, and to what was ever counted. cells: in the order of
    `take`.
    """
    for minute in (-(now // HOUR * HOUR), _EVER, now // MINUTE * MINUTE):  # all transactions lock rows in one order
        for cell in cells:
            transaction.execute(
                "INSERT INTO activity (minute, kind, name, outcome, bucket, count, microseconds) VALUES (?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (kind, name, minute, outcome, bucket) DO UPDATE SET count = activity.count + excluded.count,"
                " microseconds = activity.microseconds + excluded.microseconds",
                (
                    minute,
                    cell.kind,
                    cell.name,
                    cell.outcome,
                    cell.bucket,
                    cell.count,
                    int(cell.seconds * _MICROSECONDS),
                ),
            )
    daily_sums.add(transaction, ((each.kind, each.name, each.count) for each in cells if each.kind in _SUMMED_UP), now)


def since(transaction: Transaction, kind: str, start: int) -> dict[str, Tally]:
    """What was counted of each name of a kind since the minute of `start`."""
    first = _first(start, MINUTE)
    whole = -(-first // HOUR) * HOUR  # from there on hours, before it minutes
    columns = "name, outcome, bucket, count, microseconds"
    return _by_name(
        transaction.rows(
            f"SELECT name, {_COLUMNS} FROM"
            f" (SELECT {columns} FROM activity WHERE kind = ? AND minute >= ? AND minute < ?"
            f" UNION ALL SELECT {columns} FROM activity WHERE kind = ? AND minute <= ?) parts"
            " GROUP BY name, outcome, bucket ORDER BY name",
            (kind, first, whole, kind, -whole),
        )
    )


def ever(transaction: Transaction, kind: str) -> dict[str, Tally]:
    """What was ever counted of each name of a kind."""
    return _by_name(
        transaction.rows(
            f"SELECT name, {_COLUMNS} FROM activity WHERE kind = ? AND minute = ?"
            " GROUP BY name, outcome, bucket ORDER BY name",
            (kind, _EVER),
        )
    )


def series(
    transaction: Transaction, kind: str, start: int, end: int, *, name: str = "", width: int = 60
) -> list[Point]:
    """What was counted over time: one point for each `width` seconds (full minutes) from `start` until before `end`,
    those in which nothing happened too. It begins with the minute of `start`, with its hour when `width` is full hours.

    name: of that name alone; empty: of all names of the kind together.
    """
    time, condition, first, window = _window(start, end, width)
    of_name, parameters = ("AND name = ?", [name]) if name else ("", [])
    found = transaction.rows(
        f"SELECT {time}, {_COLUMNS} FROM activity WHERE kind = ? {of_name} AND {condition}"
        " GROUP BY minute, outcome, bucket",
        (kind, *parameters, *window),
    )
    stretches: dict[int, list[Row]] = defaultdict(list)
    for minute, *rest in found:
        stretches[(minute - first) // width].append(rest)
    count = max(0, -(-(end - first) // width))
    return [Point(first + n * width, _tally(stretches.get(n, ()))) for n in range(count)]


def counts(transaction: Transaction, kind: str, start: int, end: int, width: int) -> list[tuple[int, int]]:
    """How many of a kind, and how many of them ended badly, in each `width` seconds from `start` until before `end`."""
    time, condition, _, window = _window(start, end, width)
    found = transaction.rows(
        f"SELECT {time} / ?, sum(count), sum(CASE WHEN outcome = '' THEN 0 ELSE count END) FROM activity"
        f" WHERE kind = ? AND {condition} GROUP BY 1",
        (width, kind, *window),
    )
    by_stretch = {int(row[0]): (int(row[1]), int(row[2])) for row in found}
    return [by_stretch.get(n, (0, 0)) for n in range(start // width, -(-end // width))]


def slowest(
    transaction: Transaction, kind: str, start: int, *, prefix: str = "", limit: int = 10
) -> list[tuple[str, Tally]]:
    """The names of a kind that took the most time in all since the hour of `start`, the slowest first.

    prefix: what the names begin with: `SERVICE ` gives the steps of one flow (`step_name`).
    """
    ordered = transaction.rows(
        "SELECT name FROM activity WHERE kind = ? AND name >= ? AND name < ? AND minute <= ?"
        " GROUP BY name ORDER BY sum(microseconds) DESC, name LIMIT ?",
        (kind, prefix, f"{prefix}{_LAST}", -_first(start, HOUR), limit),
    )
    return [(row[0], _one(transaction, kind, row[0], start)) for row in ordered]


def step_name(service: str, pointer: str) -> str:
    """The name that a step of a flow is counted by; pointer: the JSON pointer of its task."""
    return f"{service} {pointer}"


def forget(transaction: Transaction, before: int, batch: int = 500) -> int:
    """Remove up to about `batch` rows of minutes that began before `before`, whole minutes; how many went."""
    row = transaction.row(
        "SELECT max(minute) FROM (SELECT minute FROM activity WHERE minute > ? AND minute < ? ORDER BY minute LIMIT ?) oldest",
        (_EVER, before, batch),
    )
    if row is None or row[0] is None:
        return 0
    return transaction.execute("DELETE FROM activity WHERE minute > ? AND minute <= ?", (_EVER, row[0]))


def forget_hours(transaction: Transaction, before: int, batch: int = 500) -> int:
    """Remove up to about `batch` rows of hours that began before `before`, whole hours; how many went."""
    row = transaction.row(
        "SELECT min(minute) FROM (SELECT minute FROM activity WHERE minute < ? AND minute > ? ORDER BY minute DESC LIMIT ?) oldest",
        (_EVER, -before, batch),
    )
    if row is None or row[0] is None:
        return 0
    return transaction.execute("DELETE FROM activity WHERE minute < ? AND minute >= ?", (_EVER, row[0]))


def _window(start: int, end: int, width: int) -> tuple[str, str, int, tuple[int, int]]:
    """How the rows of a window are found: their time, a condition, when it begins, and the condition's parameters."""
    if width % HOUR == 0:
        first = _first(start, HOUR)
        return "(-minute)", "minute <= ? AND minute > ?", first, (-first, -end)
    first = _first(start, MINUTE)
    return "minute", "minute >= ? AND minute < ?", first, (first, end)


def _one(transaction: Transaction, kind: str, name: str, start: int) -> Tally:
    return _tally(
        transaction.rows(
            f"SELECT {_COLUMNS} FROM activity WHERE kind = ? AND name = ? AND minute <= ? GROUP BY outcome, bucket",
            (kind, name, -_first(start, HOUR)),
        )
    )


def _first(start: int, unit: int) -> int:
    return max(start // unit * unit, unit)


def _by_name(rows: Iterable[Row]) -> dict[str, Tally]:
    return {name: _tally(row[1:] for row in found) for name, found in groupby(rows, key=lambda row: str(row[0]))}


def _tally(rows: Iterable[Any]) -> Tally:
    return tally_of((row[0], row[1], int(row[2]), float(row[3]) / _MICROSECONDS) for row in rows)
