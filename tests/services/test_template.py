from urllib.parse import quote
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services.path import RESERVED
from gatewright.services.template import Templates
from gatewright.services.template import parse_template


def routes(*texts: str) -> Templates:
    return Templates(parse_template(text) for text in texts)


def where(templates: Templates, method: str, raw: bytes) -> tuple[str, dict[str, str]] | None:
    found = templates.match(method, raw)
    return None if found is None else (found.template.text, found.variables)


ORDERS = routes(
    "GET /orders/{orderId}", "GET /orders/latest", "DELETE /orders/{orderId}", "GET /orders/{orderId}/lines/{line}"
)


def test_both_spellings_of_a_template_are_one() -> None:
    assert parse_template("GET_orders/{id}").text == parse_template("get  /orders/{id}").text == "GET /orders/{id}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("orders", "METHOD /path"),
        ("GET orders", "METHOD /path"),
        ("BREW /coffee", "not a method"),
        ("HEAD /orders", "not a method"),
        ("GET /", "empty"),
        ("GET /orders/", "empty"),
        ("GET //orders", "empty"),
        ("GET /orders/../x", "dotted"),
        ("GET /orders/{id}.json", "one whole"),
        ("GET /orders/{id", "one whole"),
        ("GET /orders/{a}{b}", "one whole"),
        ("GET /orders/%41", "one whole"),
        ("GET /a/{x}/b/{x}", "twice"),
        ("GET" + " /a" * 1 + "/a" * 40, "more than 32"),
    ],
)
def test_bad_template_is_refused_with_what_to_change(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_template(text)


@pytest.mark.parametrize("first", sorted(RESERVED))
def test_reserved_beginning_is_refused_in_any_case(first: str) -> None:
    for written in (first, first.upper()):
        with pytest.raises(ValueError, match="belongs to the server"):
            parse_template(f"GET /{written}/x")


def test_reserved_path_reaches_no_template_that_begins_with_a_variable() -> None:
    tenants = routes("GET /{tenant}/orders", "POST /{tenant}/token")
    assert where(tenants, "GET", b"/acme/orders") == ("GET /{tenant}/orders", {"tenant": "acme"})
    assert where(tenants, "POST", b"/oauth/token") is None
    assert where(tenants, "POST", b"/%6Fauth/token") is None
    assert tenants.methods(b"/admin/orders") == ()


def test_literal_goes_before_variable() -> None:
    assert where(ORDERS, "GET", b"/orders/latest") == ("GET /orders/latest", {})
    assert where(ORDERS, "GET", b"/orders/7") == ("GET /orders/{orderId}", {"orderId": "7"})


def test_literal_that_leads_nowhere_gives_way_to_the_variable() -> None:
    templates = routes("GET /a/b/c", "GET /{x}/b/d")
    assert where(templates, "GET", b"/a/b/d") == ("GET /{x}/b/d", {"x": "a"})


def test_letters_case_counts() -> None:
    assert where(ORDERS, "GET", b"/Orders/7") is None
    assert where(ORDERS, "get", b"/orders/7") is None


def test_encoded_letters_of_a_literal_are_that_literal() -> None:
    assert where(ORDERS, "GET", b"/%6frders/l%61test") == ("GET /orders/latest", {})


def test_head_goes_where_get_goes() -> None:
    assert where(ORDERS, "HEAD", b"/orders/7") == where(ORDERS, "GET", b"/orders/7")


def test_methods_of_a_path_are_those_of_all_its_templates() -> None:
    assert ORDERS.methods(b"/orders/7") == ("GET", "HEAD", "DELETE", "OPTIONS")
    assert ORDERS.methods(b"/orders/7/lines/1") == ("GET", "HEAD", "OPTIONS")
    assert ORDERS.methods(b"/unknown") == ()
    assert where(ORDERS, "POST", b"/orders/7") is None


def test_templates_that_differ_in_variables_names_only_conflict() -> None:
    with pytest.raises(ValueError, match="cannot be told from"):
        routes("GET /orders/{a}", "GET /orders/{b}")


@pytest.mark.parametrize(
    "raw",
    [b"/orders/7%2Flines%2F1", b"/orders/7/../latest", b"/orders/%2e%2e/orders/7", b"/orders//7", b"/orders/7/",
     b"/orders/latest%00", b"/orders/latest/.", b"/orders\\7", b"/orders/%256c", b"/orders/7%2500", b"/orders/..;/7"],
)  # fmt: skip
def test_ambiguous_path_reaches_no_template(raw: bytes) -> None:
    assert where(ORDERS, "GET", raw) is None
    assert ORDERS.methods(raw) == ()


PIECES = [
    "orders",
    "latest",
    "lines",
    "7",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2F",
    "%252F",
    "%6Frders",
    "a;b",
    "%00",
    "%c3%a9",
    "%25",
    "{x}",
]


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.sampled_from(["GET", "DELETE", "HEAD", "POST"]))
def test_match_stays_the_same_after_one_more_round_of_normalisation(pieces: list[str], method: str) -> None:
    raw = ("/" + "/".join(pieces)).encode()
    found = ORDERS.match(method, raw)
    if found is None:
        return
    decoded = unquote(raw.decode())
    assert [unquote(part) for part in raw.decode().split("/")] == decoded.split("/")
    normalised = "/".join(quote(part, safe="") for part in decoded.split("/"))
    assert ORDERS.match(method, normalised.encode()) == found


@given(st.dictionaries(st.sampled_from(["orderId", "line"]), st.text(min_size=1, max_size=12), min_size=2, max_size=2))
def test_variables_come_out_as_they_went_in(values: dict[str, str]) -> None:
    raw = f"/orders/{quote(values['orderId'], safe='')}/lines/{quote(values['line'], safe='')}".encode()
    found = where(ORDERS, "GET", raw)
    if found is not None:
        assert found == ("GET /orders/{orderId}/lines/{line}", values)


ERP = routes(
    "GET /erp/{+path}", "GET /erp/orders/{id}", "GET /{tenant}/{+rest}", "GET /erp/eu/{+path}", "OPTIONS /erp/{+path}"
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"/erp/a", ("GET /erp/{+path}", {"path": "a"})),
        (b"/erp/a/b/c", ("GET /erp/{+path}", {"path": "a/b/c"})),
        (b"/erp/orders/7", ("GET /erp/orders/{id}", {"id": "7"})),
        (b"/erp/orders/7/lines", ("GET /erp/{+path}", {"path": "orders/7/lines"})),
        (b"/erp/eu/x", ("GET /erp/eu/{+path}", {"path": "x"})),
        (b"/acme/x%20y/z", ("GET /{tenant}/{+rest}", {"tenant": "acme", "rest": "x y/z"})),
        (b"/erp", None),
        (b"/erp/", None),
        (b"/erp/a/../b", None),
        (b"/erp/a/%2e%2e/b", None),
        (b"/erp/a%2Fb", None),
        (b"/erp/a//b", None),
        (b"/oauth/token", None),
    ],
)
def test_subtree_takes_the_rest_that_no_other_template_does(raw: bytes, expected: object) -> None:
    assert where(ERP, "GET", raw) == expected


def test_subtree_answers_its_own_method_only() -> None:
    assert where(ERP, "DELETE", b"/erp/a") is None
    assert where(ERP, "OPTIONS", b"/erp/a") == ("OPTIONS /erp/{+path}", {"path": "a"})
    assert ERP.methods(b"/erp/a") == ("GET", "HEAD", "OPTIONS")


@pytest.mark.parametrize("text", ["GET /{+path}/x", "GET /a/{+}", "GET /a/x{+path}"])
def test_rest_stands_at_the_end_alone(text: str) -> None:
    with pytest.raises(ValueError, match="one whole"):
        parse_template(text)


def test_two_subtrees_of_one_beginning_conflict() -> None:
    with pytest.raises(ValueError, match="cannot be told from"):
        routes("GET /erp/{+path}", "GET /erp/{+rest}")


def test_filled_path_leads_back_to_the_same_variables() -> None:
    template = parse_template("GET /erp/{tenant}/{+path}")
    values = {"tenant": "a b", "path": "x/ü y/{tenant}"}
    assert where(Templates([template]), "GET", template.filled(values).encode()) == (template.text, values)
