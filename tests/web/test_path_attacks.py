"""Ways to write a path so that the guard might read another one than the dispatch does. None may get past it."""

import pytest

from tests.running import seed
from tests.running.site import Site

# A token for GET /shop/orders/{number} alone tries to reach GET /shop/audit, /invoke/orders/… and what is open to staff.
TOWARDS_AUDIT = [
    b"/shop/audit",
    b"/shop/orders/../audit",
    b"/shop/orders/%2e%2e/audit",
    b"/shop/orders/%2E%2E/audit",
    b"/shop/orders/.%2e/audit",
    b"/shop/orders/..%2faudit",
    b"/shop/orders/..%2Faudit",
    b"/shop/orders/%2e%2e%2faudit",
    b"/shop/orders/%252e%252e%252faudit",
    b"/shop/orders/%252e%252e/audit",
    b"/shop/orders/..%5caudit",
    b"/shop/orders/..\\audit",
    b"/shop/orders/..;/audit",
    b"/shop/orders/..;x=y/audit",
    b"/shop/orders/%2e%2e;/audit",
    b"/shop/orders/7/../../audit",
    b"/shop//audit",
    b"//shop/audit",
    b"/./shop/audit",
    b"/shop/./audit",
    b"/shop/%2e/audit",
    b"/shop/audit/",
    b"/shop/audit/.",
    b"/shop/audit;",
    b"/shop/audit;.json",
    b"/shop/audit%00",
    b"/shop/audit%00.json",
    b"/shop/audit%0a",
    b"/shop/audit%0d%0a",
    b"/shop/audit%20",
    b"/shop/audit%09",
    b"/shop/Audit",
    b"/SHOP/AUDIT",
    b"/shop/%61udit",
    b"/%73hop/audit",
    b"/shop/%2561udit",
    b"/shop/audi\xc5\xa7",
    b"/shop/%c0%ae%c0%ae/audit",
    b"/shop/%uff0e%uff0e/audit",
    b"/shop%2faudit",
    b"/shop%2Faudit",
    b"/shop%5caudit",
    b"/invoke/orders/audit",
    b"/invoke/orders:audit",
    b"/invoke/orders%3aaudit",
    b"/invoke/orders%2faudit",
    b"/invoke%2forders%2faudit",
    b"/invoke%2forders/audit",
    b"/%69nvoke/orders/audit",
    b"/INVOKE/orders/audit",
    b"/invoke/ORDERS/audit",
    b"/invoke/orders/AUDIT",
    b"/invoke/open/../orders/audit",
    b"/invoke/open/%2e%2e/orders/audit",
    b"/invoke/open/..%2forders%2faudit",
    b"/invoke//orders/audit",
    b"/invoke/orders//audit",
    b"/invoke/orders/audit/",
    b"/invoke/orders.audit",
    b"/invoke/orders./audit",
    b"/invoke/.orders/audit",
    b"/invoke/orders/open/audit",
    b"/invoke/open:ping/../../orders/audit",
    b"/shop/orders/7/../../../invoke/orders/audit",
    b"/oauth/../shop/audit",
    b"/health/live/../../shop/audit",
]


@pytest.mark.parametrize("path", TOWARDS_AUDIT, ids=repr)
async def test_no_spelling_gets_a_route_token_to_another_service(site: Site, path: bytes) -> None:
    token = await site.access_token(seed.CHOSEN)
    header = [(b"authorization", b"Bearer " + token.encode())]
    answer = await site.raw("GET", path, headers=header)
    assert answer.status in (400, 401, 403, 404, 405), answer.body
    assert b"entries" not in answer.body
    assert answer.body


TOWARDS_STAFF = [
    b"/invoke/open.staff/roster",
    b"/invoke/open.staff:roster",
    b"/invoke/open/staff/roster",
    b"/invoke/open/staff:roster",
    b"/invoke/open/ping/../staff.roster",
    b"/invoke/open%2estaff/roster",
    b"/invoke/open.%73taff/roster",
    b"/invoke/open:staff:roster",
    b"/invoke/open.STAFF/roster",
    b"/invoke/open..staff/roster",
    b"/invoke/open/ping/..%2f..%2fopen.staff%2froster",
]


@pytest.mark.parametrize("path", TOWARDS_STAFF, ids=repr)
async def test_no_spelling_gets_someone_without_a_token_below_an_open_folder(site: Site, path: bytes) -> None:
    answer = await site.raw("GET", path)
    assert answer.status in (400, 401, 404), answer.body
    assert b"people" not in answer.body


@pytest.mark.parametrize(
    ("path", "number"),
    [
        (b"/shop/orders/a%20b", "a b"),
        (b"/shop/orders/%C3%BC", "ü"),
        (b"/shop/orders/7;x=y", "7;x=y"),
        (b"/shop/orders/...", "..."),
        (b"/shop/%6frders/7", "7"),
    ],
    ids=repr,
)
async def test_what_a_path_says_plainly_is_served_decoded_once(site: Site, path: bytes, number: str) -> None:
    token = await site.access_token(seed.CHOSEN)
    answer = await site.raw("GET", path, headers=[(b"authorization", b"Bearer " + token.encode())])
    assert answer.status == 200
    assert number.encode() in answer.body


async def test_method_overriding_headers_change_nothing(site: Site) -> None:
    token = await site.access_token(seed.CHOSEN)
    headers = {"x-http-method-override": "POST", "x-http-method": "POST", "x-method-override": "POST"}
    answer = await site.call("/shop/orders/7?_method=POST", token, headers=headers)
    assert answer.status_code in (200, 400)
    assert "item" not in answer.text


async def test_url_rewriting_headers_change_nothing(site: Site) -> None:
    token = await site.access_token(seed.CHOSEN)
    headers = {"x-original-url": "/shop/audit", "x-rewrite-url": "/shop/audit", "x-forwarded-prefix": "/shop"}
    assert (await site.call("/shop/orders/7", token, headers=headers)).json() == {"number": "7"}
