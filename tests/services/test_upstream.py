import json
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.errors import FileProblem
from gatewright.services.errors import ServiceError
from gatewright.services.upstream import Upstream
from gatewright.services.upstream import parse_upstream
from gatewright.services.upstream_path import PathMapping

BASE = "base_url: https://erp.example.com/api\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("title: x", 1, "base_url"),
        ("base_url: ftp://x", 1, "http or https"),
        ("base_url: https://", 1, "http or https"),
        ("base_url: https://u:p@x.example", 1, "credentials"),
        ("base_url: https://x.example/?a=1", 1, "no query"),
        ("base_url: https://x.example/a/../b", 1, "plain segments"),
        ("base_url: https://x.example:99999", 1, "cannot be read"),
        (BASE + "operations:\n  get:\n    method: BREW\n    path: /x", 3, "Invalid enum value"),
        (BASE + "operations:\n  get:\n    method: GET\n    path: x", 5, "begins with a slash"),
        (BASE + "operations:\n  get:\n    method: GET\n    path: /a/../b", 5, "neither plain"),
        (BASE + "operations:\n  get:\n    method: GET\n    path: '/{a}/{a}'", 5, "twice"),
        (BASE + "operations:\n  get:\n    method: GET\n    path: '/{+a}/b'", 5, "at the end"),
        (BASE + "operations:\n  'a b': {method: GET, path: /}", 3, "service's name"),
        (BASE + "headers:\n  send:\n    - Accept\n    - Cookie", 5, "never passes"),
        (BASE + "headers:\n  send:\n    - X-Forwarded-For", 4, "never passes"),
        (BASE + "headers:\n  receive:\n    - Set-Cookie", 4, "never passes"),
        (BASE + "headers:\n  set:\n    Host: x", 4, "never passes"),
        (BASE + 'headers:\n  set:\n    X-A: "a\\r\\nX-B: b"', 4, "one line"),
        (BASE + "headers: {send: [X-Who]}\ncaller: {header: X-Who}", 2, "never passes"),
        (BASE + "caller:\n  header: Cookie", 3, "no other header"),
        (BASE + "retries: {most: 6}", 2, "<= 5"),
        (BASE + "tiems: {}", 2, "unknown key 'tiems'"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_with_its_place(text: str, line: int, words: str) -> None:
    with pytest.raises(FileProblem, match=words) as caught:
        parse_upstream(text, "Erp/services/orders/erp.upstream.yaml")
    assert caught.value.line == line


def test_audience_is_the_origin_unless_named() -> None:
    assert parse_upstream(BASE, "f").audience == "https://erp.example.com"
    assert parse_upstream(BASE + "caller: {audience: erp}", "f").audience == "erp"


def test_defaults_bound_everything() -> None:
    upstream = Upstream(base_url="https://x.example")
    assert upstream.time.total < 3600
    assert upstream.connections.most + upstream.connections.waiting < 1000
    assert upstream.limits.response <= 1 << 30


@pytest.mark.parametrize(
    ("path", "values", "expected"),
    [
        ("/orders/{id}", {"id": "a b/ü".replace("/", "-")}, "/orders/a%20b-%C3%BC"),
        ("/orders/{id}", {"id": 7}, "/orders/7"),
        ("/orders/{id}/", {"id": "?#&"}, "/orders/%3F%23%26/"),
        ("/files/{+path}", {"path": "a b/c"}, "/files/a%20b/c"),
        ("/a%20b/x:y", {}, "/a%20b/x:y"),
    ],
)
def test_path_is_filled_in_encoded(path: str, values: dict[str, object], expected: str) -> None:
    assert PathMapping(path).filled(values) == expected


@pytest.mark.parametrize(
    "value", ["", ".", "..", "a/b", "a\\b", "..;a", "%2e%2e", "a\r\nb", "a\0", "\ud800", "x" * 3000, None, True, [], {}]
)
def test_value_that_might_lead_elsewhere_is_refused(value: object) -> None:
    with pytest.raises(ServiceError) as caught:
        PathMapping("/orders/{id}").filled({"id": value})
    assert caught.value.status == 400


@pytest.mark.parametrize("value", ["a/../b", "a//b", "/a", "a/", "a/%2e%2e/b", "a/..;/b"])
def test_rest_that_might_lead_elsewhere_is_refused(value: str) -> None:
    with pytest.raises(ServiceError):
        PathMapping("/files/{+path}").filled({"path": value})


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.text(max_size=12)
    | st.sampled_from(["all", "header", "GET"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
ODD_ADDRESSES = st.text(max_size=20) | st.sampled_from(
    ["http://[::1", "http://a:b", "http://[::1]:80/", "//x", "http://a\\b"]
)


@given(st.dictionaries(st.sampled_from(Upstream.__struct_fields__), VALUES, max_size=4), ODD_ADDRESSES)
def test_any_document_is_an_upstream_or_a_problem_with_its_place(document: dict[str, object], address: str) -> None:
    problem = problem_of(json.dumps({"base_url": address, **document}))
    assert problem is None or (problem.line, bool(problem.message)) == (1, True)


def problem_of(text: str) -> FileProblem | None:
    try:
        parse_upstream(text, "file")
    except FileProblem as problem:
        return problem
    return None


@given(st.text(max_size=30), st.dictionaries(st.sampled_from(["a", "b"]), VALUES))
def test_any_path_stays_below_its_beginning(text: str, values: dict[str, object]) -> None:
    try:
        filled = PathMapping(f"/base/{text}").filled(values)
    except (ValueError, ServiceError):
        return
    assert filled.startswith("/base/")
    assert not {".", ".."} & set(unquote(filled).split("/"))
    assert filled.isascii()
    assert filled.isprintable()
