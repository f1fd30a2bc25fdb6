import re

import pytest

from gatewright.store import activity
from tests.console.conftest import Console
from tests.console.conftest import errors
from tests.console.conftest import summary

GREET = "/console/services/save?name=orders:greet"
FLOW = """\
document: {dsl: '1.0.3', namespace: orders, name: greet, version: '1.0.0'}
do:
  - greet:
      set: {greeting: '${ "Good day, " + .name }'}
"""
WRONG = FLOW.replace('Good day, " +', "Good day, +")


class Editor:
    """A flow's page that somebody has open."""

    def __init__(self, console: Console, page: str) -> None:
        self.console = console
        self.csrf = page.split('name="csrf" value="')[1].split('"')[0]
        self.revision = page.split('name="revision" value="')[1].split('"')[0]

    @classmethod
    async def open(cls, console, name="orders:greet"):
        return cls(console, await console.text(f"/services?name={name}"))

    async def post(self, action, name="orders:greet", scripts=True, **fields):
        data = {"csrf": self.csrf, "revision": self.revision, **fields}
        headers = {"hx-request": "true"} if scripts else {}
        return await self.console.http.post(f"/console/services/{action}?name={name}", data=data, headers=headers)

    async def save(self, source, **options):
        answer = await self.post("save", source=source, **options)
        self.revision = answer.text.split('name="revision" value="')[1].split('"')[0]
        return answer


@pytest.fixture
async def editor(console):
    return await Editor.open(console)


async def greeting(console):
    token = await console.site.access_token()
    return await console.site.call("/invoke/orders/greet?name=Ada", token)


async def test_saved_flow_is_in_force_at_once(console, editor):
    answer = await editor.save(FLOW)
    assert "Saved. In force from the next call on." in answer.text
    assert answer.headers["hx-trigger"] == "gatewright:saved"
    assert (await greeting(console)).json() == {"greeting": "Good day, Ada"}


async def test_flow_can_be_saved_again_and_again(console, editor):
    for name in ("one", "two", "three"):
        assert "Saved." in (await editor.save(FLOW.replace("Good day", name))).text
    assert (await greeting(console)).json() == {"greeting": "three, Ada"}


async def test_broken_flow_is_kept_and_disabled_with_its_message(console, editor):
    answer = await editor.save(WRONG)
    assert "Saved, but the service is disabled until the problems below are mended." in answer.text
    assert 'data-go-line="4"' in answer.text
    assert (await greeting(console)).status_code == 503
    page = await console.text("/services?name=orders:greet")
    assert "Disabled" in page
    assert "Good day" in page
    await editor.save(FLOW)
    assert (await greeting(console)).status_code == 200


@pytest.mark.parametrize("scripts", [True, False])
async def test_second_editor_is_refused_and_keeps_the_text(console, editor, scripts):
    other = await Editor.open(console)
    await editor.save(FLOW)
    answer = await other.post("save", source=FLOW.replace("Good day", "Mine"), scripts=scripts)
    assert "Not saved: the file was changed by somebody else" in answer.text
    if scripts:
        assert 'data-send-to="conflict"' in answer.text
    else:
        assert answer.status_code == 409
        assert "Mine" in answer.text
    assert (await greeting(console)).json() == {"greeting": "Good day, Ada"}


async def test_flow_is_saved_without_scripts(console, editor):
    answer = await editor.post("save", source=FLOW.replace("\n", "\r\n"), scripts=False)
    assert answer.status_code == 200
    assert "Saved. In force from the next call on." in answer.text
    file = console.site.parts.packages_folder / "Shop/services/orders/greet.flow.yaml"
    assert file.read_text() == FLOW


async def test_text_is_checked_without_saving_it(console, editor):
    found = (await editor.post("check", source=WRONG)).json()["problems"]
    assert [(problem["line"], problem["severity"]) for problem in found] == [(4, "error")]
    assert (await editor.post("check", source=FLOW)).json()["problems"] == []


async def test_draft_runs_as_it_stands_and_shows_each_step(console, editor):
    answer = await editor.post("run", source=FLOW, input='{"name": "Ada"}')
    assert answer.text.count('class="trace-step"') == 1
    assert "Good day, Ada" in answer.text
    assert (await greeting(console)).json() == {"greeting": "Hello, Ada"}


async def test_failing_run_says_where(editor):
    answer = await editor.post("run", source=FLOW, input='{"name": 7}')
    assert 'role="alert"' in answer.text
    assert ", failed" in answer.text


@pytest.mark.parametrize(
    ("given", "title"), [("[1]", "The input is not a JSON object"), ("{", "The input is not a JSON object")]
)
async def test_input_that_is_no_object_is_refused(editor, given, title):
    assert title in (await editor.post("run", source=FLOW, input=given)).text


async def test_broken_draft_does_not_run(editor):
    assert "The flow cannot run as it stands" in (await editor.post("run", source=WRONG, input="{}")).text


async def test_python_service_is_shown_and_run_but_not_edited(console):
    editor = Editor(console, await console.text("/services?name=orders:place"))
    assert "Place an order." in (await console.text("/services?name=orders:place"))
    answer = await editor.post("run", name="orders:place", input='{"item": "tea", "amount": 2}', scripts=False)
    assert "&#34;amount&#34;: 2" in answer.text
    refused = await editor.post("save", name="orders:place", source="x = 1")
    assert refused.status_code == 409


async def test_wrong_input_of_a_python_service_is_told(console):
    editor = Editor(console, await console.text("/services?name=orders:place"))
    answer = await editor.post("run", name="orders:place", input='{"amount": "many"}')
    assert 'class="badge is-bad">400' in answer.text


async def test_page_tells_what_opens_the_service_and_who_may_execute_it(console):
    page = await console.text("/services?name=orders:audit")
    for text in ("/invoke/orders/audit", "GET /shop/audit", "scope=orders", "group=staff"):
        assert text in page
    assert "None: no token opens it." in await console.text("/services?name=open:ping")


async def test_service_that_is_not_there_is_not_found(console):
    assert (await console.get("/services?name=no:where")).status_code == 404


async def test_added_flow_is_there_at_once_and_runs(console):
    said = await console.flash(await console.submit("/services/new", package="Shop", name="reports.daily:sum"))
    assert said.startswith("Flow reports.daily:sum made")
    editor = Editor(console, await console.text("/services?name=reports.daily:sum"))
    answer = await editor.post("run", name="reports.daily:sum", input='{"name": "Ada"}')
    assert "Hello, Ada" in answer.text


@pytest.mark.parametrize(
    ("field", "changes", "sentence"),
    [
        ("name", {"name": ""}, "Write folder:service"),
        ("name", {"name": "../../etc:passwd"}, "Write folder:service"),
        ("name", {"name": "orders:get"}, "There is a service orders:get already."),
        ("package", {"package": "../.."}, "Choose a package."),
    ],
)
async def test_refused_flow_says_why_beside_the_field(console, field, changes, sentence):
    answer = await console.submit("/services/new", **{"package": "Shop", "name": "reports:daily", **changes})
    assert answer.status_code == 422
    assert sentence in errors(answer.text)[field]
    assert sentence in summary(answer.text)


async def test_packages_are_a_tree_of_what_they_hold(console):
    page = await console.text("/packages")
    for text in ("Shop", "Version 1.0.0", "/console/services?name=orders%3Aget", "GET /shop/orders/{number}"):
        assert text in page


async def test_what_is_built_in_stands_under_its_own_heading_and_has_a_page(console):
    packages = await console.text("/packages")
    assert "<h2>Built in</h2>" in packages
    assert "<h2></h2>" not in packages
    assert "GET /admin/v1/clients" in await console.text("/services?name=gatewright.admin.clients:list")


async def test_a_new_flow_cannot_go_into_what_is_built_in(console):
    assert (
        'value=""'
        not in re.findall(r'<select id="field-package".*?</select>', await console.text("/services/new"), re.DOTALL)[0]
    )


async def test_service_and_packages_tell_the_calls_of_the_last_day(console):
    counting = console.site.parts.runtime.activity
    for outcome in ("", "", "500"):
        counting.add("service", "orders:greet", outcome, 0.01)
    counting.add("step", "orders:greet /do/0/greet", "", 0.008)
    await console.site.parts.database.write(activity.add, counting.take(), console.site.parts.clock())
    page = re.sub(r"<[^>]+>", "", await console.text("/services?name=orders:greet"))
    assert "3, 1 failed; half within" in page
    assert "Most time in greet" in page
    assert "3 calls, 1 failed" in re.sub(r"<[^>]+>", "", await console.text("/packages"))


async def test_packages_tell_why_a_service_is_disabled(console, editor):
    await editor.save(WRONG)
    assert "greet.flow.yaml:4" in await console.text("/packages")


async def test_document_that_does_not_come_is_told_on_the_page_and_at_home(console, editor):
    task = "{call: openapi, with: {document: {endpoint: 'http://127.0.0.1:9/openapi.json'}, operationId: getItem}}"
    await editor.save(FLOW.partition("do:")[0] + f"do: [{{find: {task}}}]\n")
    keeper = console.site.parts.documents
    keeper.follow(console.site.parts.catalogue)
    await keeper.look()
    for page in (await console.text("/services?name=orders:greet"), await console.text("/")):
        assert "the OpenAPI document http://127.0.0.1:9/openapi.json does not come" in page
