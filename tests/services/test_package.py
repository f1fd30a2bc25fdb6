import pytest

from gatewright.services.errors import FileProblem
from gatewright.services.package import PackageLimits
from gatewright.services.package import parse_package

GOOD = """
name: Orders
version: 1.0.0
url_templates:
  - {template: "GET /orders/{orderId}", service: "orders:get"}
limits: {seconds: 2.5}
allowed_hosts: [api.example.com]
"""


def test_package_is_read_with_defaults() -> None:
    package = parse_package(GOOD, "Orders/package.yaml")
    assert (package.name, package.version, package.description) == ("Orders", "1.0.0", "")
    assert package.url_templates[0].service == "orders:get"
    assert package.limits == PackageLimits(seconds=2.5, steps=None)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("name: Orders\nversion: '1'\ncolour: red\n", 3, 1, "unknown key 'colour'"),
        ("name: Orders\nversion: '1'\nlimits:\n  seconds: 5\n  hours: 1\n", 5, 3, "unknown key 'hours'"),
        ("name: Orders\nversion: 1.0\n", 2, 10, "Expected `str`, got `float`"),
        ("name: Orders\nversion: '1'\nurl_templates:\n  - {template: GET /a, service: 7}\n", 4, 33, "Expected `str`"),
        (
            "name: Orders\nversion: '1'\nurl_templates:\n  - {template: GET /a}\n",
            4,
            5,
            "missing required field `service`",
        ),
        ("version: '1'\n", 1, 1, "missing required field `name`"),
        ("name: Orders\nname: Other\n", 2, 1, "already given in line 1"),
        ("name: [\n", 2, 1, ""),
        ("", 1, 1, "Expected `object`"),
        ("name: ../x\nversion: '1'\n", 1, 7, "matching regex"),
        ("name: Orders\nversion: '1'\nlimits: {seconds: 0}\n", 3, 19, "> 0"),
    ],
)
def test_bad_package_is_refused_with_its_place_and_what_was_expected(text, line, column, words) -> None:
    with pytest.raises(FileProblem) as caught:
        parse_package(text, "Orders/package.yaml")
    problem = caught.value
    assert (problem.file, problem.line, problem.column) == ("Orders/package.yaml", line, column)
    assert words in problem.message
