import pytest

from gatewright.flow import FlowError
from gatewright.flow import LimitReached
from gatewright.flow import Limits
from gatewright.flow.run import clock


@pytest.mark.parametrize(
    "duration", ["PT0.05S", "{milliseconds: 50}", "'${ \"PT0.05S\" }'", "{milliseconds: '${ .ms }'}"]
)
async def test_wait_waits_and_hands_on_its_input(run, duration):
    began = clock()
    assert await run(f"do: [{{w: {{wait: {duration}}}}}]", {"ms": 50}) == {"ms": 50}
    assert 0.04 < clock() - began < 2


async def test_a_wait_past_the_runs_time_fails_at_once(run):
    began = clock()
    with pytest.raises(LimitReached) as caught:
        await run("do: [{w: {wait: PT1H}}]", limits=Limits(seconds=20))
    assert (caught.value.status, clock() - began < 1) == (408, True)


async def test_a_wait_past_a_tasks_timeout_can_be_caught(run):
    flow = """
do:
- a:
    try: [{w: {wait: PT1H, timeout: {after: PT1S}}}]
    catch: {errors: {with: {status: 408}}, do: [{h: {set: {where: '${ $error.instance }'}}}]}
"""
    assert await run(flow) == {"where": "/do/0/a/try/0/w"}


@pytest.mark.parametrize("value", ["-1", "soon", "{}", "[]", "null"])
async def test_a_duration_from_the_data_that_is_none_is_an_expression_error(run, value):
    with pytest.raises(FlowError) as caught:
        await run("do: [{w: {wait: '${ .d }'}}]", {"d": value})
    assert caught.value.type.endswith("/errors/expression")
