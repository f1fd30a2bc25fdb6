"""What works long on a flow's behalf gives way to others as the flow's own steps do."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from gatewright.flow.turns import InTurns
from gatewright.flow.turns import Turns
from gatewright.services.builtin import csv_
from gatewright.services.builtin import json_
from gatewright.services.builtin import lists
from gatewright.services.builtin import xml_

COUNT = 5_000
ROWS: list[Any] = [{"id": number, "name": f"n{number * 7919 % COUNT}"} for number in range(COUNT)]
WORK: dict[str, Callable[[], Any]] = {
    "csv parse": lambda: csv_.parse("id,name\n" + "1,Ada\n" * COUNT),
    "csv serialise": lambda: csv_.serialise(ROWS),
    "json lines": lambda: json_.lines("[1]\n" * COUNT),
    "list sort": lambda: lists.sort(ROWS, ["name"]),
    "list unique": lambda: lists.unique(ROWS, ["id"]),
    "list group": lambda: lists.group(ROWS, ["name"]),
    "list index": lambda: lists.index(ROWS, "id"),
    "list join": lambda: lists.join(ROWS, ROWS, "id"),
    "xml parse": lambda: xml_.parse("<a>" + "<b>1</b>" * COUNT + "</a>"),
    "xml serialise": lambda: xml_.serialise({"a": {"b": ["1"] * COUNT}}),
}


@pytest.fixture(autouse=True)
def without_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gatewright.flow.pace.BRIEF", 3600.0)


class Counted(Turns):
    """Turns that are over at every look."""

    given = 0

    def begin(self) -> None:
        super().begin()
        self.ends = -1.0

    def give_way(self) -> None:
        self.given += 1
        super().give_way()


@pytest.mark.parametrize("name", WORK)
async def test_work_on_many_items_gives_way_again_and_again_and_gives_the_same(name: str) -> None:
    work, turns = WORK[name], Counted()

    async def run() -> Any:
        return work()

    assert await InTurns(run(), turns) == work()  # by itself, it works on to the end
    assert turns.given >= COUNT // 1_000


async def test_the_turns_are_those_of_the_innermost_run() -> None:
    async def inner() -> int:
        return len(lists.unique(ROWS))

    async def outer(own: Counted, others: Counted) -> None:
        lists.unique(ROWS[:1_000])
        before = own.given
        assert await InTurns(inner(), others) == COUNT
        assert (own.given, others.given > 10) == (before, True)
        lists.unique(ROWS[:1_000])
        assert own.given > before

    own = Counted()
    await InTurns(outer(own, Counted()), own)


def test_equal_items_stay_as_they_were_however_many_and_in_either_direction() -> None:
    rows = [{"key": number % 3, "place": number} for number in range(COUNT)]
    for descending in (False, True):
        ordered = lists.sort(rows, ["key"], descending)
        assert [row["key"] for row in ordered] == sorted((row["key"] for row in rows), reverse=descending)
        for key in range(3):
            places = [row["place"] for row in ordered if row["key"] == key]
            assert places == sorted(places)


def test_what_is_sorted_is_left_as_it_was() -> None:
    rows = [3, 1, 2]
    assert (lists.sort(rows), rows) == ([1, 2, 3], [3, 1, 2])
    assert msgspec.json.encode(lists.sort([], [])) == b"[]"
