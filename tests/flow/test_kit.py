"""All scenarios of the standard's test kit, read from its folder, against local stand-ins."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from gatewright.cli.main import run_command
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

COMMAND = str(Path(sys.executable).parent / "gatewright")

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
async def test_the_command_runs_it_with_the_same_outcome(scenario, tmp_path, capsys):
    """`gatewright flow run` prints no steps, so that what ran in which order is left to the test above."""
    definition, given, then = read(scenario)
    async with StandIn() as server:
        file = written(tmp_path, at(server, definition))
        status = await asyncio.to_thread(run_command, ["flow", "run", str(file), "--input", json.dumps(given)])
    told(status, *capsys.readouterr(), then)


async def test_the_installed_command_runs_a_scenario_in_a_process_of_its_own(tmp_path):
    definition, given, then = read(next(each for each in scenarios() if "petstore" in str(each.steps)))
    async with StandIn() as server:
        arguments = ("flow", "run", str(written(tmp_path, at(server, definition))), "--input", json.dumps(given))
        process = await asyncio.create_subprocess_exec(
            COMMAND, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        out, err = await process.communicate()
    told(process.returncode, out, err, then)


def written(folder, text):
    file = folder / "scenario.flow.yaml"
    file.write_text(text)
    return file


def told(status, out, err, then):
    """Hold what the command printed against what the scenario expects."""
    result = Result(error=RanProblem(json.loads(err))) if status == 1 else Result(output=json.loads(out))
    expected = [(step, block) for step, block in then if " should run " not in step]
    assert expected or then
    for step, block in expected:
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
