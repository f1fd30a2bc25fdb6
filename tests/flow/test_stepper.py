"""Stopping before a step, changing the data there, and going on without doing anything twice."""

import pytest

from gatewright.flow.stepper import Halt
from gatewright.flow.stepper import Paused
from gatewright.flow.stepper import Stepper

CALLS = """
do:
- first: {call: 'a:one', with: {n: '${ .n }'}, export: {as: '${ {seen: .} }'}}
- second: {call: 'a:two', with: {n: '${ .n }'}}
- third: {set: {n: '${ .n }', seen: '${ $context.seen.n }'}}
"""


@pytest.fixture
def calls(host):
    """What services were called with, one after the other; each answers with one more."""
    for name in ("a:one", "a:two"):
        host.services[name] = lambda given: {"n": given["n"] + 1}
    return host.calls


async def halted(run, flow, data, stepper):
    with pytest.raises(Paused) as stopped:
        await run(flow, data, trace=stepper)
    return stopped.value.halt


def changed(halt: Halt, **members: object) -> Halt:
    return Halt(**{name: getattr(halt, name) for name in halt.__struct_fields__} | members)


async def test_run_stops_before_the_step_with_its_data_and_context(run, calls):
    halt = await halted(run, CALLS, {"n": 1}, Stepper(frozenset(["/do/1/second"])))
    assert (halt.name, halt.data, halt.context) == ("second", {"n": 2}, {"seen": {"n": 2}})
    assert [name for name, _ in calls] == ["a:one"]


async def test_run_goes_on_with_other_data_and_does_nothing_twice(run, calls):
    stepper = Stepper(frozenset(["/do/1/second"]))
    halt = await halted(run, CALLS, {"n": 1}, stepper)
    again = Stepper(memory=stepper.memory, resumed=changed(halt, data={"n": 10}, context={"seen": {"n": "mine"}}))
    assert await run(CALLS, {"n": 1}, trace=again) == {"n": 11, "seen": "mine"}
    assert calls == [("a:one", {"n": 1}), ("a:two", {"n": 10})]
    assert [record.name for record in again.records] == ["first", "second", "third"]


async def test_run_goes_on_by_single_steps(run, calls):
    stepper, names = Stepper(single=True), []
    halt: Halt | None = None
    while True:
        try:
            output = await run(CALLS, {"n": 1}, trace=stepper)
            break
        except Paused as stopped:
            halt = stopped.halt
            names.append(halt.name)
            stepper = Stepper(memory=stepper.memory, resumed=halt, single=True)
    assert names == ["first", "second", "third"]
    assert output == {"n": 3, "seen": 2}
    assert [name for name, _ in calls] == ["a:one", "a:two"]


async def test_turns_of_a_loop_that_are_done_stay_done(run, calls):
    flow = "do: [{each: {for: {in: '[1, 2, 3]'}, do: [{one: {call: 'a:one', with: {n: '${ $item }'}}}, {look: {set: {n: '${ .n }'}}}]}}]"
    look = "/do/0/each/do/1/look"
    stepper = Stepper(frozenset([look]))
    halt = await halted(run, flow, {}, stepper)
    assert (halt.iteration, halt.data) == ((0,), {"n": 2})
    stepper = Stepper(frozenset([look]), stepper.memory, halt)
    halt = await halted(run, flow, {}, stepper)
    assert (halt.iteration, halt.data) == ((1,), {"n": 3})
    assert await run(flow, {}, trace=Stepper(frozenset(), stepper.memory, changed(halt, data={"n": 0}))) == {"n": 4}
    assert [given["n"] for _, given in calls] == [1, 2, 3]


async def test_step_that_is_led_back_to_stops_each_time(run, calls):
    flow = """
do:
- up: {call: 'a:one', with: {n: '${ .n }'}}
- more: {switch: [{again: {when: .n < 3, then: up}}]}
"""
    stepper, seen = Stepper(frozenset(["/do/1/more"])), []
    for _ in range(3):
        try:
            await run(flow, {"n": 0}, trace=stepper)
        except Paused as stopped:
            seen.append((stopped.halt.times, stopped.halt.data["n"]))
            stepper = Stepper(frozenset(["/do/1/more"]), stepper.memory, stopped.halt)
    assert seen == [(0, 1), (1, 2), (2, 3)]
    assert len(calls) == 3


async def test_branch_that_is_done_is_not_done_again(run, calls):
    flow = """
do:
- both:
    fork:
      branches:
      - left: {call: 'a:one', with: {n: 1}}
      - right: {do: [{pause: {wait: {milliseconds: 1}}}, {last: {call: 'a:two', with: {n: 5}}}]}
"""
    stepper = Stepper(frozenset(["/do/0/both/fork/branches/1/right/do/1/last"]))
    halt = await halted(run, flow, {}, stepper)
    assert await run(flow, {}, trace=Stepper(memory=stepper.memory, resumed=halt)) == [{"n": 2}, {"n": 6}]
    assert [name for name, _ in calls] == ["a:one", "a:two"]


async def test_end_of_the_flow_in_a_step_that_was_done_ends_it_again(run, calls):
    flow = "do: [{a: {do: [{b: {call: 'a:one', with: {n: 1}, then: end}}]}}, {c: {set: {x: 1}}}]"
    stepper = Stepper()
    first = await run(flow, {}, trace=stepper)
    assert await run(flow, {}, trace=Stepper(memory=stepper.memory)) == first == {"n": 2}
    assert len(calls) == 1


async def test_stop_inside_a_try_is_no_failure_that_it_could_mend(run, calls):
    flow = "do: [{a: {try: [{b: {set: {x: 1}}}], catch: {do: [{c: {set: {x: caught}}}]}}}]"
    stepper = Stepper(frozenset(["/do/0/a/try/0/b"]))
    await halted(run, flow, {}, stepper)
    assert [(record.name, record.error) for record in stepper.records] == [("a", None)]


async def test_function_called_twice_is_done_once_for_each_call(run, calls):
    flow = """
use: {functions: {up: {do: [{go: {call: 'a:one', with: {n: '${ .n }'}}}]}}}
do:
- first: {call: up, with: {n: '${ .n }'}}
- second: {call: up, with: {n: '${ .n }'}}
- third: {set: {n: '${ .n }'}}
"""
    stepper = Stepper(frozenset(["/do/2/third"]))
    halt = await halted(run, flow, {"n": 1}, stepper)
    assert await run(flow, {"n": 1}, trace=Stepper(memory=stepper.memory, resumed=halt)) == {"n": 3}
    assert [given["n"] for _, given in calls] == [1, 2]


async def test_memory_of_too_many_steps_is_not_whole(run):
    stepper = Stepper()
    await run("do: [{a: {for: {in: '[range(1100)]'}, do: [{b: {set: {x: 1}}}]}}]", trace=stepper)
    assert not stepper.is_whole
