"""Where services are named in files, and other names there."""

import pytest

from gatewright.kernel import yaml
from gatewright.services.catalogue import Catalogue
from gatewright.services.loader import Loader
from gatewright.services.references import references
from gatewright.services.references import renamed
from gatewright.services.references import without_templates

MANIFEST = """\
name: Shop
version: 1.0.0
url_templates:
  # Orders.
  - {template: "GET /orders", service: "orders:get"}
  - template: "GET /old/orders"  # of long ago
    service: orders/get

  - {template: "GET /others", service: "orders:other"}
"""
FLOW = """\
document: {dsl: '1.0.3', namespace: orders, name: all, version: '1.0.0'}
use:
  functions:
    up: {call: "orders:get"}
do:
- one: {call: orders:get, with: {call: orders:get}}  # orders:get
- orders:get: {set: {name: 'orders:get'}}
- two: {fork: {branches: [{a: {call: 'orders:get'}}, {b: {run: {workflow: {namespace: orders, name: get, version: '1.0.0'}}}}]}}
"""


@pytest.fixture
def packages(tmp_path):
    folder = tmp_path / "Shop/services/orders"
    folder.mkdir(parents=True)
    (tmp_path / "Shop/package.yaml").write_text(MANIFEST)
    (folder / "all.flow.yaml").write_text(FLOW)
    (folder / "broken.flow.yaml").write_text("orders:get: [get")
    return tmp_path


@pytest.fixture
def catalogue(packages):
    return Loader(packages).load()


def of(found, kind):
    return [(each.line, each.what, each.part) for each in found if each.kind == kind]


def test_calls_and_workflows_are_found_wherever_they_are(packages, catalogue):
    found = references(packages, catalogue, "orders:get")
    assert of(found, "flow") == [
        (4, "up", "whole"),
        (6, "one", "whole"),
        (8, "a", "whole"),
        (8, "b", "folder"),
        (8, "b", "name"),
    ]
    assert of(found, "template") == [(5, "GET /orders", "whole"), (7, "GET /old/orders", "whole")]


def test_another_name_is_written_where_the_old_one_was_called(packages, catalogue):
    found = [
        each for each in references(packages, catalogue, "orders:get") if each.kind == "flow" and each.what != "with"
    ]
    text = renamed(FLOW, found, "orders:get", "store.front:fetch")
    assert text == FLOW.replace('call: "orders:get"', 'call: "store.front:fetch"').replace(
        "one: {call: orders:get,", "one: {call: store.front:fetch,"
    ).replace("{call: 'orders:get'}", "{call: 'store.front:fetch'}").replace(
        "namespace: orders, name: get,", "namespace: store.front, name: fetch,"
    )


def test_templates_of_a_service_go_with_their_lines(packages):
    left = without_templates(MANIFEST, "orders:get")
    assert [each["template"] for each in yaml.load(left).value["url_templates"]] == ["GET /others"]
    assert "# Orders." in left


def test_manifest_without_templates_left_can_be_read(packages):
    left = without_templates(without_templates(MANIFEST, "orders:get"), "orders:other")
    assert yaml.load(left).value["url_templates"] == []


def test_service_that_nothing_names_has_none(packages):
    assert references(packages, Catalogue(), "orders:nobody") == []
