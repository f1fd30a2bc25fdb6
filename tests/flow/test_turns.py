"""Runs that work long without waiting leave others their turn, and are stopped by what stops others."""

import asyncio
import gc
import itertools
import weakref
from contextvars import ContextVar

import pytest

from gatewright.flow import FlowError
from gatewright.flow import LimitReached
from gatewright.flow import Limits
from gatewright.flow import Trace
from gatewright.flow import load_flow
from gatewright.flow.jq import Budget
from gatewright.flow.jq import bounded
from gatewright.flow.jq import compile_expression
from gatewright.flow.jq.budget import CHECK_EVERY
from gatewright.flow.jq.budget import PORTION
from gatewright.flow.run import Run
from gatewright.flow.turns import InTurns
from gatewright.flow.turns import Turns
from tests.flow.conftest import HEAD

FOREVER = "do:\n- a: {set: {n: 1}, then: b}\n- b: {set: {n: '${ .n + 1 }'}, then: a}\n"
ONE_EXPRESSION = "do:\n- a: {set: '${ last(range(1e12)) }'}\n"
AFTER_A_WAIT = "do:\n- w: {wait: {milliseconds: 1}}\n- a: {set: '${ last(range(1e12)) }'}\n"
IN_A_BRANCH = """
do:
- f:
    fork:
      branches:
      - p: {do: [{a: {set: {n: 1}, then: b}}, {b: {set: {n: '${ .n + 1 }'}, then: a}}]}
      - q: {wait: {milliseconds: 200}}
"""
LONG = Limits(seconds=120, steps=60_000, units=1_500_000)


async def turns_of_others(work) -> int:
    """How often another task gets its turn while this work goes on."""
    others, done = 0, False

    async def other() -> None:
        nonlocal others
        while not done:
            others += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    try:
        await work
    finally:
        done = True
        await task
    return others


@pytest.mark.parametrize("text", [FOREVER, ONE_EXPRESSION, AFTER_A_WAIT, IN_A_BRANCH])
@pytest.mark.parametrize("trace", [None, Trace()])
async def test_whatever_works_without_waiting_gives_way_many_times_and_ends_at_its_limit(host, text, trace):
    flow = load_flow(HEAD + text)

    async def run() -> None:
        with pytest.raises(LimitReached):
            await flow.run({}, host, limits=LONG, trace=trace)

    assert await turns_of_others(run()) > 10


async def test_a_run_that_gives_way_is_stopped_by_cancelling_it(host):
    flow = load_flow(HEAD + FOREVER)
    task = asyncio.create_task(flow.run({}, host, limits=Limits(seconds=60, steps=10**12, units=10**15)))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


async def test_runs_side_by_side_each_give_what_they_alone_would(host):
    flow = load_flow(HEAD + "do:\n- a: {set: {n: '${ reduce range(30000) as $i (.n; . + $i) }'}}\n")
    outputs = await asyncio.gather(*(flow.run({"n": number}, host) for number in range(20)))
    assert [output["n"] for output in outputs] == [number + 30000 * 29999 // 2 for number in range(20)]


async def test_a_flow_that_begins_again_gives_the_same_and_counts_its_steps_once(host):
    text = "do:\n- l: {for: {in: '[range(5000)]'}, do: [{a: {set: {n: '${ .n + 1 }'}}}]}\n"
    flow = load_flow(HEAD + text)
    assert await flow.run({"n": 0}, host, limits=Limits(steps=5_001)) == {"n": 5000}


async def test_values_errors_and_context_pass_through():
    variable: ContextVar[str] = ContextVar("variable", default="none")

    async def inner(turns: Turns, fail: bool) -> str:
        token = variable.set("inner")
        turns.give_way()
        await asyncio.sleep(0)
        turns.give_way()
        variable.reset(token)  # fails in another context than that of set
        if fail:
            raise KeyError("x")
        return variable.get()

    variable.set("outer")
    turns = Turns()
    assert await InTurns(inner(turns, False), turns) == "outer"
    with pytest.raises(KeyError):
        await InTurns(inner(turns, True), turns)


async def test_turns_nest():
    async def innermost(turns: Turns) -> int:
        turns.give_way()
        await asyncio.sleep(0)
        return 1

    async def inner(turns: Turns) -> int:
        turns.give_way()
        own = Turns()
        return 1 + await InTurns(innermost(own), own)

    turns = Turns()
    assert await InTurns(inner(turns), turns) == 2


async def test_others_have_two_rounds_of_the_loop_between_two_turns_however_many_runs_there_are(monkeypatch):
    """What is read from a socket in one round is answered in the next."""
    rounds, loop = [], asyncio.get_running_loop()
    monkeypatch.setattr("gatewright.flow.pace.BRIEF", 3600.0)  # no rests

    def count() -> None:
        rounds.append("others")
        if ends:
            loop.call_soon(count)

    async def work(turns: Turns) -> None:
        for _ in range(20):
            rounds.append("run")
            turns.give_way()

    async def one() -> None:
        turns = Turns()
        await InTurns(work(turns), turns)
        ends.pop()

    ends = [1, 2, 3]
    loop.call_soon(count)
    await asyncio.gather(one(), one(), one())
    begun = rounds[rounds.index("run") + 3 :]  # each begins at once, as any request does
    places = [place for place, what in enumerate(begun) if what == "run"]
    assert len(places) == 57
    assert min(later - place for place, later in itertools.pairwise(places)) >= 3


async def test_a_loop_gives_way_before_it_has_made_many_rounds(monkeypatch):
    """Whatever a turn's length: with none left, each look at the clock ends one."""
    monkeypatch.setattr("gatewright.flow.turns.TURN", -1.0)
    expression = compile_expression("last(range(100000))")
    turns = _Counted()
    expression.first(None, {}, Budget(pause=turns))
    assert turns.given >= 100_000 // (2 * CHECK_EVERY)


@pytest.mark.parametrize(
    "expression",
    [
        "map(.id)",
        "map(.id) | add",
        "sort_by(.name)",
        "sort_by(.name, .id)",
        "sort",
        "group_by(.id % 7)",
        "min_by(.name)",
        'map(.name) | join(",")',
        "map(.id) | tojson",
        "map(.id) - [1.5]",
        "map(.id) | index(-1)",
        "map([.id]) | flatten",
        "map(select(.id < 0))",
        "[.[] | .id] | any(. < 0)",
        ". == map({id: .id, name: .name})",
        "{a: .} | .a |= map(.id)",
    ],
)
def test_one_operation_on_much_data_gives_way_within(expression):
    """A step that is an array long is no excuse: none goes on for more than some of its items."""
    rows = [{"id": number, "name": f"n{number % 977}"} for number in range(20_000)]
    turns = _Counted()
    compile_expression(expression).first(rows, {}, Budget(pause=turns))
    assert turns.given >= 20_000 // PORTION


def test_a_value_is_measured_by_the_portion():
    turns = _Counted()
    bounded(Budget(pause=turns), [list(range(100_000))])
    assert turns.given >= 100_000 // PORTION


class _Counted:
    """Turns that are over at every look, and counted."""

    ends = -1.0

    def __init__(self) -> None:
        self.given = 0

    def give_way(self) -> None:
        self.given += 1


async def test_a_flow_that_was_long_begins_on_a_stack_of_its_own(host, monkeypatch):
    """What it did in a first turn without one would be lost each time."""
    flow = load_flow(HEAD + "do:\n- a: {set: {n: '${ last(range(50000)) }'}}\n")
    monkeypatch.setattr("gatewright.flow.turns.TURN", -1.0)
    begun = []
    monkeypatch.setattr("gatewright.flow.flow.Run", lambda *given: begun.append(1) or Run(*given))
    for _ in range(3):
        assert await flow.run({}, host) == {"n": 49999}
    assert len(begun) == 4


async def test_a_failed_run_leaves_nothing_that_waits_to_be_searched_for(host):
    """Values of several megabytes, freed all at once whenever the collector comes by, would hold the loop."""

    class Big(dict):
        pass

    flow = load_flow(HEAD + "do:\n- w: {wait: {milliseconds: 1}}\n- a: {set: '${ .x | error }'}\n")
    given = Big(x="no")
    kept = weakref.ref(given)
    gc.collect()
    gc.disable()
    try:
        with pytest.raises(FlowError):
            await flow.run(given, host)
        del given
        assert kept() is None
    finally:
        gc.enable()


def test_outside_of_a_run_giving_way_does_nothing():
    Turns().give_way()


async def test_a_timeout_inside_ends_what_it_is_around(host):
    flow = load_flow(
        HEAD
        + """
do:
- t:
    try:
    - a: {set: '${ last(range(1e12)) }', timeout: {after: {milliseconds: 50}}}
    catch: {as: e, do: [{h: {set: '${ $e.status }'}}]}
"""
    )
    assert await flow.run({}, host, limits=Limits(units=10**12)) == 408
