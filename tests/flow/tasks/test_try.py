import pytest

from gatewright.flow import FlowError
from gatewright.flow import Trace
from gatewright.flow.run import clock
from tests.flow.conftest import answer

RAISE = "raise: {error: {type: 'https://t.test/odd', status: 418, title: Odd, detail: 'no tea'}}"


def attempt(catch, raising=RAISE, after=""):
    return f"do:\n- attempt:\n    try: [{{fail: {{{raising}}}}}]\n    catch: {catch}\n{after}"


async def test_a_caught_error_without_handler_gives_back_the_tasks_input(run):
    assert await run(attempt("{}"), {"x": 1}) == {"x": 1}


async def test_the_handler_sees_the_tasks_input_and_the_error(run):
    flow = attempt("{do: [{h: {set: {data: '${ . }', error: '${ $error }'}}}]}")
    assert await run(flow, {"x": 1}) == {
        "data": {"x": 1},
        "error": {
            "type": "https://t.test/odd",
            "status": 418,
            "title": "Odd",
            "detail": "no tea",
            "instance": "/do/0/attempt/try/0/fail",
        },
    }


@pytest.mark.parametrize(
    ("condition", "caught"),
    [
        ("errors: {with: {status: 418}}", True),
        ("errors: {with: {status: 500}}", False),
        ("errors: {with: {type: 'https://t.test/odd', title: Odd, detail: no tea}}", True),
        ("errors: {with: {details: no tea}}", True),
        ("errors: {with: {details: tea}}", False),
        ("errors: {with: {instance: /do/0/attempt/try/0/fail}}", True),
        ("when: '$error.status > 400'", True),
        ("when: '$error.status > 500'", False),
        ("exceptWhen: '$error.status > 400'", False),
        ("exceptWhen: .never", True),
        ("as: e, when: '$e.title == \"Odd\" and .x == 1'", True),
        ("when: '$task.name == \"attempt\" and $input.x == 1'", True),
    ],
)
async def test_errors_are_caught_as_filter_and_conditions_say(run, condition, caught):
    flow = attempt(f"{{{condition}, do: [{{h: {{set: {{caught: true}}}}}}]}}")
    if caught:
        assert await run(flow, {"x": 1}) == {"caught": True}
    else:
        with pytest.raises(FlowError, match="no tea"):
            await run(flow, {"x": 1})


@pytest.mark.parametrize(
    "address",
    [
        "https://serverlessworkflow.io/spec/1.0.0/errors/validation",
        "https://serverlessworkflow.io/dsl/errors/types/validation",
        "https://open-workflow-specification.org/spec/1.0.0/errors/validation",
    ],
)
async def test_a_standard_type_is_known_under_each_of_its_addresses(run, address):
    raising = "set: {x: 1}, input: {schema: {document: {required: [y]}}}"
    flow = attempt(
        f"{{errors: {{with: {{type: '{address}'}}}}, do: [{{h: {{set: {{t: '${{ $error.type }}'}}}}}}]}}", raising
    )
    assert await run(flow) == {"t": "https://open-workflow-specification.org/spec/1.0.0/errors/validation"}
    raised = f"raise: {{error: {{type: '{address}', status: 400}}}}"
    with pytest.raises(FlowError) as caught:
        await run(f"do: [{{a: {{{raised}}}}}]")
    assert caught.value.type == "https://open-workflow-specification.org/spec/1.0.0/errors/validation"


async def test_catch_then_leads_elsewhere_only_when_an_error_was_caught(run):
    flow = attempt("{then: rescue}", after="- normal: {set: {went: on}, then: end}\n- rescue: {set: {was: saved}}")
    assert await run(flow) == {"was": "saved"}
    assert await run(flow.replace(RAISE, "set: {x: 1}")) == {"went": "on"}


async def test_an_error_in_the_handler_is_not_caught_by_its_own_catch(run):
    flow = attempt("{do: [{again: {raise: {error: {type: 'https://t.test/second', status: 500}}}}]}")
    with pytest.raises(FlowError) as caught:
        await run(flow)
    assert (caught.value.type, caught.value.instance) == ("https://t.test/second", "/do/0/attempt/catch/do/0/again")


def flaky(failures, status=503):
    left = [failures]

    def reply(request):
        left[0] -= 1
        return answer({}, status) if left[0] >= 0 else answer({"ok": True})

    return reply


CALL = "call: http, with: {method: get, endpoint: 'https://t.test/flaky'}"


async def test_a_retry_goes_on_until_an_attempt_succeeds(run, host):
    host.answers["https://t.test/flaky"] = flaky(3)
    assert await run(attempt("{retry: {limit: {attempt: {count: 3}}}}", CALL)) == {"ok": True}
    assert len(host.requests) == 4


async def test_when_the_retries_are_used_up_the_handler_runs(run, host):
    host.answers["https://t.test/flaky"] = flaky(9)
    catch = "{retry: {limit: {attempt: {count: 2}}}, do: [{h: {set: {gave: up}}}]}"
    assert await run(attempt(catch, CALL)) == {"gave": "up"}
    assert len(host.requests) == 3


async def test_when_the_retries_are_used_up_and_nobody_handles_it_the_error_goes_on(run, host):
    host.answers["https://t.test/flaky"] = flaky(9)
    with pytest.raises(FlowError) as caught:
        await run(attempt("{retry: {limit: {attempt: {count: 2}}}}", CALL))
    assert caught.value.status == 503


async def test_errors_that_the_catch_does_not_want_are_not_retried(run, host):
    host.answers["https://t.test/flaky"] = flaky(9, 400)
    with pytest.raises(FlowError):
        await run(attempt("{errors: {with: {status: 503}}, retry: {limit: {attempt: {count: 2}}}}", CALL))
    assert len(host.requests) == 1


@pytest.mark.parametrize(("condition", "requests"), [("when: '$error.status == 500'", 1), ("exceptWhen: .stop", 3)])
async def test_a_retrys_own_conditions_decide_too(run, host, condition, requests):
    host.answers["https://t.test/flaky"] = flaky(9)
    with pytest.raises(FlowError):
        await run(attempt(f"{{retry: {{{condition}, limit: {{attempt: {{count: 2}}}}}}}}", CALL))
    assert len(host.requests) == requests


async def test_a_retry_can_be_named_in_use(run, host):
    host.answers["https://t.test/flaky"] = flaky(1)
    flow = "use: {retries: {once: {limit: {attempt: {count: 1}}}}}\n" + attempt("{retry: once}", CALL)
    assert await run(flow) == {"ok": True}


@pytest.fixture
def pauses(monkeypatch):
    taken = []

    async def pause(seconds, frame):
        taken.append(seconds)

    monkeypatch.setattr("gatewright.flow.tasks.try_.pause", pause)
    return taken


@pytest.mark.parametrize(
    ("backoff", "expected"),
    [("constant", [2, 2, 2]), ("linear", [2, 4, 6]), ("exponential", [2, 4, 8]), (None, [2, 2, 2])],
)
async def test_the_delay_grows_as_the_backoff_says(run, host, pauses, backoff, expected):
    host.answers["https://t.test/flaky"] = flaky(3)
    extra = f"backoff: {{{backoff}: {{}}}}, " if backoff else ""
    await run(attempt(f"{{retry: {{delay: PT2S, {extra}limit: {{attempt: {{count: 3}}}}}}}}", CALL))
    assert pauses == expected


async def test_jitter_adds_a_random_time_within_its_bounds(run, host, pauses):
    host.answers["https://t.test/flaky"] = flaky(20)
    retry = "{retry: {delay: PT1S, jitter: {from: PT1S, to: PT3S}, limit: {attempt: {count: 20}}}}"
    await run(attempt(retry, CALL))
    assert all(2 <= pause <= 4 for pause in pauses)
    assert len(set(pauses)) > 1


async def test_no_retry_begins_after_the_retries_duration(run, host):
    host.answers["https://t.test/flaky"] = flaky(9)
    with pytest.raises(FlowError):
        await run(attempt("{retry: {delay: PT5S, limit: {duration: PT4S}}}", CALL))
    assert len(host.requests) == 1


async def test_an_attempt_that_takes_too_long_is_stopped_and_tried_again(run, host):
    import asyncio

    async def slow(request):
        if len(host.requests) == 1:
            await asyncio.sleep(30)
        return answer({"ok": True})

    host.answers["https://t.test/flaky"] = slow
    began = clock()
    assert await run(attempt("{retry: {limit: {attempt: {count: 1, duration: PT0.05S}}}}", CALL)) == {"ok": True}
    assert clock() - began < 5


async def test_each_attempt_begins_with_the_same_input(run, host):
    host.answers["https://t.test/flaky"] = flaky(2)
    trace = Trace()
    flow = f"""
do:
- attempt:
    try: [{{one: {{set: {{n: '${{ .n + 1 }}'}}}}}}, {{fail: {{{CALL}}}}}]
    catch: {{retry: {{limit: {{attempt: {{count: 2}}}}}}}}
"""
    await run(flow, {"n": 0}, trace=trace)
    assert [record.output for record in trace.records if record.name == "one"] == [{"n": 1}] * 3
