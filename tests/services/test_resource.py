"""Places of addresses, which resource-bound tokens are held to (RFC 8707)."""

import pytest

from gatewright.services.catalogue import Catalogue
from gatewright.services.resource import covers
from gatewright.services.resource import place
from gatewright.services.resource import served
from tests.running.site import catalogue

__all__ = ["catalogue"]


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (b"", b"/shop/orders/7"),
        (b"/", b"/invoke/orders/place"),
        (b"/invoke", b"/invoke/orders/place"),
        (b"/invoke/orders", b"/invoke/orders/place"),
        (b"/invoke/orders", b"/invoke/orders:place"),
        (b"/invoke/orders", b"/invoke/orders.archive/list"),
        (b"/invoke/orders/place", b"/invoke/orders:place"),
        (b"/invoke/orders:place", b"/invoke/orders/place"),
        (b"/shop", b"/shop/orders/7"),
        (b"/shop/orders", b"/shop/orders/7"),
        (b"/shop/orders", b"/shop/%6frders/7"),
        (b"/shop/orders/7", b"/shop/orders/7"),
    ],
)
def test_a_place_covers_all_below_it(outer: bytes, inner: bytes) -> None:
    assert covers([place(outer)], place(inner))


@pytest.mark.parametrize(
    ("outer", "inner"),
    [
        (b"/invoke/orders", b"/invoke/customers/find"),
        (b"/invoke/orders", b"/invoke/orders2/place"),
        (b"/invoke/orders", b"/invoke"),
        (b"/invoke/orders", b"/shop/orders"),
        (b"/invoke/orders/place", b"/invoke/orders/get"),
        (b"/invoke/orders/place", b"/invoke/orders.place/get"),
        (b"/invoke/orders.archive", b"/invoke/orders/place"),
        (b"/shop", b"/shopping"),
        (b"/shop", b"/invoke/shop/place"),
        (b"/shop/orders/7", b"/shop/orders/8"),
        (b"/shop/orders/7", b"/shop/orders"),
        (b"/shop", b"/shop/../invoke"),
        (b"/shop", b"/shop//x"),
        (b"/shop/..", b"/shop"),
        (b"/shop/../invoke", b"/invoke/orders/place"),
    ],
)
def test_a_place_covers_nothing_else(outer: bytes, inner: bytes) -> None:
    assert not covers([place(outer)], place(inner))


@pytest.mark.parametrize(
    "path",
    [
        "", "/", "/invoke", "/invoke/orders", "/invoke/orders/place", "/invoke/orders:place", "/invoke/open.staff",
        "/shop", "/shop/orders", "/shop/orders/7", "/shop/audit",
    ],
)  # fmt: skip
def test_what_leads_to_a_service_or_template_is_served(catalogue: Catalogue, path: str) -> None:
    assert served(path, catalogue) == place(path.encode())


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/shopping", "/shop/", "/shop/orders/7/8", "/invoke/", "/invoke/ord", "/invoke/orders/nothing",
        "/invoke/orders.place", "/invoke/orders/place/x", "/invoke/a:b:c", "/oauth", "/console", "/shop/%2e%2e",
    ],
)  # fmt: skip
def test_what_leads_nowhere_is_not_served(catalogue: Catalogue, path: str) -> None:
    assert served(path, catalogue) is None


def test_nothing_but_the_issuer_is_served_by_an_empty_catalogue() -> None:
    assert served("", Catalogue()) == ()
    assert served("/invoke", Catalogue()) is None
