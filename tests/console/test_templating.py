import json
import pathlib
from html.parser import HTMLParser

import jinja2
import pytest

from gatewright.console.templating import ago
from gatewright.console.templating import create_environment
from gatewright.console.templating import duration
from gatewright.console.templating import read_manifest
from gatewright.console.templating import shorten
from tests.console.samples import FRAME
from tests.console.samples import NOW
from tests.console.samples import PAGES

ENVIRONMENT = create_environment({"console.css": "console-ABC.css"})
VOID = {"input", "link", "meta", "img", "hr", "br", "col", "path", "rect"}


class Page(HTMLParser):
    """The elements of a page, and whatever is wrong with its nesting."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.misnested: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, {name: value or "" for name, value in attributes}))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.misnested.append(f"</{tag}> at line {self.getpos()[0]}")


def rendered(name: str) -> str:
    template, context = PAGES[name]
    return ENVIRONMENT.get_template(template).render(context)


# The one page that posts to a client; tests/web/test_form_post.py holds it.
@pytest.fixture(params=[name for name in PAGES if name != "form-post"])
def page(request) -> Page:
    return Page(rendered(request.param))


def test_elements_are_nested_and_closed(page):
    assert (page.misnested, page.open) == ([], [])


def test_page_needs_no_inline_style_or_script(page):
    for tag, attributes in page.elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "script":
            assert "src" in attributes or attributes["type"] == "application/json"


def test_page_refers_to_its_own_origin_alone(page):
    for _, attributes in page.elements:
        for name in ("src", "href", "action"):
            assert attributes.get(name, "/").startswith(("/", "#"))
            assert not attributes.get(name, "/").startswith("//")


def test_posted_forms_carry_the_csrf_token(page):
    inside = False
    waiting = 0
    for tag, attributes in page.elements:
        if tag == "form":
            assert waiting == 0, "a form without csrf"
            inside = attributes.get("method") == "post"
            waiting = 1 if inside else 0
        elif inside and attributes.get("name") == "csrf":
            assert attributes["value"]
            waiting = 0
    assert waiting == 0


def test_ids_are_unique_and_labels_lead_to_fields(page):
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert sorted(ids) == sorted(set(ids))
    fields = {attributes.get("id") for tag, attributes in page.elements if tag in {"input", "textarea", "select"}}
    assert {attributes["for"] for tag, attributes in page.elements if tag == "label" and "for" in attributes} <= fields
    described = " ".join(attributes.get("aria-describedby", "") for _, attributes in page.elements).split()
    assert set(described) <= set(ids)


def test_every_template_has_a_sample():
    names = ENVIRONMENT.list_templates(
        filter_func=lambda name: not name.startswith(("macros/", "layouts/", "partials/"))
    )
    assert {template for template, _ in PAGES.values()} == set(names)


def test_name_missing_from_the_context_is_refused():
    with pytest.raises(jinja2.UndefinedError, match="results"):
        ENVIRONMENT.get_template("search.html").render(frame=FRAME, q="a")


def test_text_from_people_is_escaped():
    text = ENVIRONMENT.get_template("search.html").render(frame=FRAME, q="<script>alert(1)</script>", results=[])
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text


def test_refused_fields_say_so_beside_them_and_in_the_summary():
    page = Page(rendered("client-new"))
    invalid = [attributes["id"] for _, attributes in page.elements if attributes.get("aria-invalid") == "true"]
    assert invalid == ["field-name", "field-redirect_uris", "field-allowed_grants", "field-access_token_lifetime"]
    links = {attributes.get("href") for tag, attributes in page.elements if tag == "a"}
    assert {f"#{field}" for field in invalid} <= links


def test_consent_ticks_every_scope_and_not_remember():
    boxes = [
        a
        for tag, a in Page(rendered("consent")).elements
        if tag == "input" and a.get("type") == "checkbox" and "name" in a
    ]
    assert [(a["name"], "checked" in a) for a in boxes] == [*[("scope", True)] * 3, ("remember", False)]


def test_asset_is_addressed_by_the_manifest():
    assert '<link rel="stylesheet" href="/console/static/built/console-ABC.css">' in rendered("home")


def test_manifest_is_read_when_built_and_empty_before(tmp_path: pathlib.Path):
    assert read_manifest(tmp_path) == {}
    (tmp_path / "manifest.json").write_text(json.dumps({"console.js": "console-1.js"}))
    assert read_manifest(tmp_path) == {"console.js": "console-1.js"}


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (NOW, "just now"),
        (NOW - 30, "30 seconds ago"),
        (NOW - 90, "2 minutes ago"),
        (NOW - 3_600, "60 minutes ago"),
        (NOW + 7_200, "in 2 hours"),
        (NOW - 86_400 * 3, "3 days ago"),
        (NOW + 86_400 * 365 * 2, "in 2 years"),
    ],
)
def test_time_is_told_relative_to_now(moment, words):
    assert f">{words}</time>" in ago(moment, NOW)


def test_time_carries_the_exact_utc_moment():
    assert ago(1_770_000_000, NOW).startswith('<time datetime="2026-02-02T02:40:00Z" title="2026-02-02 02:40:00 UTC">')


def test_no_moment_is_never():
    assert ">never<" in ago(None, NOW)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 seconds"), (1, "1 second"), (3_600, "1 hour"), (5_400, "1 hour 30 minutes"), (90_061, "1 day 1 hour 1 minute 1 second"), ("never", "never")],
)  # fmt: skip
def test_duration_is_told_in_words(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("identifier", "short"),
    [("short", "short"), ("123456789012345", "123456789012345"), ("5f3a91c07be24d06a1c7d2f0b6e89c21", "5f3a91…e89c21")],
)
def test_identifier_loses_its_middle_only_when_long(identifier, short):
    assert shorten(identifier) == short
