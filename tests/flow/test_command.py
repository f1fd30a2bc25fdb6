import asyncio
import json
import threading

import pytest

from gatewright.flow.command import check_file
from gatewright.flow.command import run_file
from tests.flow.conftest import HEAD
from tests.flow.stand_ins import StandIn

DOUBLE = HEAD + "do: [{a: {set: {twice: '${ (.n // 1) * 2 }'}}}]"


@pytest.fixture
def flow(tmp_path):
    file = tmp_path / "a.flow.yaml"
    file.write_text(DOUBLE)
    return file


@pytest.fixture
def server():
    """A stand-in that runs beside a command, which has an event loop of its own."""
    loop, stand_in = asyncio.new_event_loop(), StandIn()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(stand_in.__aenter__(), loop).result()
    yield stand_in
    asyncio.run_coroutine_threadsafe(stand_in.__aexit__(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_sound_flow_checks_with_status_0(flow):
    outcome = check_file(flow)
    assert (outcome.status, outcome.error, "no problems" in outcome.output) == (0, "", True)


def test_every_problem_is_one_line_with_place_and_mend_and_status_1(flow):
    flow.write_text(HEAD + "do:\n- a: {sett: {x: 1}}\n- b: {wait: soon}\n")
    outcome = check_file(flow)
    assert outcome.status == 1
    assert outcome.error.splitlines() == [
        f"{flow}:4:3: error: this task is of no known kind (did you mean 'set'?)",
        f"{flow}:5:13: error: 'soon' is not an ISO 8601 duration (for example PT1M30S, or {{minutes: 1, seconds: 30}})",
    ]


def test_warnings_alone_are_shown_with_status_0(flow):
    flow.write_text(HEAD + "do:\n- a: {set: {x: 1}, then: end}\n- b: {set: {x: 1}}\n")
    outcome = check_file(flow)
    assert (outcome.status, ":5:3: warning: nothing leads" in outcome.error) == (0, True)


@pytest.mark.parametrize("command", [check_file, run_file])
def test_a_file_that_cannot_be_read_is_one_clear_line(command, tmp_path):
    outcome = command(tmp_path / "none.yaml")
    assert (outcome.status, outcome.error) == (1, f"{tmp_path / 'none.yaml'}: No such file or directory\n")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")
    assert command(tmp_path / "latin.yaml").error == f"{tmp_path / 'latin.yaml'}: it is no UTF-8 text\n"


def test_a_run_prints_its_output_as_json(flow, tmp_path):
    (tmp_path / "in.json").write_text('{"n": 21}')
    assert json.loads(run_file(flow).output) == {"twice": 2}
    assert json.loads(run_file(flow, '{"n": 5}').output) == {"twice": 10}
    assert json.loads(run_file(flow, f"@{tmp_path / 'in.json'}").output) == {"twice": 42}


def test_an_input_that_is_no_json_or_no_file_is_one_clear_line(flow, tmp_path):
    assert run_file(flow, "{").error.startswith("the input is no JSON")
    missing = run_file(flow, f"@{tmp_path / 'none.json'}")
    assert (missing.status, missing.error) == (1, f"{tmp_path / 'none.json'}: No such file or directory\n")


def test_an_error_of_the_flow_is_its_problem_details_with_status_1(flow):
    flow.write_text(HEAD + "do: [{a: {raise: {error: {type: 'https://t.test/e', status: 409, title: T}}}}]")
    outcome = run_file(flow)
    assert (outcome.status, outcome.output) == (1, "")
    assert json.loads(outcome.error) == {"type": "https://t.test/e", "status": 409, "title": "T", "instance": "/do/0/a"}


def test_a_flow_with_problems_is_not_run(flow):
    flow.write_text(HEAD + "do: [{a: {sett: {x: 1}}}]")
    outcome = run_file(flow)
    assert (outcome.status, "no known kind" in outcome.error) == (1, True)


def test_a_run_calls_any_host_unless_some_are_named(flow, server):
    flow.write_text(HEAD + f"do: [{{a: {{call: http, with: {{method: get, endpoint: '{server.address}/v2/pet/1'}}}}}}]")
    assert json.loads(run_file(flow).output)["name"] == "Rex"
    assert json.loads(run_file(flow, allowed_hosts=["127.0.0.1"]).output)["name"] == "Rex"
    refused = run_file(flow, allowed_hosts=["t.test"])
    assert (refused.status, json.loads(refused.error)["status"]) == (1, 502)
    assert "not among the allowed hosts" in refused.error
