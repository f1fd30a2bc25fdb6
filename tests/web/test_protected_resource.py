"""Protected resource metadata (RFC 9728): computed from what the guard enforces."""

import pytest

from gatewright.services.catalogue import Catalogue
from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import open_site
from tests.web.test_guard import challenge

WELL_KNOWN = "/.well-known/oauth-protected-resource"


@pytest.mark.parametrize(
    ("path", "scopes"),
    [
        ("", ["customers", "orders", "route-only"]),
        ("/invoke", ["customers", "orders"]),
        ("/invoke/orders", ["orders"]),
        ("/invoke/orders/get", ["orders"]),
        ("/invoke/customers", ["customers"]),
        ("/invoke/customers/find", ["customers"]),
        ("/shop", ["orders", "route-only"]),
        ("/shop/orders/7", ["orders", "route-only"]),
        ("/shop/orders/%7Bnumber%7D", ["orders", "route-only"]),
        ("/shop/audit", ["orders"]),
        ("/invoke/open", []),
    ],
)
async def test_the_scopes_of_a_resource_are_those_that_open_it(site: Site, path: str, scopes: list[str]) -> None:
    answer = await site.http.get(WELL_KNOWN + path)
    assert answer.status_code == 200
    found = answer.json()
    assert found["resource"] == ORIGIN + path
    assert found["authorization_servers"] == [ORIGIN]
    assert found["scopes_supported"] == scopes
    assert found["bearer_methods_supported"] == ["header", "body"]
    assert found["resource_name"]
    assert "public" in answer.headers["cache-control"]
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "path",
    [
        "/", "/nothing", "/invoke/nothing", "/invoke/orders/nothing", "/shop/orders/7/8", "/shop/../invoke", "x",
        "/shop%2forders", "/console", "/oauth/token", "//shop", "/@evil.example", "/%ff",
    ],
)  # fmt: skip
async def test_what_is_not_there_is_404(site: Site, path: str) -> None:
    assert (await site.raw("GET", (WELL_KNOWN + path).encode())).status == 404


async def test_only_get_and_head_are_answered(site: Site) -> None:
    assert (await site.http.head(WELL_KNOWN)).status_code == 200
    assert (await site.http.post(WELL_KNOWN)).status_code == 405


async def test_every_scope_named_opens_the_address_and_no_other_does(site: Site) -> None:
    """Each scope named opens the address, and each scope not named is refused there."""
    for path in ("/shop/orders/7", "/invoke/orders/whoami", "/invoke/customers/find"):
        supported = (await site.http.get(WELL_KNOWN + path)).json()["scopes_supported"]
        await site.associate(seed.LEDGER, "customers", "orders", "route-only")
        for scope in ("customers", "orders", "route-only"):
            answer = await site.call(path, await site.access_token(scope=scope))
            assert (answer.status_code != 403) is (scope in supported), (path, scope)


@pytest.mark.parametrize("path", ["/invoke/orders/whoami", "/invoke/orders:whoami", "/shop/orders/7", "/shop/audit"])
@pytest.mark.parametrize("token", [None, "gw_at_bad"])
async def test_a_challenge_leads_to_the_metadata_of_the_very_address(site: Site, path: str, token: str | None) -> None:
    """RFC 9728 §3.3: `resource` must be identical to the address that the client used."""
    answer = await site.call(path, token)
    assert answer.status_code == 401
    attributes = challenge(answer)
    found = (await site.http.get(attributes["resource_metadata"])).json()
    assert found["resource"] == ORIGIN + path
    assert attributes["scope"] in found["scopes_supported"]


async def test_a_refused_scope_or_acl_leads_to_the_metadata_too(site: Site) -> None:
    path = "/invoke/customers/find"
    lacking = challenge(await site.call(path, await site.access_token(scope="orders")))
    assert (lacking["scope"], lacking["resource_metadata"]) == ("customers", ORIGIN + WELL_KNOWN + path)
    barred = challenge(await site.call("/invoke/orders/audit", await site.access_token(scope="orders")))
    assert "scope" not in barred
    assert barred["resource_metadata"] == f"{ORIGIN}{WELL_KNOWN}/invoke/orders/audit"


@pytest.mark.parametrize("path", [b"/invoke/nothing/here", b'/invoke/orders/"x', b"/invoke/orders/%22x"])
async def test_what_is_not_there_leads_to_the_metadata_of_the_server(site: Site, path: bytes) -> None:
    answer = await site.raw("GET", path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].count('resource_metadata="') == 1
    assert f'resource_metadata="{ORIGIN}{WELL_KNOWN}"' in answer.headers["www-authenticate"]


async def test_an_issuer_with_a_path_keeps_it_behind_the_well_known_part(
    seeded, catalogue: Catalogue, tmp_path
) -> None:
    """RFC 9728 §3.1."""
    site = await open_site(seeded, catalogue, tmp_path, public_url="https://as.example/a")
    refused = await site.http.get("/shop/audit")
    address = f"https://as.example{WELL_KNOWN}/a/shop/audit"
    assert challenge(refused)["resource_metadata"] == address
    for path in (f"{WELL_KNOWN}/a/shop/audit", f"{WELL_KNOWN}/shop/audit"):
        assert (await site.http.get(path)).json()["resource"] == "https://as.example/a/shop/audit"
    await site.parts.stop()


async def test_a_browser_client_may_read_it(site: Site) -> None:
    for path in ("", "/nothing"):
        answer = await site.http.get(WELL_KNOWN + path, headers={"origin": "https://spa.example"})
        assert answer.headers["access-control-allow-origin"] == "*"
