from urllib.parse import quote

from tests.running import seed
from tests.running.site import Site
from tests.web.admin_api.conftest import Ask


async def test_a_scope_whose_name_is_an_address_is_named_in_percent_encoding(ask: Ask) -> None:
    name = "https://api.example/orders"
    made = await ask("POST", "/scopes", {"name": name, "folders": ["orders"]})
    assert made.headers["location"] == f"/admin/v1/scopes/{quote(name, safe='')}"
    assert (await ask("GET", f"/scopes/{quote(name, safe='')}")).json()["name"] == name


async def test_a_scope_that_lists_what_is_not_there_is_refused(ask: Ask) -> None:
    answer = await ask("POST", "/scopes", {"name": "odd", "services": ["orders:gett"]})
    assert answer.status_code == 422
    assert "orders:get" in answer.json()["errors"][0]["message"]


async def test_reach_is_what_the_guard_opens(ask: Ask) -> None:
    reach = (await ask("GET", "/scopes/route-only/reach")).json()
    assert reach == {"services": [], "url_templates": ["GET /shop/orders/{number}"]}


async def test_a_change_of_a_scope_is_in_force_from_the_next_request_on(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL, scope="orders")
    assert (await site.call("/shop/orders/1", token)).status_code == 200
    assert (await ask("PATCH", "/scopes/orders", {"folders": []})).status_code == 200
    assert (await site.call("/shop/orders/1", token)).status_code == 403


async def test_the_clients_of_a_scope_are_set_as_a_whole(ask: Ask) -> None:
    assert (await ask("PUT", "/scopes/customers/clients", {"items": [seed.SPA]})).json() == {"items": [seed.SPA]}
    assert "customers" not in (await ask("GET", f"/clients/{seed.RIVAL}/scopes")).json()["items"]


async def test_a_token_is_listed_without_its_text_and_revoked_by_its_id(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL)
    page = await ask("GET", f"/tokens?client_id={seed.RIVAL}")
    assert token not in page.text
    (line,) = page.json()["items"]
    assert (await ask("DELETE", f"/tokens/{line['id']}")).status_code == 204
    assert (await site.call("/shop/orders/1", token)).status_code == 401


async def test_a_user_is_made_with_a_password_for_one_sign_in(ask: Ask) -> None:
    made = (await ask("POST", "/users", {"name": "carol", "groups": ["staff"]})).json()
    assert made["must_change_password"] is True
    assert made["one_time_password"]
    assert "password" not in (await ask("GET", f"/users/{made['id']}")).json()
    assert (await ask("PATCH", f"/users/{made['id']}", {"enabled": False, "groups": []})).json()["groups"] == []


async def test_a_password_that_is_too_short_is_refused(ask: Ask) -> None:
    answer = await ask("POST", "/users", {"name": "carol", "password": "short"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "password")


async def test_the_members_of_a_group_are_set_as_a_whole(ask: Ask) -> None:
    members = {"users": ["id-of-bob"], "clients": [seed.RIVAL]}
    assert (await ask("PUT", "/groups/staff/members", members)).json() == members
    assert (await ask("GET", "/groups/staff/members")).json() == members


async def test_an_acl_closes_a_service_and_goes_again(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL)
    assert (await ask("PUT", "/acls/orders:get", {"execute": ["staff"]})).json()["execute"] == ["staff"]
    assert (await site.call("/shop/orders/1", token)).status_code == 403
    assert (await ask("DELETE", "/acls/orders:get")).status_code == 204
    assert (await site.call("/shop/orders/1", token)).status_code == 200


async def test_settings_change_one_by_one(ask: Ask) -> None:
    before = (await ask("GET", "/settings")).json()
    after = (await ask("PATCH", "/settings", {"access_token_lifetime": 60})).json()
    assert after == before | {"access_token_lifetime": 60}
    assert (await ask("PATCH", "/settings", {"access_token_lifetime": 0})).status_code == 422


async def test_keys_rotate_and_retire(site: Site, ask: Ask) -> None:
    await site.parts.server.keys.keep()
    made = await ask("POST", "/keys/rotations")
    assert made.status_code == 201
    listed = (await ask("GET", "/keys")).json()["items"]
    assert made.json()["id"] in [key["id"] for key in listed]
    assert (await ask("DELETE", f"/keys/{listed[-1]['id']}")).status_code == 204


async def test_trusted_issuers_and_external_servers_come_and_go(ask: Ask) -> None:
    issuer = {"issuer": "https://idp.example", "jwks_uri": "https://idp.example/keys", "scopes": ["orders"]}
    assert (await ask("POST", "/trusted-issuers", issuer)).status_code == 201
    path = f"/trusted-issuers/{quote(issuer['issuer'], safe='')}"
    assert (await ask("PATCH", path, {"enabled": False})).json()["enabled"] is False
    assert (await ask("DELETE", path)).status_code == 204
    server = {
        "name": "Corporate",
        "issuer": "https://as.example",
        "introspection_endpoint": "https://as.example/introspect",
        "client_id": "us",
        "client_secret": "hush-hush-hush",
        "user": "ada",
    }
    made = await ask("POST", "/external-authorization-servers", server)
    assert (made.status_code, made.json()["has_client_secret"]) == (201, True)
    assert "hush" not in made.text
    assert (await ask("DELETE", "/external-authorization-servers/Corporate")).status_code == 204


async def test_the_audit_log_is_narrowed(ask: Ask) -> None:
    await ask("POST", "/groups", {"name": "auditors"})
    await ask("POST", "/groups", {"name": "readers"})
    narrowed = (await ask("GET", "/audit?action=group.&target=audit")).json()
    assert [row["target"] for row in narrowed["items"]] == ["auditors"]
    assert (await ask("GET", "/audit?actor=nobody")).json()["items"] == []


async def test_the_audit_log_is_walked_page_by_page(ask: Ask) -> None:
    for name in ("one", "two", "three"):
        await ask("POST", "/groups", {"name": name})
    first = (await ask("GET", "/audit?limit=2")).json()
    assert [row["target"] for row in first["items"]] == ["three", "two"]
    second = (await ask("GET", f"/audit?limit=2&cursor={first['next_cursor']}")).json()
    assert second["items"][0]["target"] == "one"


async def test_expired_tokens_are_removed_now_and_by_webmethods_address_too(
    site: Site, ask: Ask, administrator: str
) -> None:
    await site.change_client(seed.RIVAL, access_token_lifetime=60)
    for _ in range(5):
        await site.access_token(seed.RIVAL)
    live = await site.access_token(seed.LEDGER)
    site.clock.forward(60)
    assert (await ask("POST", "/tokens/remove_expired?most=1")).json() == {"removed": 1}
    assert (await ask("POST", "/tokens/remove_expired?most=0")).status_code == 422
    bearer = {"authorization": f"Bearer {administrator}"}
    for separator in "/:":
        address = f"/invoke/pub.oauth{separator}removeExpiredAccessTokens"
        removed = await site.http.post(address, data={"maxRows": "1"}, headers=bearer)
        assert (removed.status_code, removed.json()) == (200, {"removedTokensCount": 1})
    assert (await site.http.get(address, headers=bearer)).json() == {"removedTokensCount": 2}
    assert (await site.http.post(address, json={"maxRows": "all"}, headers=bearer)).status_code == 400
    assert await site.is_active(live)


async def test_expired_tokens_are_removed_for_administrators_alone(site: Site, ask: Ask) -> None:
    address = "/invoke/pub.oauth/removeExpiredAccessTokens"
    assert (await site.http.post(address)).status_code == 401
    other = await site.access_token(seed.RIVAL)
    assert (await site.call(address, other)).status_code == 403
    await site.associate(seed.RIVAL, "administration")
    scoped = await site.access_token(seed.RIVAL, scope="administration")
    answer = await site.call(address, scoped)
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")


async def test_a_connection_takes_its_secret_and_never_gives_it_back(ask: Ask) -> None:
    new = {"name": "erp", "kind": "basic", "username": "us", "hosts": ["erp.example"], "secret": "hush-hush"}
    made = await ask("POST", "/connections", new)
    assert (made.status_code, made.json()["has_secret"]) == (201, True)
    assert "hush" not in made.text + (await ask("GET", "/connections/erp")).text + (await ask("GET", "/audit")).text
    assert (await ask("PATCH", "/connections/erp", {"username": "them"})).json()["username"] == "them"
    assert (await ask("PATCH", "/connections/erp", {"kind": "magic"})).status_code == 422
    assert (await ask("DELETE", "/connections/erp")).status_code == 204


async def test_the_receipt_of_a_refused_call_is_found_by_its_reference(site: Site, ask: Ask) -> None:
    refused = await site.call("/shop/orders/1")
    await site.parts.refusals.flush()
    receipt = (await ask("GET", f"/refusals/{refused.json()['reference']}")).json()
    assert (receipt["status"], receipt["service"]) == (401, "orders:get")
    listed = (await ask("GET", "/refusals?limit=1")).json()
    assert listed["items"][0]["reference"] == receipt["reference"]
    assert (await ask("GET", "/refusals/nothing")).status_code == 404


async def test_the_sessions_of_a_user_are_listed_and_ended(site: Site, ask: Ask) -> None:
    await site.sign_in("ada")
    (session,) = (await ask("GET", "/users/id-of-ada/sessions")).json()["items"]
    assert session["method"] == "password"
    assert (await ask("DELETE", "/users/id-of-ada/sessions")).json() == {"ended": 1}
    assert (await ask("GET", "/users/id-of-ada/sessions")).json()["items"] == []
    assert (await ask("DELETE", "/users/id-of-ada/factors")).json() == {"had_factors": False}
