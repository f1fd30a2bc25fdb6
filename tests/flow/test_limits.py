"""Flows that would never end, never stop growing or never come back: each is stopped, and nothing can catch that."""

import asyncio

import pytest

from gatewright.flow import FlowError
from gatewright.flow import LimitReached
from gatewright.flow import Limits
from gatewright.flow import check_flow
from gatewright.flow import load_flow
from gatewright.flow.run import clock
from tests.flow.conftest import HEAD
from tests.flow.conftest import answer

FOREVER = "do:\n- a: {set: {n: '${ .n + 1 }'}, then: b}\n- b: {set: {n: '${ .n + 1 }'}, then: a}\n"


async def test_an_endless_loop_runs_out_of_steps(run):
    with pytest.raises(LimitReached, match="more than 1000 steps"):
        await run(FOREVER, limits=Limits(steps=1000))


async def test_an_endless_loop_runs_out_of_time(run):
    began = clock()
    with pytest.raises(LimitReached) as caught:
        await run(FOREVER, limits=Limits(seconds=0.2, steps=10**9))
    assert (caught.value.status, clock() - began < 3) == (408, True)


async def test_the_flows_own_timeout_is_kept_too(run):
    with pytest.raises(LimitReached, match=r"longer than 0\.1 s"):
        await run("timeout: {after: PT0.1S}\n" + FOREVER, limits=Limits(steps=10**9))
    with pytest.raises(LimitReached, match=r"longer than 0\.1 s"):
        await run(
            "use: {timeouts: {t: {after: {milliseconds: 100}}}}\ntimeout: t\n" + FOREVER, limits=Limits(steps=10**9)
        )


async def test_a_longer_timeout_of_the_flow_does_not_lengthen_the_runs_time(run):
    with pytest.raises(LimitReached, match=r"longer than 0\.2 s"):
        await run("timeout: {after: PT1H}\n" + FOREVER, limits=Limits(seconds=0.2, steps=10**9))


@pytest.mark.parametrize(
    "limits", [Limits(steps=500), Limits(seconds=0.2, steps=10**9), Limits(units=5_000, steps=10**9)]
)
async def test_no_catch_sees_a_limit(run, limits):
    flow = """
do:
- a:
    try:
    - loop: {for: {in: '[range(1000000)]'}, do: [{b: {set: {n: '${ [range(100)] | length }'}}}]}
    catch: {retry: {}, do: [{h: {set: {got: away}}}]}
- again: {set: {x: 1}, then: a}
"""
    with pytest.raises(LimitReached):
        await run(flow, limits=limits)


async def test_data_that_double_each_turn_are_stopped(run):
    flow = "do:\n- a: {set: {x: '${ .x + .x }'}, then: a}"
    for given in ({"x": "ab"}, {"x": [1, 2]}):
        with pytest.raises(LimitReached) as caught:
            await run(flow, given)
        assert caught.value.status == 500


async def test_one_expression_that_would_run_for_ever_is_stopped(run):
    began = clock()
    with pytest.raises(LimitReached):
        await run("do: [{a: {set: {x: '${ last(range(1e12)) }'}}}]", limits=Limits(seconds=0.5))
    assert clock() - began < 5


async def test_a_host_that_hangs_is_given_up_at_the_runs_time(run, host):
    async def hang(request):
        await asyncio.sleep(60)

    host.answers["https://t.test/hang"] = hang
    call = "call: http, with: {method: get, endpoint: 'https://t.test/hang'}"
    began = clock()
    with pytest.raises(LimitReached) as caught:
        await run(f"do: [{{a: {{{call}}}}}]", limits=Limits(seconds=0.2))
    assert (caught.value.status, clock() - began < 3) == (408, True)


async def test_a_tasks_timeout_stops_a_call_and_can_be_caught(run, host):
    stopped = []

    async def hang(arguments):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            stopped.append(True)
            raise

    host.services["s:hang"] = hang
    flow = """
use: {timeouts: {short: {after: PT0.05S}}}
do:
- a:
    try: [{b: {call: 's:hang', timeout: short}}]
    catch: {as: e, do: [{h: {set: {type: '${ $e.type }', status: '${ $e.status }'}}}]}
"""
    output = await run(flow)
    assert output["status"] == 408
    assert output["type"].endswith("/errors/timeout")
    assert stopped == [True]


async def test_a_tasks_timeout_stops_a_loop_that_waits_for_nothing(run):
    flow = """
do:
- a:
    try:
    - b: {timeout: {after: PT0.1S}, do: [{x: {set: {n: 1}, then: y}}, {y: {set: {n: 1}, then: x}}]}
    catch: {errors: {with: {status: 408}}, do: [{h: {set: {stopped: '${ $error.instance }'}}}]}
"""
    assert await run(flow, limits=Limits(steps=10**9)) == {"stopped": "/do/0/a/try/0/b"}


async def test_timeouts_nest_and_the_innermost_that_passed_is_named(run):
    flow = """
do:
- outer:
    timeout: {after: PT30S}
    do:
    - a:
        try: [{inner: {timeout: {after: PT0.05S}, do: [{w: {wait: PT20S}}]}}]
        catch: {do: [{h: {set: {was: '${ $error.instance }'}}}]}
"""
    assert await run(flow) == {"was": "/do/0/outer/do/0/a/try/0/inner"}


async def test_functions_that_call_themselves_are_stopped_by_depth(run):
    flow = """
use: {functions: {f: {call: g, with: {}}, g: {do: [{x: {call: f, with: {}}}]}}}
do: [{a: {try: [{b: {call: f, with: {}}}], catch: {}}}]
"""
    with pytest.raises(LimitReached):
        await run(flow)
    with pytest.raises(LimitReached, match="deeper than 10"):
        await run(flow, limits=Limits(depth=10))


async def test_calls_nest_as_deep_as_the_limit_allows(run):
    flow = """
use: {functions: {down: {do: [
  {stop: {if: '.n <= 0', set: {bottom: true}, then: exit}},
  {go: {call: down, with: {n: '${ .n - 1 }'}}}]}}}
do: [{a: {call: down, with: {n: 40}}}]
"""
    assert await run(flow) == {"bottom": True}


def test_tasks_nested_past_the_bound_are_a_problem_and_no_crash():
    text = HEAD + "do: " + "[{a: {do: " * 500 + "[{b: {set: {x: 1}}}]" + "}}]" * 500
    assert "nested deeper" in str(check_flow(text)[0])


async def test_tasks_nested_to_the_bound_still_run(run):
    depth = 40
    flow = "do: " + "[{a: {do: " * depth + "[{b: {set: {x: 1}}}]" + "}}]" * depth
    assert await run(flow) == {"x": 1}


def test_aliases_that_multiply_are_a_problem_and_no_crash():
    lines = ["x0: &x0 [1, 1]"] + [f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]" for n in range(1, 30)]
    assert "stands for more than" in str(check_flow("\n".join(lines))[0])


async def test_an_answer_with_very_deep_json_is_an_error_and_no_crash(run, host):
    host.answers["https://t.test/deep"] = answer(body=b"[" * 200_000)
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {call: http, with: {method: get, endpoint: 'https://t.test/deep'}}}]")
    assert caught.value.type.endswith("/errors/communication")


async def test_deep_input_may_pass_through_but_not_be_worked_on(run):
    deep = value = {}
    for _ in range(5000):
        value["x"] = value = {}
    assert await run("do: [{a: {set: {y: '${ .x }'}}}, {b: {set: {z: 1}}}]", deep) == {"z": 1}
    with pytest.raises(LimitReached, match="nested"):
        await run("do: [{a: {set: {y: '${ .x }'}}}]", deep)
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {set: {y: '${ tojson }'}}}]", deep)
    assert caught.value.instance == "/do/0/a"


async def test_a_run_that_is_cancelled_stops_and_is_not_caught(host):
    flow = load_flow(HEAD + "do: [{a: {try: [{w: {wait: PT20S}}], catch: {retry: {}, do: [{h: {set: {x: 1}}}]}}}]")
    task = asyncio.create_task(flow.run({}, host))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


DOUBLING = """do:
- begin: {set: {value: [x]}}
- double:
    for: {each: round, in: '${ [range(60)] }'}
    do:
      - again: {set: {value: '${ [.value, .value] }'}}
"""


async def test_an_output_that_is_small_in_memory_but_endless_when_written_is_stopped(run):
    with pytest.raises(LimitReached, match="larger"):
        await run(DOUBLING)


async def test_an_argument_that_is_endless_when_written_is_stopped_before_the_call(run):
    with pytest.raises(LimitReached, match="larger"):
        await run(DOUBLING + "- send: {call: 'a:b', with: {value: '${ .value }'}}\n")
