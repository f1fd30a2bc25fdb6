"""The flow editor: diagram and source are one document, walked and changed by keyboard alone."""

import re

import pytest
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import expect

PLAN = "/console/services?name=routes:plan"


def card(page: Page, name: str) -> Locator:
    return page.locator(".flow-card").filter(has=page.locator(".flow-name", has_text=re.compile(rf": {name}$")))


def open_plan(page: Page) -> None:
    """The example's flow, when its diagram has become an editor."""
    page.goto(PLAN)
    expect(page.locator("#diagram.is-live")).to_be_visible()


def source(page: Page) -> str:
    return page.locator("#source").input_value()


def choose(page: Page, kind: str) -> None:
    page.get_by_role("dialog", name="Add a step").get_by_role("button", name=kind).click()


@pytest.fixture
def flow(page: Page, request: pytest.FixtureRequest) -> Page:
    """The editor with a new flow of this test's own."""
    name = re.sub(r"\W", "_", request.node.name)
    page.goto("/console/services/new")
    page.get_by_label("Name").fill(f"editing:{name}")
    page.get_by_role("button", name="Create").click()
    expect(page.locator("#diagram.is-live")).to_be_visible()
    return page


def test_arrows_walk_the_cards_into_frames_and_branches(page: Page) -> None:
    open_plan(page)
    card(page, "lookUp").focus()
    for key, name in [
        ("ArrowRight", "origin"), ("ArrowDown", "destination"), ("ArrowLeft", "lookUp"), ("End", "answer"),
        ("ArrowUp", "longHaul"), ("ArrowLeft", "mediumHaul"), ("ArrowRight", "longHaul"), ("Home", "lookUp"),
    ]:  # fmt: skip
        page.keyboard.press(key)
        expect(card(page, name)).to_be_focused()


def test_step_is_added_edited_moved_and_removed_by_keyboard(flow: Page) -> None:
    page = flow
    before = source(page)
    card(page, "greet").focus()
    page.keyboard.press("a")
    page.keyboard.press("r")  # Raise
    page.keyboard.press("Enter")
    expect(card(page, "raise")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type("refuse")
    page.keyboard.press("Enter")
    expect(card(page, "refuse")).to_be_visible()
    page.keyboard.press("Escape")
    expect(card(page, "refuse")).to_be_focused()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator(".flow-name").first).to_have_text(re.compile("refuse"))
    assert source(page).index("- refuse:") < source(page).index("- greet:")
    page.keyboard.press("Delete")
    expect(card(page, "refuse")).to_have_count(0)
    expect(card(page, "greet")).to_be_focused()
    assert source(page) == before
    for _ in range(4):
        page.keyboard.press("Control+z")
    expect(card(page, "refuse")).to_have_count(0)
    page.keyboard.press("Control+Shift+z")
    expect(card(page, "raise")).to_be_visible()


def test_form_changes_its_part_of_the_source_and_keeps_comments(page: Page) -> None:
    open_plan(page)
    before = source(page)
    card(page, "measure").click()
    page.get_by_label("Output as").fill("${ $input + {far: .} }")
    page.keyboard.press("Tab")
    page.wait_for_function("document.querySelector('#source').value.includes('far: .')")
    assert source(page) == before.replace("{as: '${ $input + {distance: .} }'}", "{as: '${ $input + {far: .} }'}")


def test_source_typed_is_drawn_and_its_problem_marked(flow: Page) -> None:
    page = flow
    page.locator("#source-form .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  - send:\n    call: nobody:here")
    expect(card(page, "send")).to_have_class(re.compile("has-error"))
    expect(page.locator(".cm-lintRange-error").first).to_be_visible()
    expect(card(page, "greet")).not_to_have_class(re.compile("has-error"))


def test_text_that_cannot_be_read_is_told_and_comes_back(flow: Page) -> None:
    page = flow
    page.locator("#source-form .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("[")
    expect(page.get_by_text("The source cannot be read as it stands.")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(card(page, "greet")).to_be_visible()


def test_run_marks_cards_with_time_and_branch(page: Page) -> None:
    open_plan(page)
    page.locator("#source-form .cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(card(page, "origin").locator(".flow-mark")).to_contain_text("ms")
    expect(page.locator(".flow-branch.is-taken .flow-case")).to_contain_text("long")
    expect(card(page, "shortHaul")).to_have_class(re.compile("is-untaken"))
    card(page, "measure").click()
    expect(page.locator("#step-run")).to_contain_text("kilometres")
    expect(page.locator("#step-run ins").first).to_contain_text("distance")


def test_step_is_added_between_two_by_mouse(page: Page) -> None:
    open_plan(page)
    page.get_by_role("button", name="Add a step after origin").click(force=True)
    choose(page, "Set")
    expect(card(page, "set")).to_be_visible()
    assert re.search(r"- origin:.*- set:\n +set:\n +name: value\n +- destination:", source(page), re.DOTALL)


def test_views_show_diagram_or_source_alone(page: Page) -> None:
    open_plan(page)
    page.get_by_role("button", name="Diagram", exact=True).click()
    expect(page.locator("#source-form .cm-content")).to_be_hidden()
    expect(card(page, "answer")).to_be_visible()
    page.get_by_role("button", name="Both").click()
    expect(page.locator("#source-form .cm-content")).to_be_visible()


def test_run_stops_where_b_says_and_goes_on_with_changed_data(flow: Page) -> None:
    page = flow
    card(page, "greet").focus()
    page.keyboard.press("b")
    expect(card(page, "greet")).to_have_class(re.compile("is-stop"))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#stopped")).to_contain_text("Stopped before greet")
    expect(card(page, "greet").locator(".flow-mark")).to_contain_text("paused here")
    page.get_by_role("textbox", name="Data").fill('{"name": "Grace"}')
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#output")).to_contain_text("Hello, Grace")
    expect(card(page, "greet").locator(".flow-mark")).to_contain_text("ms")


def test_example_is_kept_and_put_back(flow: Page) -> None:
    page = flow
    page.get_by_text("Keep this input").click()
    page.get_by_label("Name of the example").fill("Usual")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.locator("#run-form .cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.get_by_role("link", name="Usual").click()
    expect(page.locator("#input")).to_have_value(re.compile("Ada"))
    page.get_by_role("button", name="Remove the example Usual").click()
    expect(page.get_by_role("link", name="Usual")).to_have_count(0)


def test_variables_connections_and_steps_are_completed(flow: Page) -> None:
    page = flow
    page.locator("#source-form .cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  - next:\n    if: $auth")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("$authorization")
    page.keyboard.press("Escape")
    page.keyboard.type("\nthen: gr")
    expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("greet")


def test_resting_on_a_word_explains_it(page: Page) -> None:
    open_plan(page)
    page.locator("#source-form .cm-line", has_text="call: airports:get").first.locator(
        "span", has_text="airports:get"
    ).hover()
    expect(page.locator(".hover-help")).to_contain_text("get(iata: string)")
    page.locator("#source-form .cm-line", has_text="catch:").locator("span", has_text="catch").first.hover()
    expect(page.locator(".hover-help")).to_contain_text("Which errors of the tried steps are mended")


def test_cases_of_a_switch_are_edited_in_rows(flow: Page) -> None:
    page = flow
    card(page, "greet").focus()
    page.keyboard.press("a")
    choose(page, "Switch")
    first = page.get_by_role("group", name="Case first")
    first.get_by_label("When").fill('.greeting == "Hello, you"')
    first.get_by_label("When").blur()
    page.wait_for_function("document.querySelector('#source').value.includes('Hello, you')")
    page.get_by_role("group", name="Case first").get_by_label("Then").select_option("greet")
    page.wait_for_function("document.querySelector('#source').value.includes('then: greet')")
    page.get_by_role("button", name="Add a case").click()
    page.get_by_role("group", name="Case case").get_by_role("textbox", name="Case").fill("third")
    page.keyboard.press("Tab")
    expect(page.get_by_role("group", name="Case third")).to_be_visible()
    page.get_by_role("button", name="Remove the case otherwise").click()
    expect(page.get_by_role("group", name="Case otherwise")).to_have_count(0)
    assert re.search(r"- first:\n +when: '\.greeting == \"Hello, you\"'\n +then: greet\n +- third:", source(page))
