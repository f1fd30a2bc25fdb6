import pytest

from gatewright.flow import FlowError
from tests.flow.conftest import answer


async def test_a_service_gets_its_arguments_and_its_output_is_the_tasks(run, host):
    host.services["orders.sub:get"] = lambda arguments: {"got": arguments}
    flow = "do: [{a: {call: 'orders.sub:get', with: {id: '${ .n }', how: full}}}]"
    assert await run(flow, {"n": 3}) == {"got": {"id": 3, "how": "full"}}


async def test_without_arguments_a_service_gets_none(run, host):
    host.services["s:t"] = lambda arguments: arguments
    assert await run("do: [{a: {call: 's:t'}}]", {"x": 1}) == {}


async def test_arguments_may_be_given_by_one_expression_that_must_be_an_object(run, host):
    host.services["s:t"] = lambda arguments: arguments
    flow = "do: [{a: {call: 's:t', with: '${ .args }'}}]"
    assert await run(flow, {"args": {"x": 1}}) == {"x": 1}
    with pytest.raises(FlowError) as caught:
        await run(flow, {"args": [1]})
    assert caught.value.type.endswith("/errors/validation")


async def test_an_error_of_a_service_keeps_its_words_and_names_the_step_and_the_service(run, host):
    def refuse(arguments):
        raise FlowError("https://t.test/gone", 410, "Gone", "sold out", "/do/0/inner", {"hint": 1}, "raise")

    host.services["s:t"] = refuse
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {call: 's:t'}}]")
    assert caught.value.problem() == {
        "type": "https://t.test/gone",
        "status": 410,
        "title": "Gone",
        "detail": "sold out",
        "instance": "/do/0/a",
        "hint": 1,
        "service": "s:t",
        "serviceInstance": "/do/0/inner",
    }


async def test_a_service_that_breaks_is_a_runtime_error_without_its_words(run, host):
    def broken(arguments):
        raise KeyError("password=hunter2")

    host.services["s:t"] = broken
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {call: 's:t'}}]")
    assert caught.value.status == 500
    assert "hunter2" not in str(caught.value.problem())


async def test_a_functions_input_is_the_arguments_and_it_sees_none_of_the_callers_variables(run):
    flow = """
use:
  functions:
    double:
      input: {schema: {document: {required: [n]}}}
      set: {twice: '${ .n * 2 }'}
      output: {as: .twice}
do:
- loop:
    for: {in: .list}
    do: [{a: {call: double, with: {n: '${ $item }'}, output: {as: {got: '${ . }'}}}}]
"""
    assert await run(flow, {"list": [2, 5]}) == {"got": 10}


async def test_an_error_in_a_function_points_into_the_function(run):
    flow = "use: {functions: {f: {do: [{x: {raise: {error: {type: 'https://t.test/e', status: 400}}}}]}}}\n"
    with pytest.raises(FlowError) as caught:
        await run(flow + "do: [{a: {call: f}}]")
    assert caught.value.instance == "/use/functions/f/do/0/x"


async def test_a_function_can_be_an_http_call_in_disguise(run, host):
    host.answers["https://t.test/pet/7"] = answer({"name": "Rex"})
    flow = """
use: {functions: {pet: {call: http, with: {method: get, endpoint: 'https://t.test/pet/{id}'}, output: {as: .name}}}}
do: [{a: {call: pet, with: {id: 7}}}]
"""
    assert await run(flow) == "Rex"


async def test_run_workflow_calls_the_service_of_that_namespace_and_name(run, host):
    host.services["orders.sub:get"] = lambda arguments: {"got": arguments}
    flow = """
do: [{a: {run: {workflow: {namespace: orders.sub, name: get, version: latest, input: {id: '${ .n }'}}, await: true}}}]
"""
    assert await run(flow, {"n": 1}) == {"got": {"id": 1}}


async def test_an_emitted_event_keeps_the_attributes_it_was_given(run, host):
    flow = """
do:
- a: {emit: {event: {with: {id: '1', source: s, type: t, time: '2020-01-01T00:00:00Z', subject: x, custom: 5, data: [1]}}}}
"""
    assert await run(flow) == {
        "specversion": "1.0",
        "id": "1",
        "source": "s",
        "type": "t",
        "time": "2020-01-01T00:00:00Z",
        "subject": "x",
        "custom": 5,
        "data": [1],
    }


async def test_an_events_type_must_be_a_text(run, host):
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {emit: {event: {with: {source: s, type: '${ .n }'}}}}}]", {"n": 5})
    assert (caught.value.status, host.events) == (400, [])


async def test_a_publisher_that_fails_is_a_communication_error(run, host):
    async def fail(event):
        raise OSError("no broker at 10.0.0.1")

    host.publish = fail
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {emit: {event: {with: {source: s, type: t}}}}}]")
    assert (caught.value.http_status, "10.0.0.1" in str(caught.value.problem())) == (502, False)
