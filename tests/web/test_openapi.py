"""`/openapi.json`: it is valid, tells each caller what he may call, and says neither more nor less than is served."""

import asyncio
import re
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from gatewright.services.openapi import Sources
from gatewright.services.openapi import document
from gatewright.store import scopes
from gatewright.store.records import Scope
from tests.running import seed
from tests.running.site import Site

Json = dict[str, Any]


async def everything(site: Site, package: str | None = None) -> Json:
    sources = Sources(
        issuer=site.parts.server.issuer,
        catalogue=site.parts.catalogue,
        scopes=await site.parts.directory.scopes(),
        openings=await site.parts.guard.openings(),
        acls=await site.parts.directory.acls(),
    )
    return document(sources, lambda service, template: True, package)


async def described(site: Site, token: str | None = None, query: str = "") -> Json:
    answer = await site.call(f"/openapi.json{query}", token)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def operations(found: Json) -> dict[tuple[str, str], Json]:
    return {(method, path): each for path, item in found["paths"].items() for method, each in item.items()}


async def test_document_is_valid_openapi(site: Site) -> None:
    found = await everything(site)
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(found)] == []
    identifiers = [each["operationId"] for each in operations(found).values()]
    assert len(identifiers) == len(set(identifiers))


async def test_every_reference_leads_somewhere(site: Site) -> None:
    found = await everything(site)

    def follow(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                target: Any = found
                for part in value["$ref"].removeprefix("#/").split("/"):
                    target = target[part]
            for each in value.values():
                follow(each)
        elif isinstance(value, list):
            for each in value:
                follow(each)

    follow(found)


async def test_every_route_that_is_served_is_described_and_the_reverse(site: Site) -> None:
    found = operations(await everything(site))
    own = [name for name, each in site.parts.catalogue.services.items() if each.kind != "builtin" and each.enabled]
    served = {("get", f"/invoke/{name.replace(':', '/')}") for name in own}
    served |= {("post", path) for _, path in served}
    for text in site.parts.catalogue.templates.by_text:
        method, _, path = text.partition(" ")
        served.add((method.lower(), path))
    assert set(found) == served
    for method, path in found:
        answer = await site.http.request(method, re.sub(r"\{\w+\}", "x", path))
        assert answer.status_code not in (404, 405), (method, path)


async def test_without_a_token_only_what_needs_none_is_described(site: Site) -> None:
    found = await described(site)
    assert set(found["paths"]) == {"/invoke/open/ping"}
    assert found["paths"]["/invoke/open/ping"]["get"]["security"][0] == {}


async def test_with_a_token_what_it_opens_is_described(site: Site) -> None:
    found = await described(site, await site.access_token(scope="customers"))
    assert set(found["paths"]) == {"/invoke/open/ping", "/invoke/customers/find"}
    route_only = await site.access_token(seed.CHOSEN)
    assert set((await described(site, route_only))["paths"]) == {"/invoke/open/ping", "/shop/orders/{number}"}


async def test_what_the_acl_refuses_is_not_described(site: Site) -> None:
    assert "/invoke/orders/audit" not in (await described(site, await site.access_token()))["paths"]
    await site.save_acl("orders:audit", "Everybody")
    assert "/invoke/orders/audit" in (await described(site, await site.access_token()))["paths"]


async def test_setting_shows_everything_to_everybody(site: Site) -> None:
    await site.change_settings(openapi_public=True)
    assert (await described(site))["paths"] == (await everything(site))["paths"]


async def test_token_that_cannot_be_used_is_refused(site: Site) -> None:
    answer = await site.call("/openapi.json", "gw_at_nothing")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


async def test_each_operation_names_the_scopes_that_open_it(site: Site) -> None:
    scope = Scope(name="one-route", url_templates=("GET /shop/orders/{number}",))
    await site.parts.database.write(scopes.insert, scope, site.clock())
    found = await everything(site)
    assert found["paths"]["/shop/orders/{number}"]["get"]["security"] == [
        {"oauth2": ["one-route"]},
        {"oauth2": ["orders"]},
        {"oauth2": ["route-only"]},
    ]
    assert found["paths"]["/invoke/orders/get"]["get"]["security"] == [{"oauth2": ["orders"]}]
    flows = found["components"]["securitySchemes"]["oauth2"]["flows"]
    assert flows["clientCredentials"]["tokenUrl"] == f"{site.parts.server.issuer}/oauth/token"
    assert flows["authorizationCode"]["scopes"]["orders"] == "Read and place orders"


async def test_inputs_stand_where_they_are_sent(site: Site) -> None:
    paths = (await everything(site))["paths"]
    (number,) = paths["/shop/orders/{number}"]["get"]["parameters"]
    assert (number["name"], number["in"], number["required"]) == ("number", "path", True)
    amount, item = paths["/invoke/orders/place"]["get"]["parameters"]
    assert (item["name"], item["required"]) == ("item", True)
    assert (amount["required"], amount["schema"]["type"]) == (False, "integer")
    body = paths["/shop/orders"]["post"]["requestBody"]
    assert body["required"] is True
    assert set(body["content"]) == {"application/json", "application/x-www-form-urlencoded", "application/xml"}


async def test_one_package_alone_is_described(site: Site) -> None:
    token = await site.access_token()
    assert (await described(site, token, "?package=Shop"))["info"]["title"] == "Shop"
    assert (await site.call("/openapi.json?package=Nothing", token)).status_code == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_description_is_only_read(site: Site, method: str) -> None:
    assert (await site.http.request(method, "/openapi.json")).status_code == 405


async def test_description_is_fetched_again_only_when_it_changed(site: Site) -> None:
    token = await site.access_token(scope="customers")
    first = await site.call("/openapi.json", token)
    known = {"If-None-Match": first.headers["etag"]}
    assert (await site.call("/openapi.json", token, headers=known)).status_code == 304
    await site.save_acl("customers:find", "nobody")
    changed = await site.call("/openapi.json", token, headers=known)
    assert (changed.status_code, set(changed.json()["paths"])) == (200, {"/invoke/open/ping"})


async def test_callers_who_ask_at_once_each_get_their_own(site: Site) -> None:
    tokens = [await site.access_token(scope=scope) for scope in ("customers", "orders", "customers")]
    found = await asyncio.gather(*(described(site, token) for token in tokens))
    assert ["/invoke/customers/find" in each["paths"] for each in found] == [True, False, True]


async def test_built_in_service_is_described_to_whoever_may_call_it(site: Site) -> None:
    await site.parts.database.write(scopes.insert, Scope(name="json", services=("pub.json:parse",)), site.clock())
    await site.associate(seed.LEDGER, "json")
    found = await described(site, await site.access_token(scope="json"))
    assert set(found["paths"]) == {"/invoke/open/ping", "/invoke/pub.json/parse"}
