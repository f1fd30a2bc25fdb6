"""What the doctor sees by asking: of this server, weak on purpose, and of one that does everything wrong."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
import pytest_asyncio

from gatewright.admin.doctor.asking import Asking
from gatewright.admin.doctor.client_requests import ask_as
from gatewright.admin.doctor.finding import Finding
from gatewright.admin.doctor.finding import together
from gatewright.admin.doctor.server_requests import ask_server
from gatewright.store import clients
from gatewright.store.database import Transaction
from gatewright.store.records import Client
from tests.running import seed
from tests.running.site import ORIGIN
from tests.running.site import Site
from tests.running.site import catalogue
from tests.running.site import seeded
from tests.running.site import site

__all__ = ["catalogue", "seeded", "site"]
STRANGE = "https://other.example"


async def of_server(http: httpx.AsyncClient, issuer: str = ORIGIN) -> set[str]:
    return {found.rule async for found in ask_server(Asking(http, ORIGIN), issuer)}


async def of_client(http: httpx.AsyncClient, client: Client, issuer: str = ORIGIN) -> dict[str, str]:
    found = [each async for each in ask_as(client, Asking(http, ORIGIN), issuer)]
    assert all(each.seen == ("request",) and client.label in each.subject for each in found)
    return {each.rule: each.level for each in found}


async def find(site: Site, client_id: str) -> Client:
    found = await site.parts.database.read(clients.find, client_id)
    assert found
    return found


class TestThisServer:
    async def test_nothing_is_wrong_with_it_as_it_comes(self, site: Site) -> None:
        assert await of_server(site.http) == set()

    async def test_parameters_in_urls_are_seen(self, site: Site) -> None:
        await site.change_settings(token_parameters_in_url="always")
        assert await of_server(site.http) == {"parameters-in-url"}

    async def test_another_issuer_is_seen(self, site: Site) -> None:
        assert "issuer" in await of_server(site.http, STRANGE)
        assert "iss" in await of_client(site.http, await find(site, seed.LEDGER), STRANGE)

    async def test_a_strict_client_has_no_findings(self, site: Site) -> None:
        await site.change_client(seed.SPA, allowed_grants=("authorization_code",))
        assert await of_client(site.http, await find(site, seed.SPA)) == {}

    @pytest.mark.parametrize(
        ("client_id", "changes", "settings", "rules"),
        [
            (seed.SPA, {"require_pkce": False}, {}, {"pkce": "must", "implicit": "should"}),
            (
                seed.LEDGER,
                {},
                {"allow_plain_pkce": True},
                {"pkce": "should", "plain-pkce": "should", "implicit": "should"},
            ),
            (seed.LEDGER, {"require_pkce": True}, {}, {"implicit": "should"}),
            (seed.RETIRED, {}, {"allow_plain_pkce": True}, {}),
            (seed.GATEWAY, {}, {"allow_plain_pkce": True}, {}),
        ],
    )
    async def test_what_a_client_may_do_is_seen(
        self,
        site: Site,
        client_id: str,
        changes: dict[str, object],
        settings: dict[str, object],
        rules: dict[str, str],
    ) -> None:
        await site.change_settings(**settings)
        await site.change_client(client_id, **changes)
        assert await of_client(site.http, await find(site, client_id)) == rules

    async def test_asking_changes_nothing_and_counts_as_no_attempt(self, site: Site) -> None:
        await site.change_settings(throttle_failures=1)
        await site.http.get("/oauth/jwks")  # whose first question makes the first key
        before = await site.parts.database.read(_everything)
        await of_server(site.http)
        for client_id in (seed.LEDGER, seed.SPA):
            await of_client(site.http, await find(site, client_id))
        assert await site.parts.database.read(_everything) == before


def _everything(transaction: Transaction) -> dict[str, int]:
    tables = [row[0] for row in transaction.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: transaction.rows(f"SELECT count(*) FROM {table}")[0][0] for table in tables}


@pytest_asyncio.fixture
async def careless() -> AsyncIterator[httpx.AsyncClient]:
    """A server that does everything wrong."""

    def answer(request: httpx.Request) -> httpx.Response:
        loose = {
            "access-control-allow-origin": "https://gatewright-doctor.invalid",
            "access-control-allow-credentials": "true",
            "set-cookie": "session=x",
        }
        match request.url.path:
            case "/.well-known/oauth-authorization-server":
                return httpx.Response(200, json={"issuer": ORIGIN, "token_endpoint": f"{STRANGE}/token"})
            case "/oauth/authorize":
                target = request.url.params["redirect_uri"]
                returned = "error=invalid_scope" if "scope" in request.url.params else "code=x"
                return httpx.Response(307, headers={"location": f"{target}?{returned}", **loose})
            case "/oauth/token":
                error = "unknown" if "client_id" in request.url.params else "missing"
                return httpx.Response(200, json={"error": error}, headers=loose)
            case "/oauth/jwks":
                return httpx.Response(200, json={"keys": [{"kty": "RSA", "n": "AAAA"}, {"kty": "EC", "d": "secret"}]})
            case _:
                return httpx.Response(200, text="<form>", headers=loose)

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        yield http


class TestACarelessServer:
    async def test_each_fault_of_the_server_is_named(self, careless: httpx.AsyncClient) -> None:
        assert await of_server(careless) == {
            "endpoints", "pkce-advertised", "token-cache", "unknown-client", "cors-credentials", "token-get",
            "parameters-in-url", "open-redirect", "authorize-cors", "introspection", "challenge", "alg-none",
            "published-secret", "short-key", "clickjacking", "referrer", "page-cache", "script-policy", "cookie",
        }  # fmt: skip

    async def test_each_fault_towards_a_client_is_named(self, careless: httpx.AsyncClient) -> None:
        client = Client(client_id="app", name="App", type="public", redirect_uris=("https://app.example/cb",))
        assert await of_client(careless, client) == {
            "redirect-uri-match": "must", "pkce": "must", "plain-pkce": "should", "implicit": "should", "iss": "should",
            "redirect-status": "must",
        }  # fmt: skip


def test_what_is_configured_and_seen_is_told_once_the_worst_first() -> None:
    configured = Finding(level="should", rule="r", subject="s", section="RFC 9700 §1", message="m", mend="Mend it.")
    seen = msgspec.structs.replace(configured, seen=("request",))
    worse = msgspec.structs.replace(seen, level="must", rule="w")
    found = together([configured, seen, worse])
    assert [(each.rule, each.seen) for each in found] == [("w", ("request",)), ("r", ("configuration", "request"))]
    assert str(found[0]) == "MUST    s: m (RFC 9700 §1). Mend it."
