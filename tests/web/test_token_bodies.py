"""How parameters reach the OAuth endpoints: bodies of three kinds, the URL by setting, none of them twice."""

import json

import httpx
import pytest

from tests.running import seed
from tests.running.site import Site
from tests.running.site import basic

GRANT = {"grant_type": "client_credentials", "scope": "orders"}
FORM = "application/x-www-form-urlencoded"
COMPATIBLE = "/invoke/pub.oauth/getToken"


async def send(
    site: Site, body: str | bytes, content_type: str, path: str = "/oauth/token", **options: str
) -> httpx.Response:
    headers = {**basic(seed.LEDGER), "content-type": content_type, **options}
    return await site.http.post(path, content=body, headers=headers)


def problem(answer: httpx.Response) -> tuple[int, str]:
    assert answer.json()["error_description"]
    return answer.status_code, answer.json()["error"]


async def test_form_multipart_and_json_bodies_are_read_alike(site: Site) -> None:
    headers = basic(seed.LEDGER)
    files = {name: (None, text) for name, text in GRANT.items()}
    answers = [
        await site.http.post("/oauth/token", data=GRANT, headers=headers),
        await site.http.post("/oauth/token", json=GRANT, headers=headers),
        await site.http.post("/oauth/token", files=files, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert {answer.json()["scope"] for answer in answers} == {"orders"}


async def test_the_secret_may_stand_in_each_kind_of_body(site: Site) -> None:
    fields = {**GRANT, "client_id": seed.LEDGER, "client_secret": seed.SECRETS[seed.LEDGER]}
    files = {name: (None, text) for name, text in fields.items()}
    for options in ({"data": fields}, {"json": fields}, {"files": files}):
        assert (await site.http.post("/oauth/token", **options)).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [FORM, f"{FORM}; charset=UTF-8", FORM.upper(), f"{FORM};charset=utf-8 ; x=y"],
)
async def test_the_content_types_parameters_and_case_do_not_matter(site: Site, content_type: str) -> None:
    assert (await send(site, "grant_type=client_credentials", content_type)).status_code == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/json5"])
async def test_another_content_type_is_refused_and_the_accepted_ones_are_named(site: Site, content_type: str) -> None:
    answer = await send(site, "grant_type=client_credentials", content_type)
    assert problem(answer) == (400, "invalid_request")
    assert FORM in answer.json()["error_description"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("grant_type=client_credentials&scope=orders&scope=orders", FORM),
        ("grant_type=client_credentials&grant_type=password", FORM),
        ("grant_type=client_credentials&scope=&scope=orders", FORM),
        ("grant_type=client_credentials&unknown=1&unknown=2", FORM),
        ("grant_type=client_credentials&%73cope=orders&scope=customers", FORM),
        ('{"grant_type": "client_credentials", "scope": "orders", "scope": "customers"}', "application/json"),
        ('{"grant_type": "client_credentials", "sc\\u006fpe": "orders", "scope": "orders"}', "application/json"),
    ],
)
async def test_a_parameter_given_twice_is_refused(site: Site, body: str, content_type: str) -> None:
    """RFC 6749 §3.2."""
    answer = await send(site, body, content_type)
    assert problem(answer) == (400, "invalid_request")
    assert "twice" in answer.json()["error_description"]


async def test_a_multipart_parameter_given_twice_is_refused(site: Site) -> None:
    files = [("grant_type", (None, "client_credentials")), ("scope", (None, "a")), ("scope", (None, "b"))]
    answer = await site.http.post("/oauth/token", files=files, headers=basic(seed.LEDGER))
    assert problem(answer) == (400, "invalid_request")


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        '"grant_type"',
        "null",
        "{",
        "",
        '{"grant_type": ["client_credentials"]}',
        '{"grant_type": {"a": 1}}',
        '{"grant_type": 1.5}',
        '{"grant_type": NaN}',
        '{"grant_type": "client_credentials", "scope": "\\ud800"}',
        '{"grant_type": "client_credentials", "scope": "a\\u0000b"}',
        '{"grant_type": "client_credentials", "\\udfff": ""}',
        "[" * 30000,
        '{"a":' * 10000 + "1" + "}" * 10000,
        '{"a": ' + "9" * 5000 + "}",
        "\ufeff{}",
    ],
)
async def test_malformed_json_is_refused(site: Site, body: str) -> None:
    assert problem(await send(site, body, "application/json")) == (400, "invalid_request")


async def test_numbers_in_json_count_as_their_digits_and_null_as_absent(site: Site) -> None:
    body = json.dumps({"grant_type": "client_credentials", "token_label": 7, "scope": None})
    answer = await send(site, body, "application/json", COMPATIBLE)
    assert (answer.json()["token_label"], answer.json()["scope"]) == ("7", "orders")


@pytest.mark.parametrize("body", [b"grant_type=\xff", b"grant_type=%ff", b"\xc3=1", b"a=%c3%28"])
async def test_a_form_that_is_not_utf8_is_refused(site: Site, body: bytes) -> None:
    assert problem(await send(site, body, FORM)) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"--b\r\n", "multipart/form-data; boundary=b"),
        (b"", "multipart/form-data; boundary=b"),
        (b"garbage", "multipart/form-data; boundary=b"),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b"),
        (b"--b--\r\n", "multipart/form-data"),
        (b"--b--\r\n", "multipart/form-data; boundary="),
        (b"--b--\r\n", "multipart/form-data; boundary=" + "b" * 3000),
        (
            b'--b\r\nContent-Disposition: form-data; name="grant_type"; filename="x"\r\n\r\nclient_credentials\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="grant_type"\r\n\r\n\xff\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
        ),
    ],
)
async def test_malformed_multipart_is_refused(site: Site, body: bytes, content_type: str) -> None:
    assert problem(await send(site, body, content_type)) == (400, "invalid_request")


async def test_a_body_over_the_bound_is_refused_unread(site: Site) -> None:
    answer = await send(site, "x=" + "y" * 70000, FORM)
    assert problem(answer) == (413, "invalid_request")
    assert "65536" in answer.json()["error_description"]


async def test_a_body_over_the_bound_in_many_pieces_is_refused(site: Site) -> None:
    pieces = [{"type": "http.request", "body": b"x" * 10000, "more_body": True} for _ in range(100)]
    answer = await site.raw("POST", b"/oauth/token", headers=[(b"content-type", FORM.encode())], messages=pieces)
    assert answer.status == 413
    assert len(pieces) > 90  # it stopped reading there


async def test_more_than_200_parameters_are_refused(site: Site) -> None:
    body = "&".join(f"p{number}=" for number in range(201))
    assert problem(await send(site, body, FORM)) == (400, "invalid_request")


async def test_half_a_body_is_never_taken_for_the_whole(site: Site) -> None:
    """The client went away: what it sent so far may mean something else than the whole."""
    pieces = [
        {"type": "http.request", "body": b"grant_type=client_credentials&scope=or", "more_body": True},
        {"type": "http.disconnect"},
    ]
    header = basic(seed.LEDGER)["authorization"].encode()
    headers = [(b"content-type", FORM.encode()), (b"authorization", header)]
    answer = await site.raw("POST", b"/oauth/token", headers=headers, messages=pieces)
    assert (answer.status, answer.body) == (0, b"")


URL = "?grant_type=client_credentials&scope=orders"


@pytest.mark.parametrize(
    ("setting", "path", "served"),
    [
        ("never", "/oauth/token", False),
        ("never", COMPATIBLE, False),
        ("compatibility", "/oauth/token", False),
        ("compatibility", COMPATIBLE, True),
        ("always", "/oauth/token", True),
        ("always", COMPATIBLE, True),
    ],
)
async def test_parameters_in_the_url_are_taken_as_the_setting_says(
    site: Site, setting: str, path: str, served: bool
) -> None:
    await site.change_settings(token_parameters_in_url=setting)
    answer = await site.http.post(path + URL, headers=basic(seed.LEDGER))
    if served:
        assert answer.json()["scope"] == "orders"
    else:
        assert problem(answer) == (400, "invalid_request")
        assert "token_parameters_in_url" in answer.json()["error_description"]


async def test_other_parameters_in_the_url_do_no_harm(site: Site) -> None:
    answer = await site.http.post("/oauth/token?tracking=1", data=GRANT, headers=basic(seed.LEDGER))
    assert answer.status_code == 200


async def test_url_and_body_may_agree_but_not_differ(site: Site) -> None:
    await site.change_settings(token_parameters_in_url="always")
    headers = basic(seed.LEDGER)
    agreed = await site.http.post("/oauth/token?scope=orders", data=GRANT, headers=headers)
    assert agreed.status_code == 200
    differing = await site.http.post("/oauth/token?scope=customers", data=GRANT, headers=headers)
    assert problem(differing) == (400, "invalid_request")
    assert "scope" in differing.json()["error_description"]


async def test_a_parameter_twice_in_the_url_is_refused(site: Site) -> None:
    answer = await site.http.post(f"{COMPATIBLE}{URL}&scope=orders", headers=basic(seed.LEDGER))
    assert problem(answer) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/introspect", "/oauth/revoke"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD", "TRACE", "MADE-UP"])
async def test_the_standard_endpoints_answer_post_only(site: Site, path: str, method: str) -> None:
    answer = await site.http.request(method, path)
    assert answer.status_code == 405
    assert "POST" in answer.headers["allow"]
    if method != "HEAD":
        assert "POST" in answer.json()["error_description"]
