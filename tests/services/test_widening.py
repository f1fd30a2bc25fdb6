"""What a change opens and closes."""

from typing import Any

import pytest

from gatewright.services.reach import EVERY_CALLER
from gatewright.services.reach import WITHOUT_TOKEN
from gatewright.services.reach import admits
from gatewright.services.reach import admitted_by
from gatewright.services.reach import openings_of
from gatewright.services.widening import Access
from gatewright.services.widening import Admission
from gatewright.services.widening import Difference
from gatewright.services.widening import difference
from gatewright.store.records import Scope
from tests.admin.support import CATALOGUE

ALL = Scope(name="all", folders=("orders",))
ONE = Scope(name="one", services=("orders:get",))
ROUTE = Scope(name="route", url_templates=("GET /orders/{id}",))
SCOPES = {scope.name: scope for scope in (ALL, ONE, ROUTE)}


def access(clients: dict[str, set[str]] | None = None, **more: Any) -> Access:
    given = {client: frozenset(names) for client, names in (clients or {}).items()}
    return Access(**{"clients": given, "scopes": SCOPES, "acls": {}, **more})


def opened(found: Difference) -> dict[str, list[str]]:
    return {each.client_id: [way.address for way in each.ways] for each in found.opened}


def test_an_association_opens_what_the_scope_lists() -> None:
    found = difference(access({"c": {"one"}}), access({"c": {"all"}}), CATALOGUE)
    assert opened(found) == {"c": ["/invoke/orders.eu/vat", "/invoke/orders/put"]}
    assert found.sentences() == ["Opens 2 more services to 1 client."]
    assert found.names({"c": "Shop (1.0)"}) == ["+ Shop (1.0): orders.eu:vat, orders:put"]
    assert found.widens
    assert not found.narrows


def test_what_another_scope_opened_already_is_no_widening() -> None:
    found = difference(access({"c": {"all"}}), access({"c": {"all", "one", "route"}}), CATALOGUE)
    assert not found.widens
    assert found == Difference()


def test_a_template_is_told_as_the_one_address_that_it_opens() -> None:
    found = difference(access(), access({"c": {"route"}}), CATALOGUE)
    assert found.names({}) == ["+ c: orders:get (GET /orders/{id})"]


def test_an_association_taken_away_closes_and_widens_nothing() -> None:
    found = difference(access({"c": {"all"}, "d": {"one"}}), access({"c": {"one"}}), CATALOGUE)
    assert found.sentences() == ["Closes 3 services to 2 clients."]
    assert not found.widens
    assert found.narrows


def test_a_scope_that_lists_more_opens_it_to_each_of_its_clients() -> None:
    wider = {**SCOPES, "one": Scope(name="one", services=("orders:get", "orders:put"))}
    before = access({"c": {"one"}, "d": {"one"}, "e": {"all"}})
    after = access({"c": {"one"}, "d": {"one"}, "e": {"all"}}, scopes=wider)
    assert opened(difference(before, after, CATALOGUE)) == {"c": ["/invoke/orders/put"], "d": ["/invoke/orders/put"]}


STAFF = {"orders:get": ("staff",)}


@pytest.mark.parametrize(
    ("before", "after", "who"),
    [
        (STAFF, {}, (EVERY_CALLER,)),
        (STAFF, {"orders:get": ("Everybody",)}, (EVERY_CALLER,)),
        (STAFF, {"orders:get": ("Anonymous", "staff")}, (WITHOUT_TOKEN,)),
        ({}, {"orders:get": ("Anonymous",)}, (WITHOUT_TOKEN,)),
        (STAFF, {"orders:get": ("partners", "staff")}, ("partners",)),
        ({"orders:get": ()}, STAFF, ("staff",)),
    ],
)
def test_an_acl_that_admits_more_widens_and_its_reverse_shuts(before: Any, after: Any, who: tuple[str, ...]) -> None:
    found = difference(access(acls=before), access(acls=after), CATALOGUE)
    assert found.admitted == (Admission("orders:get", who),)
    assert found.shut == ()
    back = difference(access(acls=after), access(acls=before), CATALOGUE)
    assert not back.widens
    assert [each.service for each in back.shut] == ["orders:get"]


def test_an_acl_that_every_caller_passed_before_widens_nothing_for_a_group() -> None:
    assert not difference(access(), access(acls=STAFF), CATALOGUE).widens


def test_who_joins_a_group_that_an_acl_names_may_execute_more() -> None:
    before = access(acls=STAFF, members={"staff": frozenset({"user:1"})})
    after = access(acls=STAFF, members={"staff": frozenset({"user:1", "user:2"})})
    found = difference(before, after, CATALOGUE)
    assert found.joined == {"staff": ("user:2",)}
    assert found.names({"user:2": "bob"}) == ["+ staff: bob"]
    assert found.widens


def test_openings_say_by_which_scope_and_whom_the_acl_admits() -> None:
    found = openings_of([ONE, ROUTE], CATALOGUE, {"orders": ("staff",)})
    assert [(each.service, each.addresses, each.scopes, each.acl, each.admitted) for each in found] == [
        ("orders:get", ("/invoke/orders/get", "GET /orders/{id}"), ("one", "route"), "orders", ("staff",))
    ]


def test_the_nearest_acl_decides() -> None:
    acls = {"orders": ("Anonymous",), "orders.eu": ("staff",)}
    assert admitted_by(acls, "orders:get") == (WITHOUT_TOKEN,)
    assert admitted_by(acls, "orders.eu:vat") == ("staff",)
    assert admits(admitted_by(acls, "orders.eu:vat"), frozenset({"staff"}))
    assert not admits(admitted_by(acls, "orders.eu:vat"), frozenset())
    assert not admits(admitted_by({"orders": ()}, "orders:get"), frozenset({"staff"}))


def test_a_service_that_comes_into_use_opens_to_the_clients_whose_scopes_list_it() -> None:
    before = access({"c": {"all"}, "d": {"route"}, "e": set()}, off=frozenset({"orders:get"}))
    found = difference(before, access({"c": {"all"}, "d": {"route"}, "e": set()}), CATALOGUE)
    assert opened(found) == {"c": ["/invoke/orders/get", "GET /orders/{id}"], "d": ["GET /orders/{id}"]}
    assert found.admitted == ()
    back = difference(access({"c": {"all"}}), access({"c": {"all"}}, off=frozenset({"Shop"})), CATALOGUE)
    assert (back.widens, back.sentences()) == (False, ["Closes 3 services to 1 client."])


def test_a_package_that_comes_into_use_tells_what_needs_no_token() -> None:
    acls = {"orders:get": ("Anonymous",), "orders:put": ("staff",)}
    found = difference(access(acls=acls, off=frozenset({"Shop"})), access(acls=acls), CATALOGUE)
    assert found.admitted == (Admission("orders:get", (WITHOUT_TOKEN,)),)
    assert found.widens
    assert not difference(access(acls={}), access(acls=acls, off=frozenset({"Shop"})), CATALOGUE).widens
