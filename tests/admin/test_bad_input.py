"""Whatever is given: a record, or a refusal that names what is wrong; never anything else."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from gatewright.admin import client_rules
from gatewright.admin import scopes
from gatewright.admin.client_rules import read_client
from gatewright.admin.configuration import PARTS
from gatewright.admin.configuration import Refused
from gatewright.admin.configuration import read_configuration
from gatewright.admin.export import as_yaml
from gatewright.admin.scopes import read_scope
from gatewright.admin.settings import FIELDS
from gatewright.admin.settings import read_settings
from gatewright.kernel.errors import Invalid
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth.registrable_uri import problem
from gatewright.store.records import Scope

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
WORDS = st.sampled_from(["global", "never", "unlimited", "public", "password", "https://a/", "GET /a", "0", "x.y:z"])
JSON = st.recursive(
    SCALARS | WORDS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)


def _values(fields: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(fields) | st.text(), JSON, max_size=6)


def _is_record_or_refusal(read: Callable[[Any, Any], object], values: dict[str, Any], base: Any) -> None:
    told = []
    try:
        assert type(read(values, base)) is type(base)
    except Invalid as refusal:
        told = refusal.errors
        assert told
    assert all(error.message for error in told)
    unknown = set(values) - set(type(base).__struct_fields__)
    assert unknown <= {error.field for error in told}


@given(_values(client_rules.FIELDS))
def test_clients(values: dict[str, Any]) -> None:
    _is_record_or_refusal(read_client, values, client_rules.NEW)


@given(_values(scopes.FIELDS))
def test_scopes(values: dict[str, Any]) -> None:
    _is_record_or_refusal(read_scope, values, Scope(name="S"))


@given(_values(FIELDS))
def test_settings(values: dict[str, Any]) -> None:
    _is_record_or_refusal(read_settings, values, GlobalSettings())


@given(st.text(alphabet="htps:/[]@#%?.*-^x1\\ä\u200b\n") | st.text())
def test_redirect_uris(uri: str) -> None:
    found = problem(uri)
    assert found is None or found


ENTRY = st.dictionaries(
    st.sampled_from(["name", "client_id", "secret", "scopes", "groups", "execute", "target", "password", "enabled"]),
    JSON,
    max_size=4,
)


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(PARTS), JSON | st.lists(ENTRY, max_size=3), max_size=3))
def test_files_of_any_shape(document: dict[str, Any]) -> None:
    try:
        read_configuration(as_yaml(document), "x.yaml")
    except Refused as refusal:
        assert all(each.startswith("x.yaml:") for each in refusal.problems)  # noqa: PT017


@given(st.text())
def test_files_of_any_text(text: str) -> None:
    try:
        read_configuration(text, "x.yaml")
    except Refused as refusal:
        assert refusal.problems  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server:\n  prot: 1\n", "x.yaml:2: 'prot' is not known here. Did you mean 'port'?"),
        ("server:\n  port: http\n", "x.yaml:2: port: This must be a whole number from 1 to 65535."),
        ("server: 5\n", "x.yaml:1: a mapping is expected here"),
    ],
)
def test_server_part_is_checked_though_it_is_not_applied(text: str, problem: str) -> None:
    with pytest.raises(Refused) as refusal:
        read_configuration(text, "x.yaml")
    assert refusal.value.problems[0].startswith(problem)
