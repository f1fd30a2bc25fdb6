"""All scenarios of the standard's test kit, read from its folder, against local stand-ins."""

import pytest

from gatewright.flow import FlowError
from gatewright.flow import Trace
from gatewright.flow import load_flow
from gatewright.flow.http import HttpxHost
from gatewright.kernel.yaml import load
from tests.flow.kit import FOLDER
from tests.flow.kit import Result
from tests.flow.kit import expect
from tests.flow.kit import scenarios
from tests.flow.stand_ins import StandIn

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the test kit is not at {FOLDER}; GATEWRIGHT_CTK names its folder"
)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
async def test_scenario_of_the_kit(scenario):
    definition, given, then = "", {}, []
    for step, block in scenario.steps:
        if step == "a workflow with definition:":
            definition = block
        elif step == "given the workflow input is:":
            given = load(block).value
        elif step != "the workflow is executed":
            then.append((step, block))
    async with StandIn() as server:
        for public in ("https://petstore.swagger.io", "https://httpbin.org"):
            definition = definition.replace(public, server.address)
        result = await execute(definition, given)
    assert then
    for step, block in then:
        expect(result, step, block)


async def execute(definition, given):
    flow, trace = load_flow(definition), Trace()
    async with HttpxHost() as host:
        try:
            output = await flow.run(given, host, trace=trace)
        except FlowError as error:
            return Result(error=error, ran=[record.name for record in trace.records])
    return Result(output=output, ran=[record.name for record in trace.records])


def test_the_kit_has_the_scenarios_that_are_counted():
    assert len(scenarios()) == 21
