"""Connections in a running server: what goes out, to whom, and how tokens are got, kept and renewed."""

import asyncio
import base64
import json
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from gatewright.admin import connections as operations
from gatewright.admin.actor import Actor
from gatewright.admin.actor import By
from gatewright.flow import Trace
from gatewright.kernel.errors import GatewrightError
from gatewright.services.caller import Caller
from gatewright.services.connections import Secrets
from gatewright.services.errors import ServiceError
from gatewright.services.loader import Loader
from gatewright.store import connections as store
from tests.running.remote import Remote
from tests.running.site import Site

ADMIN = Caller(kind="user", subject="u0", groups=frozenset(["Administrators"]))
OAUTH = {"client_id": "me", "scopes": ["read"]}
FLOW = """
document: {{dsl: '1.0.3', namespace: shop, name: flow, version: '1.0.0'}}
do:
  - ask: {{call: http, with: {{method: get, endpoint: {{uri: '{uri}', authentication: {{use: far}}}}, output: response}}}}
"""


class Far:
    """Another server with an API and a token endpoint, the connection `far` to it, and a flow that calls through it."""

    def __init__(self, site: Site, remote: Remote) -> None:
        self.site, self.remote = site, remote
        self.host = f"127.0.0.1:{remote.port}"
        self.more = ""

    async def connect(self, kind: str, secret: str = "s3cret", refresh_token: str = "", **fields: Any) -> None:
        given = {"name": "far", "kind": kind, "hosts": [self.host], **fields}
        if kind in ("client_credentials", "refresh_token"):
            given = {"token_endpoint": f"{self.remote.url}/token", **OAUTH, **given}
        connection = operations.read_connection(given, operations.NEW)
        secrets = Secrets(secret, refresh_token)
        await self.site.parts.database.write(operations.create, self.by(), connection, secrets)

    def by(self) -> By:
        return By(Actor("root"), self.site.clock(), lambda: self.site.parts.sealer)

    async def call(self, path: str = "/api", site: Site | None = None, trace: Trace | None = None) -> Any:
        site = site or self.site
        file = site.parts.packages_folder / "Far/services/far/ask.flow.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        uri = path if path.startswith("http") else self.remote.url + path
        file.write_text(FLOW.format(uri=uri))
        (site.parts.packages_folder / "Far/package.yaml").write_text(f"name: Far\nversion: 1.0.0\n{self.more}")
        catalogue = Loader(site.parts.packages_folder).load()
        return await site.parts.runtime.invoke(catalogue, "far:ask", {}, ADMIN, trace=trace)

    def give_token(self, token: str, **more: Any) -> None:
        self.remote.put("/token", {"access_token": token, "token_type": "Bearer", "expires_in": 3600, **more})

    def tokens_asked(self) -> int:
        return self.remote.paths().count("/token")


@pytest_asyncio.fixture
async def far(site: Site, remote: Remote) -> Far:
    await site.change_settings(fetch_private_hosts=("127.0.0.1",))
    remote.put("/api", {"ok": True})
    return Far(site, remote)


async def refusal(sent: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        await sent
    return caught.value


@pytest.mark.parametrize(
    ("kind", "fields", "path", "header", "expected"),
    [
        ("basic", {"username": "ada"}, "/api", "authorization", "Basic " + base64.b64encode(b"ada:s3cret").decode()),
        ("bearer", {}, "/api", "authorization", "Bearer s3cret"),
        ("api_key", {"parameter": "X-Key"}, "/api", "x-key", "s3cret"),
        ("api_key", {"parameter": "key", "place": "query"}, "/api?key=s3cret", "x-key", None),
    ],
)
async def test_a_stored_credential_goes_out_and_the_flow_never_sees_it(far, kind, fields, path, header, expected):
    far.remote.put("/api?key=s3cret", {"ok": True})
    await far.connect(kind, **fields)
    trace = Trace()
    output = await far.call(trace=trace)
    assert (far.remote.paths(), far.remote.asked[0].headers.get(header)) == ([path], expected)
    assert "s3cret" not in json.dumps(output)
    assert "s3cret" not in str(trace.records)


async def test_credentials_go_to_no_other_host(far):
    await far.connect("bearer", hosts=["api.example"])
    error = await refusal(far.call())
    assert (error.status, "is for api.example alone" in error.detail, far.remote.asked) == (502, True, [])


@pytest.mark.parametrize(
    "uri", ["http://api.example\\@{host}/", "http://api.example@{host}/", "http://{host}#api.example"]
)
async def test_an_address_that_can_be_read_in_two_ways_does_not_lead_credentials_astray(far, uri):
    await far.connect("bearer", hosts=["api.example"])
    await refusal(far.call(uri.format(host=far.host)))
    assert far.remote.asked == []


async def test_a_connection_for_one_package_is_refused_to_another(far):
    await far.connect("bearer", packages=["Near"])
    error = await refusal(far.call())
    assert ("not for the package 'Far'" in error.detail, far.remote.asked) == (True, [])


async def test_the_hosts_of_the_package_hold_for_its_connections_too(far):
    await far.connect("bearer")
    far.more = "allowed_hosts: [elsewhere.example]\n"
    error = await refusal(far.call())
    assert ("allowed_hosts" in error.detail, far.remote.asked) == (True, [])


async def test_a_private_address_is_refused_unless_it_is_listed(far):
    await far.connect("bearer")
    await far.site.change_settings(fetch_private_hosts=())
    error = await refusal(far.call())
    assert ("fetch_private_hosts" in error.detail, far.remote.asked) == (True, [])


async def test_a_connection_that_is_missing_or_of_another_kind_is_told(far):
    assert "no connection named 'far'" in (await refusal(far.call())).detail
    await far.connect("sql", url="postgresql://me@db/shop")
    assert "of the kind sql" in (await refusal(far.call())).detail


async def test_a_token_is_fetched_once_by_all_who_wait_and_then_kept(far):
    await far.connect("client_credentials")
    far.give_token("t1")
    far.remote.seconds = 0.05
    await asyncio.gather(*(far.call() for _ in range(5)))
    assert far.tokens_asked() == 1
    asked = far.remote.asked[0]
    assert asked.form == {"grant_type": "client_credentials", "scope": "read"}
    assert asked.headers["authorization"] == "Basic " + base64.b64encode(b"me:s3cret").decode()
    assert {each.headers["authorization"] for each in far.remote.asked[1:]} == {"Bearer t1"}


async def test_a_token_is_renewed_before_it_expires(far):
    await far.connect("client_credentials")
    far.give_token("t1", expires_in=600)
    await far.call()
    far.site.clock.forward(539)
    await far.call()
    assert far.tokens_asked() == 1
    far.site.clock.forward(1)
    far.give_token("t2")
    await far.call()
    assert (far.tokens_asked(), far.remote.asked[-1].headers["authorization"]) == (2, "Bearer t2")


async def test_a_refused_token_is_renewed_once_and_a_second_refusal_is_the_answer(far):
    await far.connect("client_credentials")
    far.give_token("t1")
    far.remote.put("/api", {"no": 1}, status=401)
    error = await refusal(far.call())
    assert far.remote.paths() == ["/token", "/api", "/token", "/api"]
    assert (error.status, error.extensions["response"]["statusCode"]) == (502, 401)


@pytest.mark.parametrize("status", [400, 401, 500])
async def test_a_token_endpoint_that_refuses_is_told_without_the_secret(far, status):
    await far.connect("client_credentials")
    far.remote.put("/token", {"error": "invalid_client", "error_description": "not s3cret"}, status=status)
    error = await refusal(far.call())
    assert (error.status, f"answered {status} invalid_client" in error.detail) == (502, True)
    assert "s3cret" not in str(error.problem())


@pytest.mark.parametrize("lifetime", ["soon", -1, True, 1e300, None, "99999999999999999999"])
async def test_a_lifetime_that_is_none_does_no_harm(far, lifetime):
    await far.connect("client_credentials")
    far.give_token("t1", expires_in=lifetime)
    await far.call()
    await far.call()
    assert far.tokens_asked() == 1


async def test_a_refresh_token_that_is_renewed_replaces_the_one_before(far):
    await far.connect("refresh_token", refresh_token="r1")
    far.give_token("t1", refresh_token="r2")
    await far.call()
    far.site.clock.forward(3600)
    far.give_token("t2", refresh_token="r3")
    await far.call()
    forms = [asked.form for asked in far.remote.asked if asked.path == "/token"]
    assert [form["refresh_token"] for form in forms] == ["r1", "r2"]
    kept = await far.site.parts.database.read(store.tokens, "far")
    assert kept is not None
    assert b"r3" not in (kept.sealed or b"r3")


async def test_of_two_workers_one_renews_a_refresh_token_and_the_other_uses_what_it_got(far):
    """A second process is played by tokens that remember nothing."""
    from gatewright.app.outgoing import WayOut
    from gatewright.store.directory import Directory

    await far.connect("refresh_token", refresh_token="r1")
    far.give_token("t1", refresh_token="r2")
    far.remote.seconds = 0.05
    parts = far.site.parts
    connection = await parts.database.read(operations.find, "far")
    ways = [
        WayOut(parts.database, Directory(parts.database), parts.sealer, parts.clock, parts.workspace) for _ in range(4)
    ]
    told = await asyncio.gather(*(way.try_out(connection) for way in ways))
    assert (["gave an access token" in each for each in told], far.tokens_asked()) == ([True] * 4, 1)
    for way in ways:
        await way.outgoing.close()


async def test_a_change_is_followed_from_the_next_call_on(far):
    await far.connect("bearer")
    await far.call()
    database = far.site.parts.database
    before = await database.read(operations.find, "far")
    await database.write(operations.update, far.by(), before, Secrets("other"))
    await far.call()
    await database.write(operations.delete, far.by(), "far")
    await refusal(far.call())
    assert [asked.headers["authorization"] for asked in far.remote.asked] == ["Bearer s3cret", "Bearer other"]


async def test_a_changed_refresh_connection_goes_on_with_the_newest_refresh_token(far):
    """And applying the same file again, which still says the first one, changes nothing."""
    await far.connect("refresh_token", refresh_token="r1")
    far.give_token("t1", refresh_token="r2")
    await far.call()
    database = far.site.parts.database
    before = await database.read(operations.find, "far")
    same = await database.write(operations.update, far.by(), before, Secrets("s3cret", "r1"))
    assert same.revision == before.revision
    described = msgspec.structs.replace(before, description="changed")
    await database.write(operations.update, far.by(), described, Secrets())
    await far.call()
    forms = [asked.form for asked in far.remote.asked if asked.path == "/token"]
    assert [form["refresh_token"] for form in forms] == ["r1", "r2"]


async def test_trying_a_connection_says_what_came_of_it(far):
    try_out = far.site.parts.way_out.try_out
    await far.connect("client_credentials", test_address=f"{far.remote.url}/api")
    far.give_token("t1")
    connection = await far.site.parts.database.read(operations.find, "far")
    assert "gave an access token" in await try_out(connection)
    assert far.remote.asked[-1].headers["authorization"] == "Bearer t1"
    far.remote.put("/api", {}, status=403)
    with pytest.raises(GatewrightError, match="answered 403"):
        await try_out(connection)
    with pytest.raises(GatewrightError, match="alone"):
        await try_out(msgspec.structs.replace(connection, test_address="https://other.example/"))


async def test_our_own_server_gives_a_connection_its_tokens(far):
    """Client credentials at this server, as any other authorization server is asked."""
    from tests.running import seed

    async def send(request: Any) -> Any:
        from gatewright.flow import HttpResponse

        answer = await far.site.http.request(request.method, request.uri, headers=request.headers, content=request.body)
        return HttpResponse(answer.status_code, dict(answer.headers), answer.content)

    far.site.parts.way_out.connections._tokens._send = send
    await far.connect(
        "client_credentials",
        secret=seed.SECRETS[seed.LEDGER],
        client_id=seed.LEDGER,
        token_endpoint="https://localhost:5555/oauth/token",
        scopes=["orders"],
    )
    await far.call()
    token = far.remote.asked[0].headers["authorization"].removeprefix("Bearer ")
    assert (await far.site.introspect(token))["scope"] == "orders"
