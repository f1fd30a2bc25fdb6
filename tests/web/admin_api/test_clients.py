from tests.running import seed
from tests.running.site import Site
from tests.running.site import basic
from tests.web.admin_api.conftest import Ask

NEW = {"name": "Robot", "allowed_grants": ["client_credentials"], "scopes": ["orders"]}


async def test_registering_gives_the_secret_once_and_it_works(site: Site, ask: Ask) -> None:
    made = await ask("POST", "/clients", NEW)
    assert made.status_code == 201
    client_id, secret = made.json()["client_id"], made.json()["client_secret"]
    assert made.headers["location"] == f"/admin/v1/clients/{client_id}"
    token = await site.http.post(
        "/oauth/token", data={"grant_type": "client_credentials"}, headers=basic(client_id, secret)
    )
    assert token.json()["scope"] == "orders"
    assert secret not in (await ask("GET", f"/clients/{client_id}")).text
    assert secret not in (await ask("GET", f"/clients/{client_id}/secrets")).text


async def test_a_list_is_walked_page_by_page(ask: Ask) -> None:
    names, cursor = [], ""
    while True:
        page = (await ask("GET", f"/clients?limit=2&cursor={cursor}")).json()
        names += [item["name"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = page["next_cursor"]
    assert names == sorted(names)
    assert len(names) == 7


async def test_a_search_finds_by_a_part_of_the_name(ask: Ask) -> None:
    page = (await ask("GET", "/clients?q=ledg")).json()
    assert [item["client_id"] for item in page["items"]] == [seed.LEDGER]


async def test_a_forged_cursor_is_refused(ask: Ask) -> None:
    for cursor in ("x", "W10", "WyJhIiwiXHUwMDAwIl0"):
        answer = await ask("GET", f"/clients?cursor={cursor}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "cursor")


async def test_disabling_ends_its_access_at_once(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL)
    assert (await ask("PATCH", f"/clients/{seed.RIVAL}", {"enabled": False})).json()["enabled"] is False
    assert (await site.call("/shop/orders/1", token)).status_code == 401


async def test_a_change_on_top_of_another_is_refused(ask: Ask) -> None:
    path = f"/clients/{seed.RIVAL}"
    seen = (await ask("GET", path)).headers["etag"]
    changed = await ask("PATCH", path, {"description": "first"}, if_match=seen)
    assert changed.status_code == 200
    assert changed.headers["etag"] != seen
    late = await ask("PATCH", path, {"description": "second"}, if_match=seen)
    assert (late.status_code, late.json()["title"]) == (412, "Changed meanwhile")
    assert (await ask("DELETE", path, if_match=seen)).status_code == 412
    assert (await ask("GET", path)).json()["description"] == "first"
    assert (await ask("PATCH", path, {"description": "third"}, if_match=changed.headers["etag"])).status_code == 200


async def test_what_is_known_already_is_not_sent_again(ask: Ask) -> None:
    seen = (await ask("GET", f"/clients/{seed.RIVAL}")).headers["etag"]
    answer = await ask("GET", f"/clients/{seed.RIVAL}", if_none_match=seen)
    assert (answer.status_code, answer.content) == (304, b"")


async def test_every_wrong_field_is_named(ask: Ask) -> None:
    answer = await ask("POST", "/clients", {"name": "a/b", "redirect_uris": ["ftp://x"], "allowed_grants": ["magic"]})
    assert answer.status_code == 422
    assert {each["field"] for each in answer.json()["errors"]} == {"name", "redirect_uris", "allowed_grants"}


async def test_an_unknown_field_or_a_wrong_type_is_refused(ask: Ask) -> None:
    assert "nme" in (await ask("POST", "/clients", {"nme": "x"})).json()["errors"][0]["message"]
    wrong = await ask("POST", "/clients", {"name": 7})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "name")


async def test_a_body_that_is_no_json_object_is_refused(site: Site, administrator: str) -> None:
    bearer = {"authorization": f"Bearer {administrator}"}
    for body, kind, status in (
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"name":"a","name":"b"}', "application/json", 400),
        (b"name=a", "application/x-www-form-urlencoded", 415),
    ):
        answer = await site.http.post("/admin/v1/clients", content=body, headers={**bearer, "content-type": kind})
        assert answer.status_code == status, body
        assert answer.json()["status"] == status


async def test_a_new_secret_leaves_the_old_one_working_for_the_time_asked(site: Site, ask: Ask) -> None:
    first = (await ask("POST", "/clients", NEW)).json()
    second = (await ask("POST", f"/clients/{first['client_id']}/secrets", {"keep_old_for": 60})).json()

    async def works(secret: str) -> bool:
        headers = basic(first["client_id"], secret)
        answer = await site.http.post("/oauth/token", data={"grant_type": "client_credentials"}, headers=headers)
        return answer.status_code == 200

    assert await works(second["client_secret"])
    assert await works(first["client_secret"])
    site.clock.forward(61)
    assert not await works(first["client_secret"])
    assert await works(second["client_secret"])


async def test_scopes_are_associated_and_taken_away(site: Site, ask: Ask) -> None:
    answer = await ask("PUT", f"/clients/{seed.LONELY}/scopes", {"items": ["orders"]})
    assert answer.json() == {"items": ["orders"]}
    token = await site.access_token(seed.LONELY)
    await ask("PUT", f"/clients/{seed.LONELY}/scopes", {"items": []})
    assert (await site.call("/shop/orders/1", token)).status_code == 403


async def test_deleting_takes_its_tokens_with_it(site: Site, ask: Ask) -> None:
    token = await site.access_token(seed.RIVAL)
    assert (await ask("DELETE", f"/clients/{seed.RIVAL}")).status_code == 204
    assert (await site.call("/shop/orders/1", token)).status_code == 401
    assert (await ask("GET", f"/clients/{seed.RIVAL}")).status_code == 404


async def test_ending_the_tokens_of_a_client_says_how_many(site: Site, ask: Ask) -> None:
    await site.access_token(seed.RIVAL)
    await site.access_token(seed.RIVAL)
    assert (await ask("DELETE", f"/clients/{seed.RIVAL}/tokens")).json() == {"ended": 2}


async def test_the_postman_collection_of_a_client_is_given(ask: Ask) -> None:
    collection = (await ask("GET", f"/clients/{seed.LEDGER}/postman")).json()
    assert collection["info"]["schema"].endswith("/v2.1.0/collection.json")


async def test_a_registration_that_is_sent_again_under_its_key_is_answered_again(site: Site, ask: Ask) -> None:
    first = await ask("POST", "/clients", NEW, idempotency_key="one")
    again = await ask("POST", "/clients", NEW, idempotency_key="one")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    found = (await ask("GET", "/clients?q=Robot")).json()["items"]
    assert len(found) == 1


async def test_a_key_that_comes_with_another_body_is_refused(ask: Ask) -> None:
    await ask("POST", "/clients", NEW, idempotency_key="one")
    other = await ask("POST", "/clients", NEW | {"name": "Other"}, idempotency_key="one")
    assert (other.status_code, other.headers["content-type"]) == (422, "application/problem+json")


async def test_a_refused_registration_may_be_sent_again_under_its_key(ask: Ask) -> None:
    assert (await ask("POST", "/clients", {"name": ""}, idempotency_key="one")).status_code == 422
    assert (await ask("POST", "/clients", NEW, idempotency_key="one")).status_code == 201
