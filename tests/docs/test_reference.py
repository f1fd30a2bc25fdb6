"""The manual keeps up with the code."""

import pathlib
import re
import subprocess
import sys

from gatewright.oauth import errors

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_settings_reference_is_what_the_code_says():
    answer = subprocess.run([sys.executable, "tools/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_builtins_reference_is_what_the_code_says():
    answer = subprocess.run([sys.executable, "tools/builtins.py", "--check"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr


def test_every_oauth_error_code_has_its_heading_in_the_errors_reference():
    headings = set(re.findall(r"^### `(\w+)`", (ROOT / "docs/errors.md").read_text(), re.MULTILINE))
    codes = {
        value.code
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.OAuthError)
    }
    assert codes <= headings


def test_every_page_that_a_document_links_to_exists():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())]
    assert [f"{page.name}: {link}" for page, link in links if not (page.parent / link).exists()] == []


def test_every_test_that_the_list_of_attacks_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/attacks.md").read_text()))
    files = list((ROOT / "tests").rglob("test_*.py"))
    present = {path.stem for path in files}
    for path in files:
        present |= set(re.findall(r"def (test_\w+)", path.read_text()))
    assert sorted(named - present) == []
    assert len(named) > 100
