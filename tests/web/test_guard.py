"""Calls of services through the guard: token, then scope, then ACL (RFC 6750)."""

import httpx
import pytest

from tests.running import seed
from tests.running.site import Site


def challenge(answer: httpx.Response) -> dict[str, str]:
    """The attributes of the Bearer challenge."""
    scheme, _, rest = answer.headers["www-authenticate"].partition(" ")
    assert scheme == "Bearer"
    pairs = (part.partition("=") for part in rest.split('", '))
    return {name.strip(): text.strip('"') for name, _, text in pairs}


async def test_no_token_is_401_without_an_error_code(site: Site) -> None:
    """RFC 6750 §3.1: "the resource server SHOULD NOT include an error code"."""
    answer = await site.call("/invoke/orders/whoami")
    assert answer.status_code == 401
    attributes = challenge(answer)
    assert attributes.pop("resource_metadata").endswith("/invoke/orders/whoami")
    assert attributes == {"realm": "gatewright", "scope": "orders"}
    assert answer.json()["error_description"]
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "token", ["x", "gw_at_x", "gw_rt_x", "ü", "a b", "gw_at_" + "0" * 50, "x" * 10000, "null", "undefined"]
)
async def test_a_bad_token_is_401_invalid_token(site: Site, token: str) -> None:
    answer = await site.http.get("/invoke/orders/whoami", headers={b"authorization": b"Bearer " + token.encode()})
    assert answer.status_code == 401
    assert challenge(answer)["error"] == "invalid_token"
    assert token not in answer.text


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "bearer", "Token x", "", "Bearerx", "DPoPx x"])
async def test_another_scheme_is_as_good_as_no_token(site: Site, header: str) -> None:
    answer = await site.call("/invoke/orders/whoami", headers={"authorization": header})
    assert answer.status_code == 401
    assert "error" not in challenge(answer)


async def test_the_scheme_is_read_in_any_case(site: Site) -> None:
    token = await site.access_token()
    answer = await site.call("/invoke/orders/whoami", headers={"authorization": f"bEARER  {token}"})
    assert answer.status_code == 200


async def test_a_refresh_token_opens_nothing(site: Site) -> None:
    answer = await site.call("/invoke/orders/whoami", (await site.tokens())["refresh_token"])
    assert answer.status_code == 401


async def test_an_expired_token_is_401(site: Site) -> None:
    token = await site.access_token()
    site.clock.forward(3599)
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 200
    site.clock.forward(1)
    answer = await site.call("/invoke/orders/whoami", token)
    assert (answer.status_code, challenge(answer)["error"]) == (401, "invalid_token")
    assert "expired" in answer.json()["error_description"]


async def test_a_scope_that_does_not_cover_the_service_is_403_naming_the_one_that_would(site: Site) -> None:
    answer = await site.call("/invoke/customers/find", await site.access_token(scope="orders"))
    assert answer.status_code == 403
    assert challenge(answer)["error"] == "insufficient_scope"
    assert challenge(answer)["scope"] == answer.json()["scope"] == "customers"
    assert "customers:find" in answer.json()["error_description"]


async def test_a_scope_of_a_template_opens_that_route_alone(site: Site) -> None:
    token = await site.access_token(seed.CHOSEN)
    assert (await site.call("/shop/orders/7", token)).json() == {"number": "7"}
    refused = [await site.call("/invoke/orders/get?number=7", token), await site.call("/shop/audit", token)]
    assert [answer.status_code for answer in refused] == [403, 403]


async def test_a_scope_of_a_folder_opens_services_and_routes_below_it(site: Site) -> None:
    token = await site.access_token(scope="orders")
    assert (await site.call("/shop/orders/7", token)).status_code == 200
    assert (await site.call("/invoke/orders/get?number=7", token)).status_code == 200
    assert (await site.call("/invoke/orders:get?number=7", token)).status_code == 200
    answer = await site.call("/invoke/orders/greet", token, method="POST", json={"name": "Ada"})
    assert answer.json() == {"greeting": "Hello, Ada"}


async def test_the_refusal_of_a_route_names_the_template(site: Site) -> None:
    answer = await site.call("/shop/orders/7", await site.access_token(scope="customers"))
    assert answer.status_code == 403
    assert "GET /shop/orders/{number}" in answer.json()["error_description"]


async def test_the_hint_is_the_scope_that_opens_least(site: Site) -> None:
    answer = await site.call("/shop/orders/7", await site.access_token(scope="customers"))
    assert answer.json()["scope"] == "route-only"


async def test_an_association_taken_away_ends_at_once(site: Site) -> None:
    token = await site.access_token(scope="orders")
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 200
    await site.associate(seed.LEDGER, "customers")
    answer = await site.call("/invoke/orders/whoami", token)
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    await site.associate(seed.LEDGER, "customers", "orders")
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 200


@pytest.mark.parametrize("whose", ["client", "user"])
async def test_a_disabled_client_or_user_is_refused_from_the_next_request_on(site: Site, whose: str) -> None:
    token = (await site.tokens())["access_token"]
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 200
    await (site.change_client(enabled=False) if whose == "client" else site.change_user(enabled=False))
    answer = await site.call("/invoke/orders/whoami", token)
    assert (answer.status_code, challenge(answer)["error"]) == (401, "invalid_token")


async def test_the_service_sees_who_called_but_not_the_token(site: Site) -> None:
    tokens = await site.tokens(scope="orders customers")
    answer = await site.call("/invoke/orders/whoami", tokens["access_token"])
    assert answer.json() == {
        "kind": "user",
        "subject": "id-of-ada",
        "client_id": seed.LEDGER,
        "scopes": ["orders", "customers"],
        "username": "ada",
        "actor": None,
    }


# ACLs


async def test_a_user_in_the_acls_group_may_call(site: Site) -> None:
    assert (await site.call("/invoke/orders/audit", (await site.tokens())["access_token"])).status_code == 200


async def test_someone_outside_the_acls_groups_is_403(site: Site) -> None:
    answer = await site.call("/invoke/orders/audit", await site.access_token())
    assert (answer.status_code, answer.json()["error"]) == (403, "access_denied")
    assert "ACL" in answer.json()["error_description"]


async def test_the_acl_holds_behind_a_url_template_too(site: Site) -> None:
    assert (await site.call("/shop/audit", await site.access_token())).status_code == 403


async def test_anonymous_in_the_acl_needs_no_token(site: Site) -> None:
    assert (await site.call("/invoke/open/ping")).json() == {"kind": "anonymous"}


async def test_a_bad_token_is_refused_even_where_none_is_needed(site: Site) -> None:
    assert (await site.call("/invoke/open/ping", "gw_at_bad")).status_code == 401


async def test_the_nearest_acl_wins_over_an_open_folder_above(site: Site) -> None:
    assert (await site.call("/invoke/open.staff/roster")).status_code == 401


async def test_an_acl_on_the_service_wins_over_its_folders(site: Site) -> None:
    await site.save_acl("orders", "nobody-is-in-this-one")
    await site.save_acl("orders:get", "Everybody")
    token = await site.access_token()
    assert (await site.call("/invoke/orders/get?number=7", token)).status_code == 200
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 403


async def test_a_changed_acl_holds_from_the_next_request_on(site: Site) -> None:
    token = await site.access_token()
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 200
    await site.save_acl("orders", "staff")
    assert (await site.call("/invoke/orders/whoami", token)).status_code == 403


# What is not there


async def test_a_service_that_does_not_exist_asks_for_a_token_first(site: Site) -> None:
    """Names cannot be tried out without one."""
    assert (await site.call("/invoke/orders/no-such")).status_code == 401
    assert (await site.call("/invoke/orders/no-such", await site.access_token())).status_code == 404


async def test_an_unknown_address_is_404_with_a_sentence(site: Site) -> None:
    answer = await site.call("/nothing/here")
    assert answer.status_code == 404
    assert answer.json()["error_description"]


async def test_another_method_of_a_template_is_405_naming_its_own(site: Site) -> None:
    answer = await site.call("/shop/orders/7", await site.access_token(), method="DELETE")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "GET" in answer.json()["error_description"]


async def test_invoke_answers_get_and_post_only(site: Site) -> None:
    answer = await site.call("/invoke/orders/get", await site.access_token(), method="PUT")
    assert answer.status_code == 405
    assert answer.json()["error_description"]


# RFC 6750's form parameter


async def test_the_token_may_come_as_a_form_parameter_and_is_no_input(site: Site) -> None:
    """RFC 6750 §2.2."""
    token = await site.access_token()
    answer = await site.http.post("/invoke/orders/place", data={"access_token": token, "item": "tea", "amount": "2"})
    assert answer.json() == {"item": "tea", "amount": 2}


async def test_a_token_in_the_header_and_the_form_is_refused(site: Site) -> None:
    """RFC 6750 §2: "Clients MUST NOT use more than one method"."""
    token = await site.access_token()
    answer = await site.call("/invoke/orders/place", token, method="POST", data={"access_token": token, "item": "tea"})
    assert (answer.status_code, challenge(answer)["error"]) == (400, "invalid_request")


async def test_two_tokens_in_the_form_are_refused(site: Site) -> None:
    token = await site.access_token()
    answer = await site.http.post("/invoke/orders/place", data={"access_token": [token, token], "item": "tea"})
    assert answer.status_code == 400


async def test_an_empty_token_in_the_form_is_a_bad_one(site: Site) -> None:
    answer = await site.http.post("/invoke/orders/place", data={"access_token": "", "item": "tea"})
    assert answer.status_code == 401


async def test_a_token_in_the_url_is_not_taken(site: Site) -> None:
    """RFC 9700 §4.3.2."""
    token = await site.access_token()
    assert (await site.call(f"/invoke/orders/whoami?access_token={token}")).status_code == 401


async def test_a_token_in_json_is_not_taken(site: Site) -> None:
    token = await site.access_token()
    assert (await site.http.post("/invoke/orders/whoami", json={"access_token": token})).status_code == 401


# Input


@pytest.mark.parametrize(
    ("options", "amount"),
    [
        ({"json": {"item": "tea", "amount": 3}}, 3),
        ({"data": {"item": "tea", "amount": "4"}}, 4),
        ({"files": {"item": (None, "tea"), "amount": (None, "5")}}, 5),
        ({"json": {"item": "tea"}}, 1),
    ],
)
async def test_json_form_and_multipart_inputs_are_read_alike(site: Site, options: dict, amount: int) -> None:
    answer = await site.call("/shop/orders", await site.access_token(), method="POST", **options)
    assert answer.json() == {"item": "tea", "amount": amount}


async def test_a_name_in_two_places_is_a_400(site: Site) -> None:
    token = await site.access_token()
    answer = await site.call("/shop/orders/7?number=8", token)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert "number" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{", 400),
        ("application/json", b"[1]", 400),
        ("application/json", b'{"item": "tea", "item": "milk"}', 400),
        ("application/json", b'{"item": 1}', 400),
        ("application/json", b'{"item": "\\ud800"}', 400),
        ("application/x-www-form-urlencoded", b"item=%ff", 400),
        ("multipart/form-data", b"x", 400),
        ("text/csv", b"a,b", 415),
    ],
)
async def test_a_body_that_cannot_be_read_is_a_4xx_with_a_sentence(
    site: Site, content_type: str, body: bytes, status: int
) -> None:
    token = await site.access_token()
    answer = await site.call(
        "/invoke/orders/place", token, method="POST", content=body, headers={"content-type": content_type}
    )
    assert answer.status_code == status
    assert answer.json()["detail"]


async def test_a_body_over_the_bound_is_413(site: Site) -> None:
    await site.change_settings(maximum_body_bytes=1024)
    answer = await site.call(
        "/invoke/orders/place", await site.access_token(), method="POST", json={"item": "x" * 2000}
    )
    assert answer.status_code == 413
    assert answer.json()["detail"]


async def test_a_browser_gets_a_page_that_says_which_check_refused(site: Site) -> None:
    answer = await site.call("/invoke/customers/find", await site.access_token(), headers={"accept": "text/html"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "insufficient_scope" in answer.text
    assert "customers" in answer.text


async def test_every_answer_carries_its_request_id(site: Site) -> None:
    answer = await site.call("/invoke/orders/whoami")
    assert answer.headers["x-request-id"] == answer.json()["reference"]
