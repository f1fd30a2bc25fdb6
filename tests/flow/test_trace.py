import json

import pytest

from gatewright.flow import FlowError
from gatewright.flow import Trace
from tests.flow.conftest import answer

TOKEN = "tok-5f2d9a"
CREDENTIALS = '{"username": "ada", "password": "pass-77aa12"}'


async def test_each_step_is_recorded_with_its_data_and_what_followed(run):
    trace = Trace()
    flow = """
do:
- pick: {switch: [{big: {when: .n > 1, then: last}}]}
- lost: {set: {x: 1}}
- last: {set: {y: '${ .n }'}, export: {as: {kept: 1}}, then: end}
"""
    await run(flow, {"n": 2}, trace=trace)
    assert [(record.pointer, record.name, record.kind, record.then) for record in trace.records] == [
        ("/do/0/pick", "pick", "switch", "last"),
        ("/do/2/last", "last", "set", "end"),
    ]
    assert [(record.input, record.output, record.context) for record in trace.records] == [
        ({"n": 2}, {"n": 2}, {}),
        ({"n": 2}, {"y": 2}, {"kept": 1}),
    ]
    assert all(record.seconds >= 0 and record.started >= 0 for record in trace.records)


async def test_the_turns_of_loops_are_told_apart(run):
    trace = Trace()
    inner = "{b: {for: {in: '[1, 2]'}, do: [{c: {set: {x: 1}}}]}}"
    await run(f"do: [{{a: {{for: {{in: '[1, 2]'}}, do: [{inner}]}}}}]", trace=trace)
    assert [record.iteration for record in trace.records if record.name == "c"] == [(0, 0), (0, 1), (1, 0), (1, 1)]


async def test_a_failed_step_has_its_error_in_every_step_around_it(run):
    trace = Trace()
    with pytest.raises(FlowError):
        await run("do: [{a: {do: [{b: {raise: {error: {type: x, status: 400, title: T}}}}]}}]", trace=trace)
    assert [(record.name, record.error["title"], record.output) for record in trace.records] == [
        ("a", "T", None),
        ("b", "T", None),
    ]


async def test_a_skipped_step_hands_its_input_on(run):
    trace = Trace()
    await run("do: [{a: {if: .no, set: {x: 1}}}]", {"n": 1}, trace=trace)
    assert [(record.name, record.output) for record in trace.records] == [("a", {"n": 1})]


async def test_a_trace_keeps_only_so_many_records_and_counts_the_rest(run):
    trace = Trace(most=5)
    await run("do: [{a: {for: {in: '[range(100)]'}, do: [{b: {set: {x: 1}}}]}}]", trace=trace)
    assert (len(trace.records), trace.left_out) == (5, 96)


async def test_a_trace_stays_small_whatever_the_data_are(run):
    trace = Trace(size=10_000)
    wide = {"list": ["x" * 5_000] * 5_000, "map": {str(n): n for n in range(5_000)}}
    flow = "do: [{l: {for: {in: '[range(200)]'}, do: [{b: {set: {x: '${ $input }'}, output: {as: .x}}}]}}]"
    await run(flow, wide, trace=trace)
    assert len(json.dumps([record.output for record in trace.records])) < 200_000
    assert trace.left_out > 100


async def test_values_can_be_left_out_of_a_trace(run):
    trace = Trace(values=False)
    await run("do: [{a: {set: {x: 1}}}]", {"private": 1}, trace=trace)
    assert (trace.records[0].input, trace.records[0].output) == (None, None)


async def test_without_a_trace_nothing_is_recorded(run):
    assert await run("do: [{a: {set: {x: 1}}}]", trace=None) == {"x": 1}


async def test_no_secret_shows_in_a_trace_wherever_it_went(run, host):
    host.secrets |= {"token": TOKEN, "login": CREDENTIALS}
    host.answers["https://t.test/x"] = lambda request: answer({"echo": f"you sent {request.uri} and {TOKEN}"})
    trace = Trace()
    flow = """
use: {secrets: [token, login]}
do:
- a: {set: {mine: '${ $secrets.token }', twice: '${ "\\($secrets.token)/\\($secrets.login.password)" }', all: '${ $secrets }'}}
- key: {set: {data: '${ { ($secrets.token): 1 } }'}, export: {as: $secrets.login}}
- call:
    call: http
    with:
      method: get
      endpoint: {uri: 'https://t.test/x', authentication: {bearer: {token: '${ $secrets.token }'}}}
      query: {key: '${ $secrets.login.password }'}
      output: response
- login:
    call: http
    with: {method: get, endpoint: {uri: 'https://t.test/x', authentication: {basic: {use: login}}}}
- stop: {raise: {error: {type: x, status: 400, detail: '${ "sorry, \\($secrets.token)" }'}}}
"""
    with pytest.raises(FlowError):
        await run(flow, trace=trace)
    shown = json.dumps([[record.input, record.output, record.context, record.error] for record in trace.records])
    assert len(trace.records) == 5
    assert "***" in shown
    for secret in (TOKEN, "pass-77aa12", "ada"):
        assert secret not in shown


async def test_secrets_are_objects_when_their_text_is_one_and_texts_otherwise(run, host):
    host.secrets |= {"one": CREDENTIALS, "two": "{broken", "three": "42"}
    flow = "use: {secrets: [one, two, three]}\ndo: [{a: {set: {s: '${ [$secrets.one.username, $secrets.two, $secrets.three] }'}}}]"
    assert await run(flow) == {"s": ["ada", "{broken", "42"]}


async def test_only_declared_secrets_are_there(run, host):
    host.secrets |= {"declared": "a", "other": "b"}
    assert await run("use: {secrets: [declared]}\ndo: [{a: {set: {s: '${ $secrets }'}}}]") == {"s": {"declared": "a"}}


async def test_a_declared_secret_that_is_not_there_is_an_authorization_error(run):
    with pytest.raises(FlowError) as caught:
        await run("use: {secrets: [gone]}\ndo: [{a: {set: {s: '${ $secrets.gone }'}}}]")
    assert (caught.value.type.rpartition("/")[2], caught.value.status) == ("authorization", 403)


async def test_no_secret_is_asked_for_unless_an_expression_names_them(run, host):
    host.secret = lambda name: pytest.fail("asked for a secret")
    assert await run("use: {secrets: [s]}\ndo: [{a: {set: {x: 1}}}]") == {"x": 1}


def test_a_secret_across_the_cut_of_a_long_text_is_masked_whole():
    trace = Trace()
    trace.mask(TOKEN)
    shown = trace.show("x" * 1995 + TOKEN + "y" * 100)
    assert TOKEN[:5] not in shown
