import msgspec
import pytest

from gatewright.services.caller import Caller
from gatewright.services.catalogue import Catalogue
from gatewright.services.catalogue import LoadedPackage
from gatewright.services.catalogue import Service
from gatewright.services.coverage import Openings
from gatewright.services.coverage import Reach
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.coverage import opens_service
from gatewright.services.template import parse_template


class Scope(msgspec.Struct, frozen=True):
    name: str
    folders: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    url_templates: tuple[str, ...] = ()


BY_ID = parse_template("GET /orders/{id}", "orders:get")
LATEST = parse_template("GET /latest", "orders:get")
SCOPES = [
    Scope("folder", folders=("orders",)),
    Scope("deep", folders=("orders.eu",)),
    Scope("service", services=("orders:get",)),
    Scope("route", url_templates=("GET /orders/{id}",)),
    Scope("nothing"),
]


@pytest.mark.parametrize(
    ("service", "template", "opened_by"),
    [
        ("orders:get", None, {"folder", "service"}),
        ("orders:get", BY_ID, {"folder", "service", "route"}),
        ("orders:get", LATEST, {"folder", "service"}),
        ("orders.eu:get", None, {"folder", "deep"}),
        ("orders.eu.north:get", None, {"folder", "deep"}),
        ("ordersx:get", None, set()),
    ],
)
def test_scopes_open_what_they_list_and_nothing_else(service, template, opened_by) -> None:
    openings = Openings(SCOPES)
    assert openings.scopes_for(service, template) == opened_by
    assert openings.scopes_for(service, template) == opened_by  # kept answers too
    assert {scope.name for scope in SCOPES if opens_service(scope, service, template)} == opened_by


ACLS = {
    "orders": ("sales",),
    "orders.eu": ("europe",),
    "orders.eu:get": ("readers", "Anonymous"),
    "free": ("Everybody",),
}


@pytest.mark.parametrize(
    ("service", "acl"),
    [
        ("orders.eu:get", ("readers", "Anonymous")),
        ("orders.eu:put", ("europe",)),
        ("orders.eu.north:put", ("europe",)),
        ("orders:put", ("sales",)),
        ("ordersx:put", None),
    ],
)
def test_nearest_acl_wins(service, acl) -> None:
    assert nearest_acl(ACLS, service) == acl


def test_acl_admits_its_groups_only() -> None:
    seller = Caller(kind="user", subject="ada", groups=frozenset(["sales"]))
    assert may_execute(("sales",), seller)
    assert not may_execute(("europe",), seller)
    assert not may_execute((), seller)


def test_without_an_acl_every_authenticated_principal_may() -> None:
    assert may_execute(None, Caller(kind="client", subject="c"))
    assert may_execute(("Everybody",), Caller(kind="client", subject="c"))
    assert not may_execute(None, Caller())
    assert not may_execute(("Everybody",), Caller())


def test_anonymous_in_an_acl_lets_everyone_in() -> None:
    assert may_execute(("readers", "Anonymous"), Caller())


def test_reach_lists_what_a_scope_opens_today() -> None:
    services = tuple(
        Service(name=name, kind="flow", package="P", file="f") for name in ("orders:get", "orders.eu:get", "x:y")
    )
    catalogue = Catalogue([LoadedPackage(folder="P", package=None, services=services, templates=(BY_ID, LATEST))])
    reach = {scope.name: Reach(scope, catalogue) for scope in SCOPES}
    assert (reach["folder"].services, reach["folder"].url_templates) == (
        ["orders.eu:get", "orders:get"],
        ["GET /latest", "GET /orders/{id}"],
    )
    assert (reach["route"].services, reach["route"].url_templates) == ([], ["GET /orders/{id}"])
    assert (reach["nothing"].services, reach["nothing"].url_templates) == ([], [])
