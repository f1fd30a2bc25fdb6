"""Runs that work long without waiting leave others their turn, and are stopped by what stops others."""

import asyncio
import time
from contextvars import ContextVar

import pytest

from gatewright.flow import LimitReached
from gatewright.flow import Limits
from gatewright.flow import Trace
from gatewright.flow import load_flow
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


async def test_runs_that_work_long_leave_half_of_the_time_to_others(host):
    """However many there are: they take turns with one another."""
    flow = load_flow(HEAD + FOREVER)

    async def run() -> None:
        with pytest.raises(LimitReached):
            await flow.run({}, host, limits=Limits(seconds=0.5, steps=10**9, units=10**12))

    began, worked = time.monotonic(), time.process_time()
    await asyncio.gather(run(), run(), run())
    assert time.process_time() - worked < 0.8 * (time.monotonic() - began)


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
