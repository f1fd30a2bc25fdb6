"""Every form, filled in wrongly and then rightly, and every question, asked of nothing and then answered."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator
from playwright.sync_api import Page
from playwright.sync_api import expect

from tests.console.browser.conftest import Lived
from tests.console.browser.forms import FORMS
from tests.console.browser.forms import QUESTIONS
from tests.console.browser.forms import Form
from tests.console.browser.forms import Question

EXAMPLES = Path(__file__).parents[3] / "examples"
PAGE = "main, .auth"


def field(page: Page, name: str) -> Locator:
    """The field of that name, or the first of its boxes."""
    return page.locator(PAGE).locator(f"[name='{name}']:not([type=hidden])").first


def fill(page: Page, values: dict[str, str], names: dict[str, str]) -> None:
    for name, value in values.items():
        found, text = field(page, name), value.format(**names)
        kind = found.evaluate("each => each.type")
        if kind in ("radio", "checkbox"):
            page.locator(f"[name='{name}'][value='{text}']").check()
        elif kind == "select-one":
            found.select_option(text)
        elif kind == "file":
            found.set_input_files({"name": f"{text}.zip", "mimeType": "application/zip", "buffer": zipped(text)})
        else:
            found.fill(text)


def zipped(package: str) -> bytes:
    """An example package as one uploads it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for path in sorted((EXAMPLES / package).rglob("*")):
            archive.write(path, path.relative_to(EXAMPLES))
    return content.getvalue()


def press(page: Page, button: str) -> None:
    """Press a button of the page, once its scripts have run."""
    page.wait_for_load_state()
    page.locator(PAGE).get_by_role("button", name=button).first.click()


def unanswered(page: Page) -> list[str]:
    """The links of the page itself that lead nowhere."""
    addresses = page.locator(PAGE).get_by_role("link").evaluate_all("links => links.map(link => link.href)")
    assert addresses
    return [address for address in addresses if not page.request.get(address).ok]


def expect_told(page: Page, name: str, sentence: str) -> None:
    """The sentence stands beside the field, as its description, which a screen reader reads with it."""
    if not name:
        expect(page.get_by_role("alert").first).to_contain_text(sentence)
        return
    wrong = page.locator(f"[name='{name}'][aria-invalid=true], #field-{name}[aria-invalid=true]").first
    expect(wrong).to_have_accessible_description(re.compile(re.escape(sentence)))


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.address)
def test_form_tells_what_is_wrong_beside_it_and_takes_what_is_right(lived: Lived, lived_page: Page, form: Form) -> None:
    page = lived_page
    page.goto(form.address.format(**lived.names))
    fill(page, form.bad, lived.names)
    press(page, form.button)
    for name, sentence in form.told.items():
        expect_told(page, name, sentence)
    fill(page, form.good, lived.names)
    press(page, form.button)
    if form.asked:
        press(page, form.asked)
    expect(page.locator(PAGE).first).to_contain_text(form.says)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.address)
def test_question_is_asked_of_what_there_is_and_done_when_answered(
    lived: Lived, lived_page: Page, question: Question
) -> None:
    page = lived_page
    if question.nothing:
        address, told = question.nothing
        page.goto(address)
        expect(page.locator(PAGE).first).to_contain_text(told)
        assert unanswered(page) == []
    page.goto(question.address.format(**lived.names))
    press(page, question.button)
    expect(page.locator(PAGE).first).to_contain_text(question.says)
