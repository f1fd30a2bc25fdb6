"""A service's tests in the console: shown, run, and made of a run."""

import html
import re

import pytest

from gatewright.kernel import yaml
from tests.console.test_services import FLOW
from tests.console.test_services import Editor

CASES = """\
# What greetings are for.
- name: a greeting
  input: {name: Ada}
  expect: {output: {greeting: "Hello, Ada"}}
- name: a wrong one
  input: {name: Bob}
  expect: {output: {greeting: "Hello, Ada"}}
- name: of another service
  service: orders:get
  input: {number: "7"}
"""
PAGE = "/services/tests?name=orders:greet"


@pytest.fixture
def file(console):
    return console.site.parts.packages_folder / "Shop/services/orders/greet.test.yaml"


def rows(page):
    found = re.findall(r'<tr>\s*<td class="is-name">(.*?)</tr>', page, re.DOTALL)
    return [html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row))).strip() for row in found]


async def run(console):
    return (await console.submit(PAGE)).text


async def test_cases_are_shown_and_run(console, file):
    file.write_text(CASES)
    assert [row.split(" Shop/")[0] for row in rows(await console.text(PAGE))] == ["a greeting", "a wrong one"]
    page = await run(console)
    assert "1 of 2 passed." in page
    good, bad = rows(page)
    assert "Passed" in good
    assert 'expected "Hello, Ada", got "Hello, Bob"' in bad


async def test_file_that_cannot_be_read_is_told(console, file):
    file.write_text("- nmae: x\n")
    assert "unknown key" in html.unescape(await console.text(PAGE))


async def test_service_without_tests_says_how_to_begin(console):
    assert "make a test of the run" in await console.text(PAGE)


async def test_run_becomes_a_test_that_passes(console, file):
    file.write_text(CASES)
    editor = await Editor.open(console)
    answer = await editor.post("run", input='{"name": "Eve"}')
    output = html.unescape(re.findall(r'name="output".*?>\n(.*?)</textarea>', answer.text, re.DOTALL)[0])
    made = await editor.post("tests/add", case="Eve is greeted", input='{"name": "Eve"}', output=output, scripts=False)
    assert made.status_code == 303
    assert file.read_text().startswith(CASES.rstrip())
    added = yaml.load(file.read_text()).value[-1]
    expect = {"output": {"greeting": "Hello, Eve"}}
    assert added == {"name": "Eve is greeted", "service": "orders:greet", "input": {"name": "Eve"}, "expect": expect}
    assert "2 of 3 passed." in await run(console)


async def test_first_test_makes_the_file(console, file):
    editor = await Editor.open(console)
    await editor.post("tests/add", case="first", input="{}", output="{}", source=FLOW, scripts=False)
    assert len(yaml.load(file.read_text()).value) == 1


@pytest.mark.parametrize(
    "fields",
    [{"case": ""}, {"case": "a greeting"}, {"case": "x", "output": "{"}, {"case": "x" * 500}],
)
async def test_test_that_cannot_be_is_refused(console, file, fields):
    file.write_text(CASES)
    editor = await Editor.open(console)
    answer = await editor.post("tests/add", **{"input": "{}", "output": "{}", "scripts": False, **fields})
    assert answer.status_code == 422
    assert file.read_text() == CASES
