"""Gatewright in this process: the whole application over ASGI, a clock that tests set, and short ways to what tests need."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl
from urllib.parse import quote_plus
from urllib.parse import unquote
from urllib.parse import urlencode
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
import pytest_asyncio

from gatewright.app.parts import Parts
from gatewright.identity import sessions
from gatewright.kernel.settings import GlobalSettings
from gatewright.kernel.settings import ServerSettings
from gatewright.oauth.client_assertion import seal_context
from gatewright.services.catalogue import Catalogue
from gatewright.services.loader import Loader
from gatewright.store import access
from gatewright.store import clients
from gatewright.store import settings
from gatewright.store import users
from gatewright.store.records import Acl
from gatewright.store.records import ClientSecret
from gatewright.store.sqlite import SqliteDatabase
from gatewright.web.admin_api.table import services
from gatewright.web.asgi import Gatewright
from gatewright.web.pages import pages_for
from gatewright.web.sessions import SESSION_COOKIE
from tests.running import seed

ORIGIN = "http://localhost:5555"
NOW = 1_800_000_000
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
"""RFC 7636 appendix B."""
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""RFC 7636 appendix B."""


class SettableClock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: int) -> None:
        self.now += seconds


class Answer(msgspec.Struct, frozen=True):
    """A raw ASGI answer."""

    status: int
    headers: dict[str, str]
    body: bytes


class Site:
    """The application, a browser and HTTP client in front of it, and hands in its store."""

    def __init__(self, parts: Parts, application: Gatewright) -> None:
        self.parts = parts
        self.application = application
        self.clock: SettableClock = parts.clock  # type: ignore[assignment]
        self.http = self.client()

    def client(self, *, origin: str = ORIGIN, address: str = "127.0.0.1") -> httpx.AsyncClient:
        """An HTTP client with its own cookies. address: where it seems to be."""
        transport = httpx.ASGITransport(self.application, client=(address, 40000))
        return httpx.AsyncClient(transport=transport, base_url=origin)

    # Clients' requests

    async def post(
        self, path: str, parameters: dict[str, str], client_id: str | None = seed.LEDGER, **options: Any
    ) -> httpx.Response:
        """A form POST, with HTTP Basic of that client when it has a secret; as `client_id` alone when it is public."""
        if client_id in seed.SECRETS:
            options["headers"] = {**basic(client_id), **options.get("headers", {})}
        elif client_id is not None:
            parameters = {"client_id": client_id, **parameters}
        return await self.http.post(path, data=parameters, **options)

    async def token(self, client_id: str | None = seed.LEDGER, **parameters: str) -> httpx.Response:
        """A token request."""
        return await self.post("/oauth/token", parameters, client_id)

    async def access_token(self, client_id: str = seed.LEDGER, **parameters: str) -> str:
        """An access token from the client credentials grant."""
        answer = await self.token(client_id, grant_type="client_credentials", **parameters)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def introspect(self, token: str, client_id: str = seed.GATEWAY) -> dict[str, Any]:
        """What introspection says of a token."""
        answer = await self.post("/oauth/introspect", {"token": token}, client_id)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def is_active(self, token: str) -> bool:
        """Whether introspection calls a token active."""
        return bool((await self.introspect(token))["active"])

    async def call(self, path: str, token: str | None = None, **options: Any) -> httpx.Response:
        """A GET (or `method`) of a service, with a Bearer token."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(
            options.pop("method", "GET"), path, headers={**headers, **options.pop("headers", {})}, **options
        )

    # The resource owner's way

    async def sign_in(self, name: str = "ada", http: httpx.AsyncClient | None = None) -> None:
        """Give the browser a session, without the form (which has tests of its own)."""
        in_force = await self.parts.directory.settings()
        started = await sessions.start_session(self.parts.database, in_force, f"id-of-{name}", self.clock())
        set_session(http or self.http, started.cookie)

    async def ask(self, **parameters: str) -> httpx.Response:
        """An authorization request from the browser; `response_type=code` and the ledger unless told."""
        return await self.http.get(authorize_address(**parameters))

    async def decide(self, decision: str = "approve", **parameters: str) -> httpx.Response:
        """Ask, then answer the consent page as it stands: every scope ticked."""
        return await self.submit_consent(await self.ask(**parameters), decision)

    async def submit_consent(
        self, page: httpx.Response, decision: str = "approve", scope: list[str] | None = None, **more: str
    ) -> httpx.Response:
        """Press a button on a consent page."""
        assert page.status_code == 200, page.text
        assert "decision" in page.text, page.text
        names = values(page.text, "scope") if scope is None else scope
        fields = {"csrf": value(page.text, "csrf"), "decision": decision, "scope": names, **more}
        return await self.http.post(form_action(page.text), data=fields)

    async def redirected(self, **parameters: str) -> dict[str, str]:
        """The parameters that come back to the client once the user has approved."""
        return returned(await self.decide(**parameters))

    async def code(self, **parameters: str) -> str:
        """An authorization code."""
        return (await self.redirected(**parameters))["code"]

    async def redeem(self, code: str, client_id: str = seed.LEDGER, **parameters: str) -> httpx.Response:
        """The token request for a code; `redirect_uri` is the ledger's unless told."""
        given = {"grant_type": "authorization_code", "code": code, "redirect_uri": seed.CALLBACK, **parameters}
        return await self.token(client_id, **{name: text for name, text in given.items() if text})

    async def tokens(self, **parameters: str) -> dict[str, Any]:
        """The token response of a whole authorization code grant of ada for the ledger."""
        await self.sign_in()
        answer = await self.redeem(await self.code(**parameters))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def refresh(self, refresh_token: str, client_id: str = seed.LEDGER, **parameters: str) -> httpx.Response:
        """A refresh request."""
        return await self.token(client_id, grant_type="refresh_token", refresh_token=refresh_token, **parameters)

    # The administrator's hand

    async def change_settings(self, **changes: Any) -> None:
        """Change global settings."""
        database = self.parts.database
        changed = msgspec.structs.replace(await database.read(settings.load), **changes)
        await database.write(settings.save, msgspec.convert(msgspec.to_builtins(changed), GlobalSettings), self.clock())

    async def change_client(self, client_id: str = seed.LEDGER, **changes: Any) -> None:
        """Change fields of a client."""
        found = await self.parts.database.read(clients.find, client_id)
        assert found is not None
        assert await self.parts.database.write(clients.update, msgspec.structs.replace(found, **changes))

    async def seal_secret(self, client_id: str = seed.LEDGER) -> None:
        """Keep a readable copy of the client's secret, as for one that is registered for `client_secret_jwt`."""
        sealed = self.parts.sealer.seal(seed.SECRETS[client_id].encode(), seal_context(client_id))
        kept = ClientSecret(id="sealed", client_id=client_id, digest=None, hash=None, created_at=NOW, sealed=sealed)
        await self.parts.database.write(clients.add_secret, kept, NOW + 3600, NOW)

    async def change_user(self, name: str = "ada", **changes: Any) -> None:
        """Change fields of a user."""
        found = await self.parts.database.read(users.find_named, name)
        assert found is not None
        user = msgspec.structs.replace(found, **changes)
        assert await self.parts.database.write(users.update, user, self.clock())

    async def associate(self, client_id: str, *scope: str) -> None:
        """Associate a client with just these scopes."""
        await self.parts.database.write(clients.set_scopes, client_id, scope, self.clock())

    async def save_acl(self, target: str, *groups: str) -> None:
        """Let just these groups execute a folder or service."""
        await self.parts.database.write(access.save_acl, Acl(target=target, execute=groups), self.clock())

    async def raw(
        self,
        method: str,
        raw_path: bytes,
        *,
        query: bytes = b"",
        headers: list[tuple[bytes, bytes]] | None = None,
        body: bytes = b"",
        messages: list[dict[str, Any]] | None = None,
        address: str = "127.0.0.1",
        scheme: str = "http",
    ) -> Answer:
        """A request as it stands on the wire, which no HTTP client would tidy up."""
        given = headers or []
        host = [] if any(name == b"host" for name, _ in given) else [(b"host", b"localhost:5555")]
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": scheme,
            "path": unquote(raw_path.decode("latin-1")),
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": [*host, *given],
            "client": (address, 40000),
            "server": ("127.0.0.1", 5555),
        }
        waiting = messages or [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.application(scope, receive, send)
        if not sent:
            return Answer(0, {}, b"")
        found = {name.decode("latin-1").lower(): text.decode("latin-1") for name, text in sent[0]["headers"]}
        return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def told(refusal: httpx.Response) -> tuple[int, dict[str, Any]]:
    """What a refusal tells whoever gets it: its status and body, but for the reference, which is each one's own."""
    body = dict(refusal.json())
    assert body.pop("reference") == refusal.headers["x-request-id"]
    return refusal.status_code, body


def set_session(http: httpx.AsyncClient, cookie: str) -> None:
    """Give a browser a session's cookie, in place of the one it had."""
    http.cookies.set(SESSION_COOKIE, cookie, domain="localhost.local")  # what cookie jars call a host without dots


def basic(client_id: str, secret: str | None = None) -> dict[str, str]:
    """The Authorization header of HTTP Basic, form-encoded as RFC 6749 §2.3.1 has it."""
    text = f"{quote_plus(client_id)}:{quote_plus(seed.SECRETS[client_id] if secret is None else secret)}"
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def authorize_address(path: str = "/oauth/authorize", **parameters: str) -> str:
    """The address of an authorization request. Give a parameter as "" to leave it out."""
    given = {"response_type": "code", "client_id": seed.LEDGER, "redirect_uri": seed.CALLBACK, **parameters}
    return f"{path}?{urlencode({name: text for name, text in given.items() if text})}"


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def returned(response: httpx.Response) -> dict[str, str]:
    """The parameters in the query or fragment of the redirect back to the client."""
    assert response.status_code == 303, response.text
    target = urlsplit(response.headers["location"])
    return dict(parse_qsl(target.fragment or target.query, strict_parsing=True))


def value(page: str, name: str) -> str:
    """The value of the first field of that name in a page."""
    return values(page, name)[0]


def values(page: str, name: str) -> list[str]:
    """The values of all fields of that name in a page."""
    fields = re.findall(rf'<(?:input|button)[^>]*\bname="{name}"[^>]*>', page)
    return [_unescaped(found[1]) for field in fields if (found := re.search(r'value="([^"]*)"', field))]


def form_action(page: str) -> str:
    """Where the page's form posts."""
    found = re.search(r'<form[^>]*\baction="([^"]*)"', page)
    assert found, page
    return _unescaped(found[1])


def _unescaped(text: str) -> str:
    import html

    return html.unescape(text)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded database, to be copied."""
    path = tmp_path_factory.mktemp("seed") / "gatewright.db"
    seed.write_database(path)
    return path


@pytest.fixture(scope="session")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """The package Shop, loaded once."""
    workspace = tmp_path_factory.mktemp("workspace")
    seed.write_package(workspace)
    loaded = Loader(workspace / "packages", services()).load()
    problems = [str(problem) for package in loaded.packages.values() for problem in package.problems]
    assert not problems
    return loaded


@pytest_asyncio.fixture
async def site(seeded: Path, catalogue: Catalogue, tmp_path: Path) -> AsyncIterator[Site]:
    """A fresh server in this process."""
    opened = await open_site(seeded, catalogue, tmp_path)
    yield opened
    await opened.parts.stop()


async def open_site(seeded: Path, catalogue: Catalogue, workspace: Path, **server_settings: Any) -> Site:
    """A server in this process over a copy of the seeded database. Stop its `parts` when done."""
    database = SqliteDatabase(seed.copy_database(seeded, workspace))
    parts = Parts(ServerSettings(**server_settings), workspace, database, SettableClock(), services())
    parts.catalogue = catalogue

    async def start() -> Parts:
        return parts

    application = Gatewright(start, pages_for)
    await application.startup()
    return Site(parts, application)
