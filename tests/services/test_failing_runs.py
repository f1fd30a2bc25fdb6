"""What is kept of runs that fail, and which runs are watched for it."""

import json
from pathlib import Path

import pytest

from gatewright.flow import Trace
from gatewright.kernel.telemetry import Activity
from gatewright.services import journals
from gatewright.services.errors import ServiceError
from gatewright.services.failing_runs import steps_of
from gatewright.services.invocation import Runtime
from gatewright.services.journals import Journals
from tests.services.test_flow_service import Shop

BROKEN = """
do:
- begin: {set: {n: 1, password: hunter2}}
- crash: {call: 'shop:crash'}
"""


@pytest.fixture
def shop(tmp_path: Path, runtime: Runtime) -> Shop:
    return Shop(tmp_path, runtime)


async def test_a_failing_flow_leaves_its_input_and_each_steps_data_and_error(shop: Shop) -> None:
    await shop.refusal(BROKEN, {"order": 7}, request="r1")
    inner, outer = shop.runtime.failing_runs.take()
    assert (outer.service, outer.request, outer.client_id, outer.subject) == ("shop:flow", "r1", "c1", "u1")
    assert (outer.status, outer.input, outer.depth) == (500, {"order": 7}, 0)
    begin, crash = steps_of(outer)
    assert (begin.name, begin.input, begin.output["n"], begin.error) == ("begin", {"order": 7}, 1, None)
    assert (crash.name, crash.error["title"]) == ("crash", "The service failed")
    assert (inner.service, inner.request, inner.depth) == ("shop:crash", "r1", 1)


async def test_whoever_mends_it_is_told_what_the_caller_is_not(shop: Shop) -> None:
    told = await shop.refusal("do: [{a: {set: {x: '${ .name + 1 }'}}}]", {"name": "Ada"})
    (run,) = shop.runtime.failing_runs.take()
    assert told.detail == ""
    assert "cannot be added" in run.detail


async def test_a_failing_python_function_leaves_its_traceback(shop: Shop) -> None:
    await shop.refusal(BROKEN)
    inner, _ = shop.runtime.failing_runs.take()
    assert "raise ValueError" in inner.cause
    assert "shop.py" in inner.cause


async def test_what_is_secret_by_its_name_is_masked(shop: Shop) -> None:
    await shop.refusal(BROKEN, {"login": {"user": "ada", "apiKey": "k-123", "pin_token": 1234}})
    _, outer = shop.runtime.failing_runs.take()
    assert outer.input == {"login": {"user": "ada", "apiKey": "***", "pin_token": "***"}}
    assert "hunter2" not in json.dumps(outer.steps)


async def test_secrets_of_the_package_are_masked_wherever_they_went(shop: Shop) -> None:
    shop.more = "secrets: [shared_secret]\n"
    shop.runtime.environ = {"GATEWRIGHT_SECRET_SHARED_SECRET": "s3cret-value"}
    await shop.refusal(
        """
use: {secrets: [shared_secret]}
do:
- a: {set: {text: '${ "-" + $secrets.shared_secret + "-" }'}}
- crash: {call: 'shop:crash'}
"""
    )
    _, outer = shop.runtime.failing_runs.take()
    assert steps_of(outer)[0].output == {"text": "-***-"}


async def test_no_secret_is_in_the_reason(shop: Shop) -> None:
    shop.more = "secrets: [shared_secret]\n"
    shop.runtime.environ = {"GATEWRIGHT_SECRET_SHARED_SECRET": "s3cret-value"}
    await shop.refusal("use: {secrets: [shared_secret]}\ndo: [{a: {set: {x: '${ $secrets.shared_secret | error }'}}}]")
    (run,) = shop.runtime.failing_runs.take()
    assert "s3cret-value" not in run.detail
    assert "***" in run.detail


@pytest.mark.parametrize(
    "flow",
    [
        "do: [{no: {raise: {error: {type: x, status: 404, title: Gone}}}}]",
        "input: {schema: {document: {type: object, required: [n]}}}\ndo: [{a: {set: {x: 1}}}]",
        "do: [{a: {call: 'shop:refuse', with: {status: 409}}}]",
    ],
)
async def test_what_a_flow_refuses_on_purpose_is_no_failing_run(shop: Shop, flow: str) -> None:
    assert (await shop.refusal(flow)).status in (400, 404, 409)
    assert shop.runtime.failing_runs.take() == []


async def test_an_unexpected_answer_of_another_server_is_one_whatever_its_status(shop: Shop) -> None:
    error = ServiceError(404, "Not found", fault=True)
    assert (error.fault, ServiceError(404).fault, ServiceError(502).fault) == (True, False, True)


async def test_a_run_that_somebody_watches_is_not_kept_as_well(shop: Shop) -> None:
    await shop.refusal("do: [{a: {raise: {error: {type: x, status: 500}}}}]", trace=Trace())
    assert shop.runtime.failing_runs.take() == []


async def test_a_service_that_fails_again_and_again_keeps_a_few(shop: Shop) -> None:
    for _ in range(8):
        await shop.refusal("do: [{a: {raise: {error: {type: x, status: 500}}}}]")
    assert len(shop.runtime.failing_runs.take()) == 5
    await shop.refusal("do: [{a: {raise: {error: {type: x, status: 500}}}}]")
    assert len(shop.runtime.failing_runs.take()) == 1


async def test_a_long_run_keeps_its_first_and_its_last_steps(shop: Shop) -> None:
    flow = """
do:
- loop: {for: {in: '[range(300)]'}, do: [{turn: {set: {n: '${ $index }'}}}]}
- stop: {raise: {error: {type: x, status: 500}}}
"""
    await shop.refusal(flow)
    (run,) = shop.runtime.failing_runs.take()
    steps = steps_of(run)
    assert [step.name for step in steps[:2]] == ["loop", "turn"]
    assert [step.name for step in steps[-2:]] == ["turn", "stop"]
    assert steps[-2].iteration == (299,)
    assert len(steps) + run.left_out == 302


async def test_steps_are_counted_with_their_times(shop: Shop) -> None:
    for n in (1, 2):
        await shop.run("do: [{a: {set: {x: 1}}}, {b: {call: 'shop:who'}}]", {"n": n})
    await shop.refusal(BROKEN)
    shop.runtime.journals.report()
    counted = [(cell.name, cell.outcome, cell.count) for cell in shop.runtime.activity.take() if cell.kind == "step"]
    assert counted == [
        ("shop:flow /do/0/a", "", 2),
        ("shop:flow /do/0/begin", "", 1),
        ("shop:flow /do/1/b", "", 2),
        ("shop:flow /do/1/crash", "failed", 1),
    ]


def test_of_many_runs_some_are_watched_and_stand_for_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "ALL_OF", 4)
    activity = Activity()
    watching = Journals(activity)
    watched = [watching.begin("s") is not None for _ in range(40)]
    assert watched == [n < 4 or (n + 1) % journals.ONE_IN == 0 for n in range(40)]
    activity.take()
    assert watching.begin("s") is not None


def test_after_a_failure_the_next_runs_are_watched_however_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "ALL_OF", 0)
    watching = Journals(Activity())
    assert watching.begin("s") is None
    watching.watch_closely("s")
    assert all(watching.begin("s") is not None for _ in range(50))
