"""Upstream services over HTTP: what reaches the API behind the guard, and what comes back."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from textwrap import dedent

import pytest
import pytest_asyncio
from joserfc import jwt
from joserfc.jwk import KeySet

from gatewright.admin import connections
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.services.connections import Secrets
from gatewright.services.errors import ServiceError
from gatewright.services.loader import Loader
from gatewright.store import activity
from gatewright.store import failing_runs
from gatewright.store import scopes
from gatewright.store.records import Scope
from tests.running import seed
from tests.running.site import Site
from tests.running.site import open_site
from tests.running.upstream import Received
from tests.running.upstream import StandIn
from tests.running.upstream import drop
from tests.running.upstream import plain
from tests.running.upstream import stand_in
from tests.services.conftest import ADA

__all__ = ["stand_in"]

TEMPLATES = """
    name: Erp
    version: 1.0.0
    secrets: [erp_key]
    url_templates:
      - {template: "GET /erp/{+path}", service: "orders:erp"}
      - {template: "POST /erp/{+path}", service: "orders:erp"}
      - {template: "PUT /erp/{+path}", service: "orders:erp"}
      - {template: "DELETE /erp/{+path}", service: "orders:erp"}
      - {template: "OPTIONS /erp/{+path}", service: "orders:erp"}
      - {template: "GET /crm/people/{id}", service: "orders.crm:person"}
      - {template: "POST /crm/people", service: "orders.crm:add"}
    """
ERP = """
    base_url: {url}/api/v2
    headers:
      send: [X-Tenant]
      receive: [X-Total]
      set: {{X-Source: gatewright}}
    caller: {{as: header}}
    breaker: {{failures: 3, seconds: 60}}
    retries: {{most: 1, backoff: 0}}
    """
CRM = """
    base_url: {url}
    query: [fields]
    operations:
      person: {{method: GET, path: "/v1/people/{{id}}"}}
      add: {{method: POST, path: "/v1/people", title: Add a person}}
    """


def write_package(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text))


@pytest_asyncio.fixture
async def erp(seeded: Path, tmp_path: Path, stand_in: StandIn) -> AsyncIterator[Site]:
    files = {
        "package.yaml": TEMPLATES,
        "services/orders/erp.upstream.yaml": ERP.format(url=stand_in.url),
        "services/orders/crm.upstream.yaml": CRM.format(url=stand_in.url),
    }
    write_package(tmp_path / "packages" / "Erp", files)
    catalogue = Loader(tmp_path / "packages").load()
    assert not catalogue.problems()
    site = await open_site(seeded, catalogue, tmp_path)
    yield site
    await site.parts.stop()


@pytest_asyncio.fixture
async def token(erp: Site) -> str:
    return await erp.access_token()


async def test_request_goes_on_and_the_answer_comes_back(erp: Site, stand_in: StandIn, token: str) -> None:
    stand_in.answers["/api/v2/orders/7"] = plain("200 OK", b'{"id":7}', "Content-Type: application/json", 'ETag: "a"')
    answer = await erp.call("/erp/orders/7?expand=lines&q=a%20b", token)
    assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, {"id": 7}, '"a"')
    assert (stand_in.last.method, stand_in.last.target) == ("GET", "/api/v2/orders/7?expand=lines&q=a%20b")
    assert stand_in.last.header("host") == f"127.0.0.1:{stand_in.port}"
    assert stand_in.last.header("x-source") == "gatewright"
    assert stand_in.last.header("x-request-id") == answer.headers["x-request-id"]


async def test_upstream_is_behind_the_guard(erp: Site, stand_in: StandIn) -> None:
    assert (await erp.call("/erp/orders/7")).status_code == 401
    only_customers = await erp.access_token(scope="customers")
    assert (await erp.call("/erp/orders/7", only_customers)).status_code == 403
    assert stand_in.received == []


async def test_scope_that_lists_one_template_opens_that_one_alone(erp: Site, stand_in: StandIn) -> None:
    scope = Scope(name="read-erp", url_templates=("GET /erp/{+path}",))
    await erp.parts.database.write(scopes.insert, scope, erp.clock())
    await erp.associate(seed.LEDGER, "read-erp")
    narrow = await erp.access_token(scope="read-erp")
    assert (await erp.call("/erp/a/b", narrow)).status_code == 200
    assert (await erp.call("/erp/a/b", narrow, method="DELETE")).status_code == 403
    assert (await erp.call("/crm/people/1", narrow)).status_code == 403
    assert [each.method for each in stand_in.received] == ["GET"]


async def test_what_authenticates_or_tells_of_the_way_never_passes(erp: Site, stand_in: StandIn, token: str) -> None:
    given = {
        "Cookie": "gw=1", "DPoP": "x", "Forwarded": "for=1", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "evil",
        "X-Real-IP": "1", "Proxy-Authorization": "Basic x", "TE": "trailers", "X-Tenant": "acme", "X-Other": "1",
        "Gatewright-Caller": "forged", "X-Source": "forged", "Connection": "X-Tenant2", "Accept": "application/json",
    }  # fmt: skip
    await erp.call("/erp/a", token, headers=given)
    names = {name for name, _ in stand_in.last.headers}
    assert names == {
        "host", "via", "x-request-id", "accept", "accept-encoding", "x-tenant", "x-source", "gatewright-caller",
    }  # fmt: skip
    assert stand_in.last.header("x-source") == "gatewright"
    assert stand_in.last.header("gatewright-caller") != "forged"
    assert token not in repr(stand_in.last)


async def test_header_that_connection_names_stays_behind(erp: Site, stand_in: StandIn, token: str) -> None:
    await erp.call("/erp/a", token, headers={"X-Tenant": "acme", "Connection": "close, X-Tenant"})
    assert stand_in.last.header("x-tenant") is None


async def test_token_in_the_query_or_form_never_passes(erp: Site, stand_in: StandIn, token: str) -> None:
    await erp.call("/erp/a?access_token=secret&b=1", token)
    assert stand_in.last.target == "/api/v2/a?b=1"
    answer = await erp.http.post("/erp/a", data={"access_token": token, "x": "1 2"})
    assert answer.status_code == 200
    assert stand_in.last.body == b"x=1+2"


async def test_answers_headers_pass_only_when_listed(erp: Site, stand_in: StandIn, token: str) -> None:
    stand_in.answers["/api/v2/a"] = plain(
        "200 OK", b"<script>", "Content-Type: text/html", "Set-Cookie: gw_session=1", "X-Total: 5", "X-Internal: 1",
        "Access-Control-Allow-Origin: https://evil.example", "Strict-Transport-Security: max-age=1", "Server: x",
        "Connection: keep-alive, ETag", "ETag: W/1", "Clear-Site-Data: *", "Cache-Control: max-age=5",
    )  # fmt: skip
    answer = await erp.call("/erp/a", token)
    assert set(answer.headers) == {
        "content-type", "content-length", "x-request-id", "x-total", "cache-control", "content-security-policy",
        "x-content-type-options",
    }  # fmt: skip
    assert answer.headers["content-security-policy"].startswith("sandbox")


async def test_answer_is_not_to_be_stored_unless_the_upstream_says_so(erp: Site, stand_in: StandIn, token: str) -> None:
    assert (await erp.call("/erp/a", token)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "status",
    [
        "200 OK",
        "201 Created",
        "304 Not Modified",
        "403 Forbidden",
        "404 Not Found",
        "418 I'm a teapot",
        "500 Internal Server Error",
    ],
)
async def test_status_passes_through(erp: Site, stand_in: StandIn, token: str, status: str) -> None:
    body = b"" if status.startswith("304") else b'{"of":"theirs"}'
    stand_in.answers["/api/v2/a"] = plain(status, body, length=bool(body))
    answer = await erp.call("/erp/a", token)
    assert (answer.status_code, answer.content) == (int(status[:3]), body)


@pytest.mark.parametrize("status", ["401 Unauthorized", "407 Proxy Authentication Required"])
async def test_refusal_of_our_credentials_never_looks_like_ours(
    erp: Site, stand_in: StandIn, token: str, status: str
) -> None:
    stand_in.answers["/api/v2/a"] = plain(status, b"{}", 'WWW-Authenticate: Bearer realm="erp"')
    answer = await erp.call("/erp/a", token)
    assert (answer.status_code, answer.json()["title"]) == (502, "The upstream refused this server")
    assert "www-authenticate" not in answer.headers


async def test_conditions_ranges_and_methods_pass(erp: Site, stand_in: StandIn, token: str) -> None:
    stand_in.answers["/api/v2/file"] = plain("206 Partial Content", b"bcd", "Content-Range: bytes 1-3/9")
    answer = await erp.call("/erp/file", token, headers={"Range": "bytes=1-3", "If-None-Match": '"x"'})
    assert (answer.status_code, answer.content, answer.headers["content-range"]) == (206, b"bcd", "bytes 1-3/9")
    assert (stand_in.last.header("range"), stand_in.last.header("if-none-match")) == ("bytes=1-3", '"x"')
    for method in ("HEAD", "PUT", "DELETE", "OPTIONS"):
        await erp.call("/erp/any", token, method=method)
        assert (stand_in.last.method, stand_in.last.path) == (method, "/api/v2/any")


async def test_head_tells_the_length_and_has_no_body(erp: Site, stand_in: StandIn, token: str) -> None:
    stand_in.answers["/api/v2/a"] = plain("200 OK", b"x" * 70)
    answer = await erp.call("/erp/a", token, method="HEAD")
    assert (answer.headers["content-length"], answer.content) == ("70", b"")


async def test_preflight_is_ours_even_where_options_is_a_template(erp: Site, stand_in: StandIn) -> None:
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    answer = await erp.http.request("OPTIONS", "/erp/a", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (204, "*")
    assert stand_in.received == []


async def test_operation_takes_its_variables_and_the_listed_query(erp: Site, stand_in: StandIn, token: str) -> None:
    await erp.call("/crm/people/a%20b?fields=name&debug=1", token)
    assert stand_in.last.target == "/v1/people/a%20b?fields=name"
    await erp.call("/invoke/orders.crm/person?id=7", token)
    assert (stand_in.last.method, stand_in.last.target) == ("GET", "/v1/people/7")
    added = await erp.http.post("/crm/people", json={"name": "Ada"}, headers={"Authorization": f"Bearer {token}"})
    assert added.status_code == 200
    assert (stand_in.last.method, stand_in.last.body) == ("POST", b'{"name":"Ada"}')
    assert stand_in.last.header("content-length") == "14"


@pytest.mark.parametrize(
    "value", ["..", ".", "", "a%2Fb", "a%5Cb", "..%2F..%2Fadmin", "%252e%252e", "..;x", "a%00b", "a%0d%0ab"]
)
async def test_variable_leads_nowhere_else(erp: Site, stand_in: StandIn, token: str, value: str) -> None:
    by_query = await erp.raw(
        "GET",
        b"/invoke/orders.crm/person",
        query=f"id={value}".encode(),
        headers=[(b"authorization", b"Bearer " + token.encode())],
    )
    by_path = await erp.raw(
        "GET", f"/crm/people/{value}".encode(), headers=[(b"authorization", b"Bearer " + token.encode())]
    )
    assert (by_query.status, by_path.status) == (400, 404)
    assert stand_in.received == []


async def test_safe_request_runs_no_operation_that_is_not(erp: Site, stand_in: StandIn, token: str) -> None:
    assert (await erp.call("/invoke/orders.crm/add", token)).status_code == 405
    assert stand_in.received == []


async def test_variable_given_twice_is_refused(erp: Site, stand_in: StandIn, token: str) -> None:
    assert (await erp.call("/crm/people/1?id=2", token)).status_code == 400
    assert (await erp.call("/invoke/orders.crm/person?id=1&id=2", token)).status_code == 400
    assert stand_in.received == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("{url}/api/v2/orders/8", "/erp/orders/8"),
        ("/api/v2/orders/8?x=1", "/erp/orders/8?x=1"),
        ("https://elsewhere.example/x", "https://elsewhere.example/x"),
        ("8", "8"),
        ("{url}/admin", None),
        ("/admin", None),
        ("//evil.example/", None),
    ],
)
async def test_location_means_something_to_the_caller_or_is_left_out(
    erp: Site, stand_in: StandIn, token: str, given: str, expected: str | None
) -> None:
    stand_in.answers["/api/v2/orders"] = plain("201 Created", b"{}", f"Location: {given.format(url=stand_in.url)}")
    answer = await erp.call("/erp/orders", token, method="POST", json={})
    assert answer.headers.get("location") == expected


async def test_redirect_is_not_followed(erp: Site, stand_in: StandIn, token: str) -> None:
    stand_in.answers["/api/v2/a"] = plain("302 Found", b"", "Location: http://169.254.169.254/latest")
    assert (await erp.call("/erp/a", token)).status_code == 302
    assert len(stand_in.received) == 1


async def test_body_over_the_limit_is_refused_before_the_upstream_is_asked(
    erp: Site, stand_in: StandIn, token: str
) -> None:
    await erp.change_settings(maximum_body_bytes=1024)
    answer = await erp.call("/erp/a", token, method="PUT", content=b"x" * 1025)
    assert (answer.status_code, stand_in.received) == (413, [])


async def test_body_that_grows_over_the_limit_is_refused_and_no_failure_of_the_upstream(
    erp: Site, stand_in: StandIn, token: str
) -> None:
    await erp.change_settings(maximum_body_bytes=1024)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(8):
            yield b"x" * 500

    for _ in range(4):  # more than the breaker would stand
        assert (await erp.call("/erp/a", token, method="PUT", content=pieces())).status_code == 413
    assert (await erp.call("/erp/b", token)).status_code == 200


async def test_broken_connection_is_502_and_opens_the_breaker(erp: Site, stand_in: StandIn, token: str) -> None:
    stand_in.answers["/api/v2/a"] = drop
    for _ in range(3):
        answer = await erp.call("/erp/a", token, method="POST", content=b"x")
        assert (answer.status_code, answer.json()["title"]) == (502, "The upstream cannot be reached")
        assert stand_in.url not in answer.text
    refused = await erp.call("/erp/b", token)
    assert (refused.status_code, refused.json()["title"]) == (503, "The upstream is not available")
    assert int(refused.headers["retry-after"]) > 1
    assert len(stand_in.received) == 3
    assert (await erp.call("/crm/people/1", token)).status_code == 200


async def test_upstreams_refusals_are_counted_and_failures_are_kept_as_failing_runs(
    erp: Site, stand_in: StandIn, token: str
) -> None:
    stand_in.answers["/api/v2/orders/7"] = plain("404 Not Found", b"")
    await erp.call("/erp/orders/7", token)
    stand_in.answers["/api/v2/orders/8"] = drop
    failed = await erp.call("/erp/orders/8", token)
    await erp.parts.reporter.flush()
    counted = (await erp.parts.database.read(activity.ever, "service"))["orders:erp"]
    assert (counted.count, counted.errors) == (2, {"404": 1, "502": 1})
    (run,) = await erp.parts.database.read(failing_runs.of_request, failed.headers["x-request-id"])
    assert (run.service, run.status, run.input) == ("orders:erp", 502, {"method": "GET", "path": {"path": "orders/8"}})


async def test_loop_through_the_server_itself_is_ended(erp: Site, stand_in: StandIn, token: str) -> None:
    answer = await erp.call("/erp/a", token, headers={"Via": "1.1 gatewright, 1.1 gatewright, 1.1 gatewright"})
    assert (answer.status_code, stand_in.received) == (508, [])


async def test_length_and_transfer_encoding_cannot_be_smuggled(erp: Site, stand_in: StandIn, token: str) -> None:
    headers = {"Transfer-Encoding": "chunked", "Connection": "Content-Length", "Content-Type": "text/plain"}

    smuggled = b"0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n"

    async def piece() -> AsyncIterator[bytes]:
        yield smuggled

    await erp.call("/erp/a", token, method="POST", headers=headers, content=piece())
    assert len(stand_in.received) == 1
    assert stand_in.last.body == smuggled
    assert stand_in.last.header("transfer-encoding") == "chunked"
    assert stand_in.last.header("content-length") is None


async def test_upstream_is_told_who_calls_by_a_token_that_our_keys_verify(
    erp: Site, stand_in: StandIn, token: str
) -> None:
    await erp.call("/erp/a", token)
    text = stand_in.last.header("gatewright-caller")
    assert text is not None
    keys = KeySet.import_key_set((await erp.http.get("/oauth/jwks")).json())
    decoded = jwt.decode(text, keys, algorithms=["ES256"])
    claims = decoded.claims
    assert decoded.header["typ"] == "caller+jwt"
    assert (claims["iss"], claims["aud"]) == (erp.parts.server.issuer, stand_in.url)
    assert (claims["sub"], claims["client_id"], claims["scope"]) == (seed.LEDGER, seed.LEDGER, "orders")
    assert claims["exp"] - claims["iat"] == 60
    assert (await erp.call("/erp/a", text)).status_code == 401


async def test_callers_token_is_another_for_another_caller_and_after_its_half_life(
    erp: Site, stand_in: StandIn, token: str
) -> None:
    async def told(access_token: str) -> str | None:
        await erp.call("/erp/a", access_token)
        return stand_in.last.header("gatewright-caller")

    first = await told(token)
    assert await told(token) == first
    assert await told(await erp.access_token(seed.RIVAL)) != first
    erp.clock.forward(31)
    assert await told(token) != first


async def test_anonymous_caller_has_no_token_and_cannot_bring_one(erp: Site, stand_in: StandIn) -> None:
    await erp.save_acl("orders:erp", "Anonymous")
    assert (await erp.call("/erp/a", headers={"Gatewright-Caller": "forged"})).status_code == 200
    assert stand_in.last.header("gatewright-caller") is None


async def call(erp: Site, service: str, /, **values: object) -> object:
    return await erp.parts.runtime.invoke(erp.parts.catalogue, service, values, ADA)


async def test_call_by_name_takes_path_query_and_body_from_the_input(erp: Site, stand_in: StandIn) -> None:
    stand_in.answers["/v1/people/7"] = plain("200 OK", b'{"name":"Ada"}', "Content-Type: application/json")
    assert await call(erp, "orders.crm:person", id=7, fields=["name", "age"]) == {"name": "Ada"}
    assert stand_in.last.target == "/v1/people/7?fields=name&fields=age"
    await call(erp, "orders.crm:add", name="Ada")
    assert (stand_in.last.body, stand_in.last.header("content-type")) == (b'{"name":"Ada"}', "application/json")
    assert await call(erp, "orders:erp", method="PUT", path="a/b", query={"x": True}, body=[1]) == "{}"
    assert (stand_in.last.method, stand_in.last.target) == ("PUT", "/api/v2/a/b?x=true")
    assert stand_in.last.body == b"[1]"


@pytest.mark.parametrize(("status", "expected"), [("404 Not Found", 404), ("401 Unauthorized", 502), ("500 Oh", 500)])
async def test_call_by_name_ends_in_the_upstreams_refusal(
    erp: Site, stand_in: StandIn, status: str, expected: int
) -> None:
    stand_in.answers["/v1/people/7"] = plain(status, b'{"why":"gone"}', "Content-Type: application/json")
    with pytest.raises(ServiceError) as caught:
        await call(erp, "orders.crm:person", id=7)
    assert caught.value.status == expected


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("orders.crm:person", {}),
        ("orders.crm:person", {"id": "../x"}),
        ("orders.crm:person", {"id": 1, "fields": {"a": 1}}),
        ("orders:erp", {"method": "TRACE"}),
        ("orders:erp", {"path": "../admin"}),
        ("orders:erp", {"query": "a=1"}),
    ],
)
async def test_call_by_name_refuses_what_does_not_fit(
    erp: Site, stand_in: StandIn, name: str, values: dict[str, object]
) -> None:
    with pytest.raises(ServiceError) as caught:
        await call(erp, name, **values)
    assert (caught.value.status, stand_in.received) == (400, [])


async def test_broken_document_disables_its_service_and_nothing_else(erp: Site, tmp_path: Path, token: str) -> None:
    folder = tmp_path / "packages" / "Erp"
    (folder / "services" / "orders" / "erp.upstream.yaml").write_text("base_url: nowhere")
    erp.parts.catalogue = Loader(tmp_path / "packages").load()
    (problem,) = erp.parts.catalogue.problems()
    assert (problem.file, problem.line) == ("Erp/services/orders/erp.upstream.yaml", 1)
    assert (await erp.call("/erp/a", token)).status_code == 503
    assert (await erp.call("/crm/people/1", token)).status_code == 200


async def test_secret_that_is_not_there_is_told_to_the_log_alone(
    erp: Site, stand_in: StandIn, tmp_path: Path, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = (
        f"base_url: {stand_in.url}\nheaders: {{set: {{Authorization: {{secret: erp_key, before: 'Bearer '}}}}}}\n"
    )
    (tmp_path / "packages" / "Erp" / "services" / "orders" / "erp.upstream.yaml").write_text(document)
    erp.parts.catalogue = Loader(tmp_path / "packages").load()
    answer = await erp.call("/erp/a", token)
    assert (answer.status_code, "erp_key" in answer.text, stand_in.received) == (503, False, [])
    monkeypatch.setenv("GATEWRIGHT_SECRET_ERP_KEY", "k3y")
    assert (await erp.call("/erp/a", token)).status_code == 200
    assert stand_in.last.header("authorization") == "Bearer k3y"
    monkeypatch.setenv("GATEWRIGHT_SECRET_ERP_KEY", "k3y\r\nX-Evil: 1")
    assert (await erp.call("/erp/a", token)).status_code == 503


async def test_exchanged_token_goes_in_place_of_the_callers_own(
    erp: Site, stand_in: StandIn, tmp_path: Path, token: str
) -> None:
    document = f"base_url: {stand_in.url}\ncaller: {{as: token, audience: 'https://erp.example'}}\n"
    (tmp_path / "packages" / "Erp" / "services" / "orders" / "erp.upstream.yaml").write_text(document)
    erp.parts.catalogue = Loader(tmp_path / "packages").load()
    await erp.call("/erp/a", token)
    scheme, _, text = (stand_in.last.header("authorization") or "").partition(" ")
    keys = KeySet.import_key_set((await erp.http.get("/oauth/jwks")).json())
    decoded = jwt.decode(text, keys, algorithms=["ES256"])
    assert (scheme, decoded.header["typ"], decoded.claims["aud"]) == ("Bearer", "at+jwt", "https://erp.example")
    assert (await erp.call("/erp/a", text)).status_code == 401
    assert not await erp.is_active(text)


async def connect(erp: Site, stand_in: StandIn, tmp_path: Path, secret: str = "s3cret", **fields: object) -> None:
    """Keep a connection to the stand-in, and let the upstream use it."""
    await erp.change_settings(fetch_private_hosts=[f"127.0.0.1:{stand_in.port}"])
    given = {"name": "far", "hosts": [f"127.0.0.1:{stand_in.port}"], **fields}
    connection = connections.read_connection(given, connections.NEW)
    by = By(Actor("root"), erp.clock(), lambda: erp.parts.sealer)
    await erp.parts.database.write(connections.create, by, connection, Secrets(secret, ""))
    document = f"base_url: {stand_in.url}\nauthentication: {{use: far}}\nheaders: {{set: {{Authorization: fixed}}}}\n"
    (tmp_path / "packages" / "Erp" / "services" / "orders" / "erp.upstream.yaml").write_text(document)
    erp.parts.catalogue = Loader(tmp_path / "packages").load()


async def test_connection_gives_the_credentials(erp: Site, stand_in: StandIn, tmp_path: Path, token: str) -> None:
    await connect(erp, stand_in, tmp_path, kind="basic", username="me")
    assert (await erp.call("/erp/a?x=1", token)).status_code == 200
    assert stand_in.last.header("authorization") == "Basic bWU6czNjcmV0"
    assert erp.parts.catalogue.services["orders:erp"].connections == {"far"}


async def test_key_in_the_query_goes_after_the_callers(
    erp: Site, stand_in: StandIn, tmp_path: Path, token: str
) -> None:
    await connect(erp, stand_in, tmp_path, kind="api_key", place="query", parameter="key")
    assert (await erp.call("/erp/a?x=1", token)).status_code == 200
    assert stand_in.last.target == "/a?x=1&key=s3cret"


async def test_oauth_token_is_got_once_and_again_when_the_upstream_refuses_it(
    erp: Site, stand_in: StandIn, tmp_path: Path, token: str
) -> None:
    given = iter(["first", "second"])

    async def tokens(received: Received, writer: asyncio.StreamWriter) -> None:
        body = b'{"access_token":"%s","token_type":"Bearer","expires_in":3600}' % next(given).encode()
        await plain("200 OK", body, "Content-Type: application/json")(received, writer)

    async def api(received: Received, writer: asyncio.StreamWriter) -> None:
        accepted = received.header("authorization") == "Bearer second"
        await plain("200 OK" if accepted else "401 Unauthorized")(received, writer)

    stand_in.answers |= {"/token": tokens, "/a": api}
    endpoint = f"{stand_in.url}/token"
    await connect(erp, stand_in, tmp_path, kind="client_credentials", token_endpoint=endpoint, client_id="me")
    assert [(await erp.call("/erp/a", token)).status_code for _ in range(2)] == [200, 200]
    assert [each.path for each in stand_in.received] == ["/token", "/a", "/token", "/a", "/a"]


async def test_connection_that_is_not_there_is_told_to_the_log_alone(
    erp: Site, stand_in: StandIn, tmp_path: Path, token: str
) -> None:
    await connect(erp, stand_in, tmp_path, kind="bearer", packages=["Other"])
    answer = await erp.call("/erp/a", token)
    assert (answer.status_code, answer.json()["title"]) == (503, "The upstream is not set up")
    assert stand_in.received == []
