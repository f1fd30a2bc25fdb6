from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.flow import FlowError
from gatewright.flow.uri import UriProblem
from gatewright.flow.uri import UriTemplate
from gatewright.flow.uri import require_http
from gatewright.flow.uri import without_query


@given(st.text(min_size=1))
def test_a_value_stays_within_its_place_whatever_it_holds(value):
    expanded = UriTemplate("https://t.test/a/{v}/b?c=1").expand({"v": value})
    inner = expanded.removeprefix("https://t.test/a/").removesuffix("/b?c=1")
    assert not set(inner) & set("/?#&:@[] \r\n{}")
    assert unquote(inner) == value


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (False, "false"), (7, "7"), (7.0, "7"), (0.5, "0.5"), ("", "")]
)
def test_scalars_are_written_as_json_people_would(value, text):
    assert UriTemplate("http://t.test/{v}").expand({"v": value}) == f"http://t.test/{text}"


@pytest.mark.parametrize(
    "text", ["http://t/{", "http://t/}", "http://t/{a b}", "http://t/{+a}", "http://t/{a}{", "http://t/{}"]
)
def test_braces_that_are_no_name_are_refused(text):
    with pytest.raises(UriProblem):
        UriTemplate(text)


@pytest.mark.parametrize("address", ["http://t.test", "https://t.test:8/x?y#z", "http://[::1]/"])
def test_http_addresses_are_taken(address):
    assert require_http(address) == address


@pytest.mark.parametrize(
    "address", ["", "t.test", "/x", "file:///x", "http:///x", "javascript:x", "http://[", "https:"]
)
def test_other_addresses_are_refused(address):
    with pytest.raises(FlowError):
        require_http(address)


def test_what_messages_show_of_an_address_has_no_query_and_no_userinfo():
    assert without_query("https://u:p@t.test/x?key=1#f") == "https://t.test/x"
