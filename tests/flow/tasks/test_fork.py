import asyncio

import pytest

from gatewright.flow import FlowError
from gatewright.flow import Limits
from gatewright.flow.run import clock


def fork(branches, compete="false"):
    return f"do: [{{f: {{fork: {{compete: {compete}, branches: [{branches}]}}}}}}]"


def calls(*names):
    return ", ".join(f"{{{name}: {{call: 's:{name}'}}}}" for name in names)


def slow(value, seconds=0.0, log=None):
    async def service(arguments):
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            if log is not None:
                log.append(f"{value} stopped")
            raise
        if isinstance(value, Exception):
            raise value
        return value

    return service


def error(name, status=500):
    return FlowError(f"https://t.test/{name}", status, name)


async def test_all_outputs_come_in_the_order_of_the_branches_whoever_is_first(run, host):
    host.services |= {"s:a": slow("A", 0.02), "s:b": slow("B")}
    assert await run(fork(calls("a", "b") + ", {c: {set: {in: '${ . }'}}}"), {"x": 1}) == ["A", "B", {"in": {"x": 1}}]


async def test_branches_go_on_side_by_side(run, host):
    host.services |= {f"s:{name}": slow(name, 0.1) for name in "abcdefgh"}
    began = clock()
    assert await run(fork(calls(*"abcdefgh"))) == list("abcdefgh")
    assert clock() - began < 0.5


async def test_an_error_in_a_branch_is_the_forks_and_stops_the_others(run, host):
    log = []
    host.services |= {"s:a": slow("A", 30, log), "s:b": slow(error("broken"), 0.01)}
    with pytest.raises(FlowError) as caught:
        await run(fork(calls("a", "b")))
    assert caught.value.instance == "/do/0/f/fork/branches/1/b"
    assert log == ["A stopped"]


async def test_the_first_branch_to_succeed_wins_and_the_rest_are_stopped(run, host):
    log = []
    host.services |= {"s:a": slow("A", 30, log), "s:b": slow("B", 0.02), "s:c": slow(error("broken"))}
    assert await run(fork(calls("a", "b", "c"), "true")) == "B"
    assert log == ["A stopped"]


async def test_when_no_branch_succeeds_the_last_error_is_the_forks(run, host):
    host.services |= {"s:a": slow(error("late"), 0.03), "s:b": slow(error("early"))}
    with pytest.raises(FlowError, match="late"):
        await run(fork(calls("a", "b"), "true"))


async def test_a_branch_may_end_the_flow(run, host):
    host.services |= {"s:a": slow("A", 30)}
    flow = "do: [{f: {fork: {branches: [{a: {call: 's:a'}}, {b: {set: {x: 1}, then: end}}]}}}, {c: {set: {y: 1}}}]"
    assert await run(flow) == {"x": 1}


async def test_branches_share_the_limits_of_the_run(run):
    loop = "{%s: {do: [{x: {set: {n: 1}, then: y}}, {y: {set: {n: 1}, then: x}}]}}"
    with pytest.raises(FlowError, match="more than 500 steps"):
        await run(fork(", ".join(loop % name for name in "ab"), "true"), limits=Limits(steps=500))


async def test_variables_in_reach_of_the_fork_are_in_reach_of_its_branches(run):
    flow = "do: [{l: {for: {in: .list}, do: [" + fork("{b: {set: {got: '${ $item }'}}}")[5:-1] + "]}}]"
    assert await run(flow, {"list": [7]}) == [{"got": 7}]
