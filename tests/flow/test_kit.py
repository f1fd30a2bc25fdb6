"""All scenarios of the standard's test kit, read from its folder, against local stand-ins."""

import asyncio
import json

import pytest

from gatewright.flow import FlowError
from gatewright.flow import Trace
from gatewright.flow import load_flow
from gatewright.flow.command import run_file
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
    definition, given, then = read(scenario)
    async with StandIn() as server:
        result = await execute(at(server, definition), given)
    assert then
    for step, block in then:
        expect(result, step, block)


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda scenario: scenario.name)
async def test_the_command_runs_it_with_the_same_outcome(scenario, tmp_path):
    """`gatewright flow run` prints no steps, so that what ran in which order is left to the test above."""
    definition, given, then = read(scenario)
    async with StandIn() as server:
        file = tmp_path / "scenario.flow.yaml"
        file.write_text(at(server, definition))
        outcome = await asyncio.to_thread(run_file, file, json.dumps(given))
    failed = outcome.status == 1
    result = (
        Result(error=RanProblem(json.loads(outcome.error))) if failed else Result(output=json.loads(outcome.output))
    )
    told = [(step, block) for step, block in then if " should run " not in step]
    for step, block in told:
        expect(result, step, block)


class RanProblem:
    """What the command prints of an error, as the expectations ask for it."""

    def __init__(self, problem):
        self._problem = problem

    def value(self):
        return self._problem


def read(scenario):
    """The flow of a scenario, its input, and what is expected."""
    definition, given, then = "", {}, []
    for step, block in scenario.steps:
        if step == "a workflow with definition:":
            definition = block
        elif step == "given the workflow input is:":
            given = load(block).value
        elif step != "the workflow is executed":
            then.append((step, block))
    return definition, given, then


def at(server, definition):
    """The flow with the stand-in in place of the public servers."""
    for public in ("https://petstore.swagger.io", "https://httpbin.org"):
        definition = definition.replace(public, server.address)
    return definition


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
