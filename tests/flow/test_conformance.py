"""What the standard's test kit asks, in flows of our own, so that the suite holds where the kit is not at hand."""

import pytest

from gatewright.flow import FlowError
from gatewright.flow import Trace
from tests.flow.conftest import answer
from tests.flow.stand_ins import PETS
from tests.flow.stand_ins import petstore_document

SHOP = "https://shop.test"


def names(trace):
    return [record.name for record in trace.records]


def append(word):
    return "{set: {words: '${ .words + [\"" + word + "\"] }'}}"


async def test_tasks_run_in_the_order_of_the_list(run):
    trace = Trace()
    flow = f"do: [{{one: {append('a')}}}, {{two: {append('b')}}}, {{three: {append('c')}}}]"
    assert await run(flow, trace=trace) == {"words": ["a", "b", "c"]}
    assert names(trace) == ["one", "two", "three"]


async def test_then_leads_to_named_tasks_and_end_ends_the_flow(run):
    trace = Trace()
    flow = """
do:
  - one: {set: {words: [a]}, then: three}
  - two: {set: {words: '${ .words + ["c"] }'}, then: end}
  - three: {set: {words: '${ .words + ["b"] }'}, then: two}
"""
    assert await run(flow, trace=trace) == {"words": ["a", "b", "c"]}
    assert names(trace) == ["one", "three", "two"]


async def test_do_runs_its_subtasks_in_order(run):
    assert await run(f"do: [{{outer: {{do: [{{one: {append('a')}}}, {{two: {append('b')}}}]}}}}]") == {
        "words": ["a", "b"]
    }


async def test_set_replaces_the_data_with_what_it_names(run):
    given = {"box": {"size": {"width": 2}}, "rest": True}
    assert await run("do: [{pick: {set: {kind: box, size: '${ .box.size }'}}}]", given) == {
        "kind": "box",
        "size": {"width": 2},
    }


async def test_for_gives_item_and_index_and_hands_on_each_turns_output(run):
    flow = """
do:
  - each:
      for: {each: word, in: .words}
      do:
        - add: {set: {seen: '${ { words: (.seen.words + [$word]), at: (.seen.at + [$index]) } }'}}
"""
    assert await run(flow, {"words": ["a", "b"]}) == {"seen": {"words": ["a", "b"], "at": [0, 1]}}


SWITCH = """
do:
  - choose:
      switch:
        - small: {when: '.size == "s"', then: small}
        - large: {when: '.size == "l"', then: large}
%s
  - small: {set: {picked: small}, then: end}
  - large: {set: {picked: large}, then: end}
  - other: {set: {picked: '${ $input.size }'}}
"""


async def test_switch_leads_to_the_first_case_that_holds(run):
    trace = Trace()
    assert await run(SWITCH % "      then: end", {"size": "l"}, trace=trace) == {"picked": "large"}
    assert names(trace) == ["choose", "large"]


async def test_switch_without_a_match_follows_its_own_then(run):
    trace = Trace()
    assert await run(SWITCH % "      then: end", {"size": "?"}, trace=trace) == {"size": "?"}
    assert names(trace) == ["choose"]


async def test_switch_case_without_when_is_the_default(run):
    trace = Trace()
    default = "        - rest: {then: other}"
    assert await run(SWITCH % default, {"size": "xxl"}, trace=trace) == {"picked": "xxl"}
    assert names(trace) == ["choose", "other"]


async def test_the_default_is_taken_last_wherever_it_stands(run):
    default = SWITCH.replace("        - small", "        - rest: {then: other}\n        - small") % ""
    assert await run(default, {"size": "l"}) == {"picked": "large"}
    assert await run(default, {"size": "?"}) == {"picked": "?"}


async def test_a_competing_fork_gives_one_branchs_output(run):
    flow = f"do: [{{race: {{fork: {{compete: true, branches: [{{one: {append('a')}}}, {{two: {append('b')}}}]}}}}}}]"
    assert (await run(flow))["words"] in (["a"], ["b"])


async def test_an_inline_error_is_raised_with_the_step_as_its_instance(run):
    flow = "do: [{stop: {raise: {error: {type: 'https://shop.test/errors/closed', status: 409, title: Closed}}}}]"
    with pytest.raises(FlowError) as caught:
        await run(flow)
    assert caught.value.value() == {
        "type": "https://shop.test/errors/closed",
        "status": 409,
        "title": "Closed",
        "instance": "/do/0/stop",
    }


async def test_input_from_narrows_what_the_task_sees(run):
    flow = "do: [{take: {input: {from: .user.id}, set: {id: '${ . }'}}}]"
    assert await run(flow, {"user": {"id": "u7"}}) == {"id": "u7"}


async def test_output_as_narrows_what_a_call_gives_and_may_give_a_scalar(run, host):
    host.answers[f"{SHOP}/pet/1"] = answer(PETS[0])
    flow = f"do: [{{get: {{call: http, with: {{method: get, endpoint: '{SHOP}/pet/{{id}}'}}, output: {{as: .id}}}}}}]"
    assert await run(flow, {"id": 1}) == 1


async def test_a_scalar_output_is_the_next_tasks_input(run, host):
    host.answers[f"{SHOP}/pet/1"] = answer(PETS[0])
    host.answers[f"{SHOP}/pet/2"] = answer(PETS[1])
    flow = f"""
do:
  - one: {{call: http, with: {{method: get, endpoint: {{uri: '{SHOP}/pet/{{id}}'}}}}, output: {{as: .id}}}}
  - two: {{call: http, with: {{method: get, endpoint: {{uri: {SHOP}/pet/2}}}}, output: {{as: '{{ids: [$input, .id]}}'}}}}
"""
    assert await run(flow, {"id": 1}) == {"ids": [1, 2]}


async def test_an_http_call_fills_its_address_from_the_data_and_parses_json(run, host):
    host.answers[f"{SHOP}/pets"] = answer(PETS)
    flow = f"do: [{{find: {{call: http, with: {{method: get, endpoint: '{SHOP}/pets?status={{status}}'}}, output: {{as: '.[0]'}}}}}}]"
    assert await run(flow, {"status": "available"}) == PETS[0]
    assert host.requests[0].uri == f"{SHOP}/pets?status=available"


async def test_an_http_call_can_give_the_whole_response(run, host):
    host.answers[f"{SHOP}/pet/1"] = answer(PETS[0])
    flow = f"do: [{{get: {{call: http, with: {{method: get, endpoint: {SHOP}/pet/1, output: response}}}}}}]"
    output = await run(flow)
    assert (output["statusCode"], output["content"]) == (200, PETS[0])
    assert (output["request"]["method"], output["request"]["uri"]) == ("get", f"{SHOP}/pet/1")
    assert output["headers"]["content-type"] == "application/json"


async def test_an_http_call_sends_basic_credentials_from_the_data(run, host):
    host.answers[f"{SHOP}/login/ada"] = answer({"ok": True})
    flow = f"""
do:
  - login:
      call: http
      with:
        method: get
        endpoint:
          uri: {SHOP}/login/{{username}}
          authentication: {{basic: {{username: '${{ .username }}', password: '${{ .password }}'}}}}
"""
    assert await run(flow, {"username": "ada", "password": "pw"}) == {"ok": True}
    assert host.requests[0].headers["Authorization"] == "Basic YWRhOnB3"


OPENAPI = """
do:
  - call:
      call: openapi
      with:
        document: {endpoint: 'https://shop.test/v2/swagger.json'}
        operationId: %s
        parameters: %s
        output: %s
"""


async def test_an_openapi_call_gives_content(run, host):
    host.answers[f"{SHOP}/v2/swagger.json"] = answer(petstore_document("shop.test"))
    host.answers["http://shop.test/v2/pet/findByStatus"] = answer([PETS[0], PETS[2]])
    output = await run(OPENAPI % ("findPetsByStatus", "{status: '${ .status }'}", "content"), {"status": "available"})
    assert output == [PETS[0], PETS[2]]
    assert host.requests[1].uri == "http://shop.test/v2/pet/findByStatus?status=available"


async def test_an_openapi_call_can_give_the_whole_response(run, host):
    host.answers[f"{SHOP}/v2/swagger.json"] = answer(petstore_document("shop.test"))
    host.answers["http://shop.test/v2/pet/1"] = answer(PETS[0])
    output = await run(OPENAPI % ("getPetById", "{petId: '${ .petId }'}", "response"), {"petId": 1})
    assert (output["statusCode"], output["content"]["name"]) == (200, "Rex")
    assert output["request"]["uri"] == "http://shop.test/v2/pet/1"


async def test_emit_gives_the_event_that_it_published(run, host):
    flow = """
do:
  - tell:
      emit:
        event:
          with: {source: 'https://shop.test', type: test.greeted, data: {text: '${ "Hello \\(.name)" }'}}
"""
    output = await run(flow, {"name": "Ada"})
    assert {"specversion": "1.0", "source": "https://shop.test", "type": "test.greeted"}.items() <= output.items()
    assert output["data"] == {"text": "Hello Ada"}
    assert output["time"] == "2026-01-01T00:00:00.250Z"
    assert host.events == [output]
    assert output["id"]


TRY = """
do:
  - attempt:
      try:
        - get: {call: http, with: {method: get, endpoint: 'https://shop.test/pet/9'}}
      catch:
        errors: {with: {type: 'https://serverlessworkflow.io/dsl/errors/types/communication', status: %d}}
        as: problem
        do: [{note: {set: {error: '${ $problem }'}}}]
"""


async def test_a_caught_error_has_type_status_title_and_the_failed_steps_pointer(run, host):
    host.answers[f"{SHOP}/pet/9"] = answer({"message": "none"}, 404, reason="Not Found")
    error = (await run(TRY % 404))["error"]
    assert (error["status"], error["title"]) == (404, "Not Found")
    assert error["type"].endswith("/errors/communication")
    assert error["instance"] == "/do/0/attempt/try/0/get"


async def test_an_error_that_no_catch_asks_for_faults_the_flow(run, host):
    host.answers[f"{SHOP}/pet/9"] = answer({"message": "none"}, 404)
    with pytest.raises(FlowError) as caught:
        await run(TRY % 503)
    assert caught.value.status == 404
