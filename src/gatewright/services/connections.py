"""Using connections: stored credentials go with a request, and only to the hosts they are for."""

import asyncio
import base64
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.flow import standard_error
from gatewright.flow.authentication.scheme import with_authorization
from gatewright.flow.exchange import add_query
from gatewright.kernel.addresses import is_listed
from gatewright.kernel.sealing import Sealer
from gatewright.services.outgoing import place_of
from gatewright.services.smtp import sign_in
from gatewright.services.sql import Database
from gatewright.services.sql import try_out
from gatewright.store.connections import Connection

if TYPE_CHECKING:
    from gatewright.services.call import Call
    from gatewright.services.connection_tokens import ConnectionTokens

Send = Callable[[HttpRequest], Awaitable[HttpResponse]]
Find = Callable[[], Awaitable[Mapping[str, Connection]]]

OAUTH = ("client_credentials", "refresh_token")
HTTP = (*OAUTH, "basic", "bearer", "api_key")
"""The kinds that authenticate HTTP requests."""
_BAD_IN_HEADER = frozenset("\r\n\0")


class Secrets(msgspec.Struct, frozen=True):
    """What is secret of a connection: client secret, password, token or key; and a refresh token.

    renewed: the refresh token that came in its place, when there is one (RFC 6749 §6).
    """

    secret: str = ""
    refresh_token: str = ""
    renewed: str = ""


def seal_context(name: str) -> bytes:
    """What sealed secrets are bound to: the connection they are of."""
    return f"secrets of connection {name}".encode()


class Connections:
    """The connections of one process.

    find: gives all of them by name. sealer: opens their secrets. tokens: gets tokens for the OAuth kinds.
    workspace: what the paths of SQLite files are below.
    """

    def __init__(self, find: Find, sealer: Sealer, tokens: "ConnectionTokens", workspace: Path) -> None:
        self._find, self._sealer, self._tokens, self._workspace = find, sealer, tokens, workspace

    async def send(self, name: str, call: "Call", request: HttpRequest, send: Send) -> HttpResponse:
        """Send a request with the credentials of a connection, which `call`, a flow's, asks for.

        A token that is refused with 401 is renewed once. Raises FlowError when the connection cannot be used for this,
        HttpFailure when no answer comes.
        """
        prepared, token = await self.prepared(name, call, request)
        answer = await send(prepared)
        if answer.status != 401 or not token:
            return answer
        prepared, _ = await self.prepared(name, call, request, refused=token)
        return await send(prepared)

    async def prepared(
        self, name: str, call: "Call", request: HttpRequest, refused: str = ""
    ) -> tuple[HttpRequest, str]:
        """A request with the credentials of a connection, and the token among them; "" when there is none.

        refused: a token that was answered 401, so another one is got. Raises FlowError, HttpFailure.
        """
        connection, secrets = await self.get(name, call, HTTP)
        self._require_listed(connection, request)
        if connection.kind not in OAUTH:
            return authenticated(connection, secrets, request), ""
        token = await self._token(connection, secrets, call, refused=refused)
        return with_authorization(request, f"Bearer {token}"), token

    async def get(self, name: str, call: "Call", kinds: tuple[str, ...]) -> tuple[Connection, Secrets]:
        """A connection of one of these kinds with its secrets, for `call`. Raises FlowError."""
        connection = (await self._find()).get(name)
        if connection is None:
            raise unusable(f"there is no connection named {name!r}")
        if connection.packages and call.package not in connection.packages:
            raise unusable(f"the connection {name!r} is not for the package {call.package!r}")
        if connection.kind not in kinds:
            raise unusable(f"the connection {name!r} is of the kind {connection.kind}, which cannot be used here")
        secrets = self.open(connection)
        if call.trace is not None:
            call.trace.mask(secrets.secret)
            call.trace.mask(secrets.renewed or secrets.refresh_token)
        return connection, secrets

    def open(self, connection: Connection) -> Secrets:
        """The secrets of a connection. Raises FlowError when they were sealed under another master key."""
        if connection.sealed is None:
            return Secrets()
        opened = self._sealer.open(connection.sealed, seal_context(connection.name))
        if opened is None:
            raise unusable(f"the secrets of {connection.name!r} cannot be opened: the master key is another one")
        return msgspec.json.decode(opened, type=Secrets)

    def database(self, connection: Connection, secrets: Secrets) -> Database:
        """The database of a connection of the kind `sql`."""
        return Database(connection.name, connection.url, secrets.secret, self._workspace)

    async def test(self, connection: Connection, send: Send) -> str:
        """Get a token, ask what `test_address` says, or sign in: a sentence about it. Raises FlowError, HttpFailure."""
        secrets = self.open(connection)
        if connection.kind == "sql":
            return await asyncio.to_thread(try_out, self.database(connection, secrets))
        if connection.kind == "smtp":
            return await asyncio.to_thread(sign_in, connection, secrets.secret)
        got = ""
        if connection.kind in OAUTH:
            token = await self._tokens.token(connection, secrets)
            got = f"{connection.token_endpoint} gave an access token. "
        if not connection.test_address:
            return got or "Nothing was asked: give the connection a test address, which is then asked by GET."
        request = HttpRequest("GET", connection.test_address, {"Accept": "application/json, */*;q=0.5"})
        self._require_listed(connection, request)
        if connection.kind in OAUTH:
            request = with_authorization(request, f"Bearer {token}")
        else:
            request = authenticated(connection, secrets, request)
        answer = await send(request)
        sentence = f"{got}{connection.test_address} answered {answer.status} {answer.reason}".rstrip()
        if not 200 <= answer.status < 300:
            raise unusable(sentence)
        return f"{sentence}."

    def _require_listed(self, connection: Connection, request: HttpRequest) -> None:
        if not is_listed(*place_of(request.uri), connection.hosts):
            raise unusable(f"the connection {connection.name!r} is for {', '.join(connection.hosts)} alone")

    async def _token(self, connection: Connection, secrets: Secrets, call: "Call", refused: str = "") -> str:
        token = await self._tokens.token(connection, secrets, refused=refused)
        if call.trace is not None:
            call.trace.mask(token)
        return token


def authenticated(connection: Connection, secrets: Secrets, request: HttpRequest) -> HttpRequest:
    """The request with the credentials of a connection of the kinds `basic`, `bearer` and `api_key`."""
    if connection.kind == "basic":
        pair = f"{connection.username}:{secrets.secret}".encode()
        return with_authorization(request, "Basic " + base64.b64encode(pair).decode())  # RFC 7617 §2
    if connection.kind == "bearer":
        return with_authorization(request, f"Bearer {secrets.secret}")  # RFC 6750 §2.1
    if connection.place == "query":
        uri = add_query(request.uri, [(connection.parameter, secrets.secret)])
        return HttpRequest(request.method, uri, request.headers, request.body)
    if not secrets.secret.isascii() or _BAD_IN_HEADER & set(secrets.secret):
        raise unusable(f"the key of {connection.name!r} has a character that headers cannot hold")
    wanted = connection.parameter.lower()
    headers = {name: value for name, value in request.headers.items() if name.lower() != wanted}
    return HttpRequest(request.method, request.uri, {**headers, connection.parameter: secrets.secret}, request.body)


def unusable(detail: str) -> FlowError:
    """The error of a call whose connection cannot be used."""
    return standard_error("authentication", detail, origin="call")


def without_answer(name: str, failure: HttpFailure) -> FlowError:
    """The error of a call whose connection got no answer from its own server."""
    kind = "timeout" if failure.kind == "timeout" else "communication"
    return standard_error(kind, f"the connection {name!r}: {failure}", origin="call")
