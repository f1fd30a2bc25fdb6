"""Flows that call APIs of a Gatewright server as any client does: each way of the standard to get a token there."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from gatewright.services.caller import Caller
from gatewright.services.errors import ServiceError
from gatewright.services.invocation import Runtime
from gatewright.services.loader import Loader
from gatewright.services.outgoing import Outgoing
from gatewright.store import access
from gatewright.store.records import Acl
from tests.running import seed
from tests.running.signing import TestKey
from tests.running.site import ORIGIN
from tests.running.site import Site

ADMIN = Caller(kind="user", subject="u0", groups=frozenset(["Administrators"]))
FLOW = """
document: {{dsl: '1.0.3', namespace: out, name: call, version: '1.0.0'}}
use: {{secrets: [client, extra]}}
do:
- whom:
    call: http
    with:
      method: get
      endpoint:
        uri: {origin}/invoke/orders/get?number=7
        authentication: {authentication}
      output: response
"""


class Outside:
    """Runs a flow whose calls go to the site, and remembers what it asked for."""

    def __init__(self, site: Site, root: Path) -> None:
        self.asked: list[httpx.Request] = []
        self.environ: dict[str, str] = {}
        self._root = root
        self._transport = httpx.ASGITransport(site.application, client=("127.0.0.1", 40000))
        self.runtime = Runtime(outgoing=Outgoing(transport=self), environ=self.environ)  # type: ignore[arg-type]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        return

    async def run(self, authentication: str) -> Any:
        folder = self._root / "Out/services/out"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "call.flow.yaml").write_text(FLOW.format(origin=ORIGIN, authentication=authentication))
        (self._root / "Out/package.yaml").write_text("name: Out\nversion: 1.0.0\nsecrets: [client, extra]\n")
        catalogue = Loader(self._root).load()
        assert list(map(str, catalogue.problems())) == []
        return await self.runtime.invoke(catalogue, "out:call", {}, ADMIN)


@pytest_asyncio.fixture
async def out(site: Site, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Outside]:
    made = Outside(site, tmp_path_factory.mktemp("out"))
    made.environ |= {"GATEWRIGHT_SECRET_CLIENT": seed.SECRETS[seed.LEDGER], "GATEWRIGHT_SECRET_EXTRA": "unused"}
    yield made
    await made.runtime.close()


def policy(authentication: str, more: str = "", grant: str = "client_credentials", scopes: str = "orders") -> str:
    where = f"authority: {ORIGIN}, endpoints: {{token: /oauth/token}}"
    client = f"{{id: {seed.LEDGER}, secret: '${{ $secrets.client }}', authentication: {authentication}}}"
    return f"{{oauth2: {{{where}, grant: '{grant}', client: {client}, scopes: [{scopes}]{more}}}}}"


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post"])
async def test_client_credentials_open_a_service(out: Outside, authentication: str) -> None:
    answer = await out.run(policy(authentication))
    assert answer["statusCode"] == 200, answer
    assert [request.url.path for request in out.asked] == ["/oauth/token", "/invoke/orders/get"]
    in_body = seed.SECRETS[seed.LEDGER].encode() in out.asked[0].content
    assert in_body == (authentication == "client_secret_post")


async def test_a_client_signs_its_assertions_with_its_secret(out: Outside, site: Site) -> None:
    await site.change_client(client_authentication=("client_secret_jwt",))
    await site.seal_secret()
    site.clock.now = int(out.runtime.clock())
    assert (await out.run(policy("client_secret_jwt")))["statusCode"] == 200
    assert seed.SECRETS[seed.LEDGER].encode() not in out.asked[0].content


async def test_a_client_brings_an_assertion_signed_by_its_key(out: Outside, site: Site) -> None:
    key = TestKey("ES256")
    await site.change_client(client_authentication=("private_key_jwt",), jwks=key.jwks())
    now = site.clock()
    claims = {"iss": seed.LEDGER, "sub": seed.LEDGER, "aud": ORIGIN, "jti": "once", "iat": now, "exp": now + 60}
    out.environ["GATEWRIGHT_SECRET_EXTRA"] = key.sign(claims)
    client = f"{{id: {seed.LEDGER}, assertion: '${{ $secrets.extra }}', authentication: private_key_jwt}}"
    where = f"authority: {ORIGIN}, endpoints: {{token: /oauth/token}}"
    answer = await out.run(f"{{oauth2: {{{where}, grant: client_credentials, client: {client}, scopes: [orders]}}}}")
    assert answer["statusCode"] == 200


async def test_the_password_grant_runs_as_the_user(out: Outside) -> None:
    answer = await out.run(
        policy("client_secret_basic", f", username: ada, password: '{seed.PASSWORD}'", grant="password")
    )
    assert answer["statusCode"] == 200


async def test_a_token_is_exchanged_for_another(out: Outside, site: Site) -> None:
    await site.change_client(allowed_grants=("client_credentials", "token_exchange"))
    out.environ["GATEWRIGHT_SECRET_EXTRA"] = await site.access_token(scope="orders")
    subject = ", subject: {token: '${ $secrets.extra }', type: 'urn:ietf:params:oauth:token-type:access_token'}"
    answer = await out.run(policy("client_secret_basic", subject, "urn:ietf:params:oauth:grant-type:token-exchange"))
    assert answer["statusCode"] == 200
    sent = out.asked[-1].headers["authorization"].removeprefix("Bearer ")
    assert sent != out.environ["GATEWRIGHT_SECRET_EXTRA"]


async def test_a_wrong_secret_is_a_502_of_the_flow_and_tells_the_servers_code(out: Outside) -> None:
    out.environ["GATEWRIGHT_SECRET_CLIENT"] = "gw_cs_wrong"
    with pytest.raises(ServiceError) as caught:
        await out.run(policy("client_secret_basic"))
    assert (caught.value.status, "invalid_client" in caught.value.detail) == (502, True)
    assert "gw_cs_wrong" not in str(caught.value.problem())


async def test_a_token_without_the_scope_is_refused_by_the_service_and_the_flow_sees_why(
    out: Outside, site: Site
) -> None:
    await site.parts.database.write(access.save_acl, Acl(target="orders", execute=("nobody",)), site.clock())
    with pytest.raises(ServiceError) as caught:
        await out.run(policy("client_secret_basic"))
    assert (caught.value.status, caught.value.extensions["response"]["statusCode"]) == (502, 403)
