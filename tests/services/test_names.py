import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatewright.services import names

PART = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,8}", fullmatch=True)
FOLDER = st.lists(PART, min_size=1, max_size=4).map(".".join)
SERVICE = st.builds("{}:{}".format, FOLDER, PART)


@given(SERVICE)
def test_both_spellings_give_the_same_full_name(name: str) -> None:
    assert names.parse_service(name) == name
    assert names.parse_service(name.replace(":", "/")) == name


@given(SERVICE)
def test_invoke_path_leads_back_to_the_service(name: str) -> None:
    assert names.parse_service(names.invoke_path(name).removeprefix("/invoke/")) == name


@pytest.mark.parametrize(
    "text",
    ["", "orders", ":get", "orders:", "orders.:get", ".orders:get", "1orders:get", "orders:get:x", "orders/a/b",
     "orders:get\n", "órders:get", "orders: get", "orders..eu:get", "-a:b", "a:b/c"],
)  # fmt: skip
def test_anything_else_is_not_a_service(text: str) -> None:
    with pytest.raises(ValueError, match="name; it is written"):
        names.parse_service(text)


def test_folder_covers_itself_and_everything_below() -> None:
    assert names.covers("orders", "orders:get")
    assert names.covers("orders", "orders.eu.north:get")
    assert names.covers("orders.eu", "orders.eu")
    assert names.covers("orders", "orders.eu")


def test_folder_covers_neither_its_parent_nor_a_name_that_only_begins_alike() -> None:
    assert not names.covers("orders.eu", "orders:get")
    assert not names.covers("orders", "orders2:get")
    assert not names.covers("orders", "ordersx.eu:get")
    assert not names.covers("eu", "orders.eu:get")


@given(SERVICE, FOLDER)
def test_a_folder_covers_a_service_exactly_when_it_is_among_those_above(service: str, folder: str) -> None:
    assert names.covers(folder, service) == (folder in names.folders_above(service))
    assert all(names.covers(above, service) for above in names.folders_above(service))


def test_folders_above_come_nearest_first() -> None:
    assert names.folders_above("a.b.c:d") == ["a.b.c", "a.b", "a"]
