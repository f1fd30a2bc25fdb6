import pytest

from gatewright.flow import FlowError


async def test_item_and_index_have_their_default_names(run):
    flow = "do: [{a: {for: {in: .list}, do: [{b: {set: {got: '${ .got + [[$index, $item]] }'}}}]}}]"
    assert await run(flow, {"list": ["x", "y"]}) == {"got": [[0, "x"], [1, "y"]]}


async def test_an_empty_collection_gives_the_tasks_input(run):
    assert await run("do: [{a: {for: {in: .list}, do: [{b: {set: {x: 1}}}]}}]", {"list": []}) == {"list": []}


async def test_while_stops_before_the_turn_for_which_it_does_not_hold(run):
    flow = """
do:
- a:
    for: {each: n, in: '${ .list }', at: at}
    while: '(.sum // 0) < 3 and $at < 10 and $input.list != null'
    do: [{add: {set: {sum: '${ .sum + $n }'}}}]
"""
    assert await run(flow, {"list": [1, 2, 5]}) == {"sum": 3}


async def test_while_sees_the_context_that_the_turns_export(run):
    flow = """
do:
- a:
    for: {in: .list}
    while: $context.done != true
    do: [{add: {set: {n: '${ .n + 1 }'}, export: {as: {done: '${ .n >= 2 }'}}}}]
"""
    assert await run(flow, {"list": [1, 2, 3, 4]}) == {"n": 2}


async def test_loops_nest_and_the_inner_variable_hides_the_outer(run):
    flow = """
do:
- a:
    for: {in: .rows}
    do:
    - b:
        input: {from: '{rows: $item, got: .got}'}
        for: {each: cell, in: .rows, at: column}
        do: [{add: {set: {got: '${ .got + ["\\($index)\\($column)\\($cell)"] }'}}}]
"""
    assert await run(flow, {"rows": [["x"], ["y", "z"]]}) == {"got": ["00x", "10y", "11z"]}


@pytest.mark.parametrize("value", [None, 3, "text", {"a": 1}])
async def test_what_is_no_array_is_an_expression_error(run, value):
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {for: {in: .list}, do: [{b: {set: {x: 1}}}]}}]", {"list": value})
    assert (caught.value.status, caught.value.instance) == (400, "/do/0/a")


async def test_exit_ends_a_turn_and_end_the_flow(run):
    flow = "do: [{a: {for: {in: .list}, do: [{b: {set: {n: '${ .n + 1 }'}, then: %s}}, {c: {set: {n: 100}}}]}}]"
    assert await run(flow % "exit", {"list": [1, 2, 3]}) == {"n": 3}
    assert await run(flow % "end", {"list": [1, 2, 3]}) == {"n": 1}


async def test_a_loop_of_calls_goes_one_after_the_other(run, host):
    host.services["s:t"] = lambda arguments: {"list": arguments["n"]}
    flow = "do: [{a: {for: {in: .list}, do: [{b: {call: 's:t', with: {n: '${ $item }'}}}]}}]"
    assert await run(flow, {"list": [1, 2]}) == {"list": 2}
    assert host.calls == [("s:t", {"n": 1}), ("s:t", {"n": 2})]
