import pytest

from gatewright.flow import FlowError


async def test_the_members_of_an_error_may_be_expressions(run):
    flow = """
do:
- a:
    raise:
      error: {type: '${ .t }', status: '${ .s }', title: '${ "No \\(.what)" }', detail: '${ .what }', instance: /ignored}
"""
    with pytest.raises(FlowError) as caught:
        await run(flow, {"t": "https://t.test/x", "s": 422, "what": "tea"})
    assert caught.value.problem() == {
        "type": "https://t.test/x",
        "status": 422,
        "title": "No tea",
        "detail": "tea",
        "instance": "/do/0/a",
    }


async def test_an_error_of_use_is_raised_by_its_name(run):
    flow = """
use: {errors: {closed: {type: 'https://t.test/closed', status: 409, title: Closed}}}
do: [{a: {raise: {error: closed}}}]
"""
    with pytest.raises(FlowError) as caught:
        await run(flow)
    assert (caught.value.status, caught.value.title, caught.value.http_status) == (409, "Closed", 409)


@pytest.mark.parametrize("status", [99, 600, "400", None, 400.5, True])
async def test_a_status_from_the_data_that_is_none_is_an_expression_error(run, status):
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {raise: {error: {type: x, status: '${ .s }'}}}}]", {"s": status})
    assert caught.value.type.endswith("/errors/expression")


async def test_only_a_raise_picks_the_answers_status(run):
    with pytest.raises(FlowError) as caught:
        await run("do: [{a: {raise: {error: {type: x, status: 401}}}}]")
    assert (caught.value.origin, caught.value.http_status) == ("raise", 401)
