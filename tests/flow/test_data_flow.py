import pytest

from gatewright.flow import FlowError
from gatewright.flow import FlowProblems
from gatewright.flow import load_flow
from tests.flow.conftest import HEAD
from tests.flow.conftest import NOW
from tests.flow.conftest import FakeHost

SCHEMA = "{schema: {document: {type: object, required: [n], properties: {n: {type: integer}}}}}"


async def test_if_sees_the_raw_input_and_a_skipped_task_passes_it_on_to_the_next_in_order(run):
    flow = """
do:
  - skipped: {if: '.go', input: {from: .never}, set: {x: 1}, then: end}
  - next: {set: {got: '${ . }'}}
"""
    assert await run(flow, {"go": False}) == {"got": {"go": False}}
    assert await run(flow, {"go": True}) == {"x": 1}


async def test_if_takes_an_expression_in_braces_too(run):
    assert await run("do: [{a: {if: '${ .go }', set: {x: 1}}}]", {"go": None}) == {"go": None}


async def test_input_schema_is_held_against_the_raw_input_before_from(run):
    flow = "do: [{a: {input: {schema: {document: {required: [raw]}}, from: .raw}, set: {x: '${ . }'}}}]"
    assert await run(flow, {"raw": 3}) == {"x": 3}
    with pytest.raises(FlowError) as caught:
        await run(flow, {"other": 3})
    assert (caught.value.status, caught.value.instance) == (400, "/do/0/a")


async def test_output_schema_is_held_against_the_transformed_output(run):
    flow = "do: [{a: {set: {x: 1}, output: {as: .x, schema: {document: {type: integer}}}}}]"
    assert await run(flow) == 1
    with pytest.raises(FlowError, match="output of 'a'"):
        await run(flow.replace("as: .x", "as: ."))


async def test_the_context_is_empty_at_first_and_export_replaces_it(run):
    flow = """
do:
  - a: {set: {x: 1}, export: {as: '$context + {first: .x}'}}
  - b: {set: {y: 2}, output: {as: .y}, export: {as: {second: '${ . }', out: '${ $output }', was: '${ $context }'}}}
  - c: {set: {context: '${ $context }'}}
"""
    assert await run(flow) == {"context": {"second": 2, "out": 2, "was": {"first": 1}}}
    assert await run("do: [{a: {set: {context: '${ $context }'}}}]") == {"context": {}}


async def test_an_exported_context_that_does_not_fit_its_schema_is_refused(run):
    with pytest.raises(FlowError, match="the context"):
        await run("do: [{a: {set: {x: 1}, export: {as: .x, schema: {document: {type: object}}}}}]")


async def test_a_tasks_own_output_sees_the_context_that_its_subtasks_left(run):
    flow = """
do:
  - outer:
      do: [{inner: {set: {x: 1}, export: {as: .}}}]
      output: {as: '{before: $input, context: $context}'}
"""
    assert await run(flow, {"given": 1}) == {"before": {"given": 1}, "context": {"x": 1}}


async def test_input_from_and_output_as_may_be_mappings(run):
    flow = "do: [{a: {input: {from: {v: '${ .a.b }', w: .literal}}, set: {x: '${ . }'}, output: {as: {y: '${ .x }'}}}}]"
    assert await run(flow, {"a": {"b": 7}}) == {"y": {"v": 7, "w": ".literal"}}


async def test_a_text_that_is_an_expression_only_in_part_is_literal(run):
    assert await run("do: [{a: {set: {x: 'Hello ${ .name }!', y: '.name'}}}]", {"name": "Ada"}) == {
        "x": "Hello ${ .name }!",
        "y": ".name",
    }


async def test_what_came_as_data_is_never_evaluated(run):
    given = {"text": "${ .secret }", "secret": "s"}
    assert await run("do: [{a: {set: {x: '${ .text }'}}}, {b: {set: {y: '${ .x }'}}}]", given) == {"y": "${ .secret }"}


async def test_an_expression_without_a_value_is_an_expression_error(run):
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {set: {x: '${ empty }'}}}]")
    assert caught.value.type.endswith("/errors/expression")
    assert (caught.value.status, caught.value.instance) == (400, "/do/0/a")


async def test_of_many_values_the_first_is_taken(run):
    assert await run("do: [{a: {set: {x: '${ .list[] }'}}}]", {"list": [4, 5]}) == {"x": 4}


async def test_the_flows_own_input_and_output_are_checked_and_transformed(run):
    flow = f"input: {SCHEMA[:-1]}, from: '{{m: .n}}'}}\noutput: {{as: .x, schema: {{document: {{maximum: 5}}}}}}\n"
    flow += "do: [{a: {set: {x: '${ .m + 1 }'}}}]"
    assert await run(flow, {"n": 4}) == 5
    with pytest.raises(FlowError) as caught:
        await run(flow, {"n": "4"})
    assert (caught.value.status, caught.value.instance) == (400, "/input")
    assert caught.value.extensions["errors"][0]["pointer"] == "/n"
    with pytest.raises(FlowError) as caught:
        await run(flow, {"n": 5})
    assert caught.value.instance == "/output"


async def test_the_flows_output_sees_the_context(run):
    flow = "output: {as: $context}\ndo: [{a: {set: {x: 1}, export: {as: {y: 2}}}}]"
    assert await run(flow) == {"y": 2}


async def test_exit_leaves_the_list_and_end_the_flow(run):
    flow = """
do:
  - outer:
      do:
        - a: {set: {x: 1}, then: %s}
        - b: {set: {x: 2}}
  - after: {set: {after: '${ .x }'}}
"""
    assert await run(flow % "exit") == {"after": 1}
    assert await run(flow % "end") == {"x": 1}


async def test_variables_describe_task_workflow_runtime_and_caller(run):
    flow = """
do:
  - a:
      metadata: {note: here}
      set: {task: '${ $task }', flow: '${ $workflow }', runtime: '${ $runtime }', who: '${ $authorization }'}
"""
    output = await run(flow, {"q": 1}, authorization=lambda: {"subject": "ada", "client": "c1", "scopes": ["s"]})
    assert output["task"]["name"] == "a"
    assert output["task"]["reference"] == "/do/0/a"
    assert output["task"]["definition"]["metadata"] == {"note": "here"}
    assert output["task"]["input"] == {"q": 1}
    assert output["task"]["startedAt"]["epoch"] == {"seconds": int(NOW), "milliseconds": int(NOW * 1000)}
    assert output["flow"]["definition"]["document"]["name"] == "flow"
    assert (output["flow"]["input"], len(output["flow"]["id"])) == ({"q": 1}, 36)
    assert output["runtime"]["name"] == "Gatewright"
    assert output["who"] == {"subject": "ada", "client": "c1", "scopes": ["s"]}


async def test_output_as_can_name_the_tasks_raw_output(run):
    assert await run("do: [{a: {set: {x: 1}, output: {as: $task.output.x}}}]") == 1


async def test_a_variable_of_the_flows_output_cannot_be_named_before_it():
    with pytest.raises(FlowProblems, match="context"):
        load_flow(HEAD + "input: {from: $context}\ndo: [{a: {set: {x: 1}}}]")


@pytest.mark.parametrize(
    "part", ["set: {x: '${ $output }'}", "set: {x: 1}, output: {as: $output}", "set: {x: 1}, if: $output"]
)
async def test_output_can_be_named_by_export_alone(run, part):
    with pytest.raises(FlowProblems, match="output"):
        await run(f"do: [{{a: {{{part}}}}}]")


async def test_the_input_is_never_changed(run):
    given = {"list": [1], "deep": {"x": 1}}
    await run("do: [{a: {set: {list: '${ .list + [2] }', deep: '${ .deep | .x = 2 }'}}}]", given)
    assert given == {"list": [1], "deep": {"x": 1}}


async def test_one_flow_serves_many_runs_that_do_not_see_each_other():
    flow = load_flow(HEAD + "do: [{a: {set: {x: '${ .n }'}, export: {as: .x}}}, {b: {set: {c: '${ $context }'}}}]")
    assert [await flow.run({"n": n}, FakeHost()) for n in range(3)] == [{"c": 0}, {"c": 1}, {"c": 2}]


def test_a_flow_tells_its_names_schemas_and_options():
    flow = load_flow(
        """
document:
  {dsl: '1.0.3', namespace: shop, name: get, version: 2.1.0-rc.1, title: T, summary: S,
   metadata: {gatewright: {input: envelope, output: response}, owner: ada}}
input: {schema: {document: {type: object}}}
output: {schema: {format: json, document: {type: string}}}
use: {secrets: [key]}
do: [{a: {set: {x: 1}}}]
"""
    )
    assert (flow.namespace, flow.name, flow.version) == ("shop", "get", "2.1.0-rc.1")
    assert (flow.title, flow.summary, flow.metadata["owner"]) == ("T", "S", "ada")
    assert (flow.input_schema, flow.output_schema) == ({"type": "object"}, {"type": "string"})
    assert (flow.wants_envelope, flow.gives_response, flow.secrets) == (True, True, ("key",))
    assert flow.is_async is False
