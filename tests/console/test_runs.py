"""Runs in the console: for whom, with which input, stopped before a step and gone on with, and failed ones again."""

import html
import re

import pytest

from gatewright.store import failing_runs
from gatewright.store.failing_runs import FailingRun
from tests.console.test_services import FLOW
from tests.console.test_services import Editor
from tests.running.site import NOW

WHO = """\
document: {dsl: '1.0.3', namespace: orders, name: greet, version: '1.0.0'}
do:
  - tell:
      set: {kind: '${ $authorization.kind }', subject: '${ $authorization.subject }', scopes: '${ $authorization.scopes }'}
"""
TWO = """\
document: {dsl: '1.0.3', namespace: orders, name: greet, version: '1.0.0'}
do:
  - first: {set: {n: '${ .n + 1 }'}, export: {as: '${ {was: .n} }'}}
  - second: {set: {n: '${ .n * 10 }', was: '${ $context.was }'}}
  - third: {set: '${ . }'}
"""
SECOND = "/do/1/second"


@pytest.fixture
async def editor(console):
    return await Editor.open(console)


def text_of(answer):
    """A page's text, references resolved, tags removed."""
    return html.unescape(re.sub(r"<[^>]+>", "", answer.text))


def session_of(answer):
    return re.findall(r'name="session" form="run-form" value="([^"]+)"', answer.text)[0]


async def stop(editor, **more):
    return await editor.post("run", source=TWO, input='{"n": 1}', stops=SECOND, **more)


async def go(editor, answer, go="on", **fields):
    return await editor.post("run", source=TWO, go=go, session=session_of(answer), **fields)


async def test_run_for_a_client_meets_that_client_and_its_scopes(editor):
    fields = {"as": "client", "as_name": "rival", "as_scopes": "orders"}
    answer = text_of(await editor.post("run", source=WHO, input="{}", **fields))
    assert '"subject": "rival"' in answer
    assert '"orders"' in answer
    assert "would be refused" not in answer


async def test_run_for_a_user_is_in_the_audit_log(console, editor):
    fields = {"as": "user", "as_name": "ada", "as_scopes": "orders"}
    answer = text_of(await editor.post("run", source=WHO, input="{}", **fields))
    assert '"kind": "user"' in answer
    rows = await console.site.parts.database.read(
        lambda transaction: transaction.rows("SELECT action, target, after FROM audit")
    )
    assert ("service.run", "orders:greet", '{"as":"ada"}') in [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"as": "client", "as_name": "rival", "as_scopes": ""}, "A token with these scopes would be refused: it needs one of"),
        ({"as": "nobody"}, "A request without a token would be refused: 401."),
        ({"as": "client", "as_name": "nobody-here"}, "There is no client with the ID 'nobody-here'."),
        ({"as": "user", "as_name": "nobody-here"}, "There is no user 'nobody-here'."),
    ],
)  # fmt: skip
async def test_caller_that_would_not_come_that_far_is_told(editor, fields, sentence):
    assert sentence in text_of(await editor.post("run", source=WHO, input="{}", **fields))


async def test_caller_whom_the_list_does_not_name_is_told(console):
    editor = await Editor.open(console, "orders:audit")
    fields = {"as": "client", "as_name": "rival", "as_scopes": "orders"}
    answer = text_of(await editor.post("run", name="orders:audit", input="{}", **fields))
    assert "The access control list would refuse this caller: it names staff." in answer


async def test_run_stops_before_a_step_and_goes_on_with_other_data(editor):
    answer = await stop(editor)
    assert "Stopped before second" in text_of(answer)
    assert '"was": 2' in text_of(answer)
    assert "flow-mark is-paused" in answer.text
    answer = await go(editor, answer, data='{"n": 7}')
    assert '"n": 70' in text_of(answer)
    assert '"was": 2' in text_of(answer)
    assert answer.text.count('class="trace-step"') == 3


async def test_run_that_stops_is_counted_as_no_failure(console, editor):
    await go(editor, await stop(editor))
    counted = console.site.parts.runtime.activity.take()
    assert {each.outcome for each in counted if each.kind == "service" and each.name == "orders:greet"} == {""}


async def test_run_goes_on_by_one_step_and_with_another_context(editor):
    answer = await go(editor, await stop(editor), go="step", context='{"was": "mine"}')
    assert "Stopped before third" in text_of(answer)
    assert '"was": "mine"' in text_of(await go(editor, answer))


async def test_stopped_run_goes_on_without_scripts_too(editor):
    answer = await stop(editor, scripts=False)
    answer = await go(editor, answer, scripts=False)
    assert '"n": 20' in text_of(answer)


async def test_changed_flow_cannot_go_on(editor):
    answer = await stop(editor)
    answer = await editor.post("run", source=TWO + "# changed\n", go="on", session=session_of(answer))
    assert "The flow was changed since it stopped. Run it from the start." in text_of(answer)


@pytest.mark.parametrize("session", ["AAAA", "not base 64", "A" * 5000])
async def test_session_that_is_not_ours_cannot_go_on(editor, session):
    answer = await editor.post("run", source=TWO, go="on", session=session)
    assert "The run cannot go on" in text_of(answer)


async def test_session_of_another_service_cannot_go_on(console, editor):
    session = session_of(await stop(editor))
    other = await Editor.open(console, "orders:get")
    answer = await other.post("run", name="orders:get", source=TWO, go="on", session=session)
    assert "The run cannot go on" in text_of(answer)


async def test_data_that_are_no_json_are_refused(editor):
    assert "The data to go on with are no JSON" in text_of(await go(editor, await stop(editor), data="{"))


async def test_what_was_done_is_too_much_to_keep(editor):
    flow = TWO.replace("  - first: {set: {n: '${ .n + 1 }'}", "  - first: {set: {n: '${ \"x\" * 2000000 }'}")
    answer = await editor.post("run", source=flow, input="{}", stops=SECOND)
    assert "it cannot be kept to go on with" in text_of(answer)
    assert 'name="session"' not in answer.text


async def test_input_is_kept_as_an_example_and_let_go(console, editor):
    await editor.post("example", input='{"name": "Ada"}', example="Usual", scripts=False)
    page = await console.text("/services?name=orders:greet&example=Usual")
    assert html.escape('{"name": "Ada"}', quote=True).replace("&quot;", "&#34;") in page
    answer = await editor.post("example", remove="Usual")
    assert "Usual" not in answer.text
    assert (await editor.post("example", remove="Usual", scripts=False)).status_code == 404


async def test_example_without_a_name_is_refused(editor):
    assert (await editor.post("example", input="{}", example=" ", scripts=False)).status_code == 422


def failed(**members):
    record = {
        "pointer": "/do/0/greet", "name": "greet", "kind": "set", "started": 0.0, "iteration": [], "input": {"name": "Ada"},
        "seconds": 0.001, "output": None, "context": None, "error": {"title": "Broken", "detail": "here"}, "then": None,
    }  # fmt: skip
    given = {
        "id": "0199-a", "at": NOW, "service": "orders:greet", "request": "r", "client_id": "service", "subject": "service",
        "status": 502, "title": "Bad gateway", "detail": "nobody answered", "seconds": 0.2, "input": {"name": "Ada"}, "steps": [record],
    }  # fmt: skip
    return FailingRun(**given | members)


async def test_failed_run_is_shown_on_the_diagram_and_runs_again(console, editor):
    await console.site.parts.database.write(failing_runs.add, [failed()])
    assert "502 Bad gateway" in await console.text("/services?name=orders:greet")
    page = await console.text("/services?name=orders:greet&run=0199-a")
    assert "nobody answered" in page
    assert "flow-mark is-failed" in page
    given = html.unescape(re.findall(r'name="input".*?>\n(.*?)</textarea>', page, re.DOTALL)[0])
    assert "Hello, Ada" in (await editor.post("run", source=FLOW.replace("Good day", "Hello"), input=given)).text


async def test_failed_run_of_another_service_is_not_shown(console):
    await console.site.parts.database.write(failing_runs.add, [failed(service="orders:get")])
    assert (await console.get("/services?name=orders:greet&run=0199-a")).status_code == 404
