"""Access tokens of connections: fetched once for all who wait, remembered, renewed before they expire.

A refresh token may be good for one use (RFC 9700 §4.14.2), so that of all workers and nodes one renews at a time, and
the tokens it got are kept, sealed, for the others.
"""

import asyncio
from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any
from typing import Final

import msgspec

from gatewright.flow import FlowError
from gatewright.flow import HttpFailure
from gatewright.flow import HttpRequest
from gatewright.flow import HttpResponse
from gatewright.flow.authentication.token_request import access_token
from gatewright.flow.authentication.token_request import read_answer
from gatewright.flow.authentication.token_request import token_request
from gatewright.kernel.clock import Clock
from gatewright.kernel.sealing import Sealer
from gatewright.kernel.single_flight import SingleFlight
from gatewright.services.connections import Secrets
from gatewright.services.connections import unusable
from gatewright.services.connections import without_answer
from gatewright.store import connections as store
from gatewright.store.connections import Connection
from gatewright.store.database import Database

_UNTOLD: Final = 3600  # seconds that a token is used whose lifetime is not told (RFC 6749 §5.1: RECOMMENDED)
_EARLY: Final = 60  # seconds before its end in which a token is renewed, a tenth of its lifetime at most
_LONGEST_ANSWER: Final = 20  # seconds
_LEASE: Final = _LONGEST_ANSWER + 10
_BETWEEN_LOOKS: Final = 0.1  # seconds, while another worker renews
_MOST_LOOKS: Final = 200
_LONGEST_LIFETIME: Final = 31_536_000


class Token(msgspec.Struct, frozen=True):
    """An access token, when to get another (seconds since the epoch), and the refresh token for that."""

    value: str
    renew_at: int
    refresh_token: str = ""


class ConnectionTokens:
    """The tokens of one process. send: the way to authorization servers."""

    def __init__(
        self, database: Database, sealer: Sealer, send: Callable[[HttpRequest], Awaitable[HttpResponse]], clock: Clock
    ) -> None:
        self._database, self._sealer, self._send, self._clock = database, sealer, send, clock
        self._kept: dict[str, tuple[int, Token]] = {}
        self._running: SingleFlight[tuple[str, int], Token] = SingleFlight()

    async def token(self, connection: Connection, secrets: Secrets, *, refused: str = "") -> str:
        """An access token. Raises FlowError.

        refused: one that the other server did not take; another is got.
        """
        revision, kept = self._kept.get(connection.name, (0, None))
        if kept is not None and revision == connection.revision and self._is_good(kept, refused):
            return kept.value
        found = await self._running.run(
            (connection.name, connection.revision), lambda: self._renewed(connection, secrets, refused)
        )
        return found.value

    def _is_good(self, token: Token, refused: str) -> bool:
        return token.value != refused and self._clock() < token.renew_at

    async def _renewed(self, connection: Connection, secrets: Secrets, refused: str) -> Token:
        if connection.kind == "client_credentials":
            token = await self._ask(connection, secrets, "")
        else:
            token = await self._refreshed(connection, secrets, refused)
        self._kept[connection.name] = (connection.revision, token)
        return token

    async def _refreshed(self, connection: Connection, secrets: Secrets, refused: str) -> Token:
        """What another worker got already, else what this one gets as the only one who asks."""
        token = await self._shared(connection)
        if token is not None and self._is_good(token, refused):
            return token
        until = await self._lease(connection)
        try:
            token = await self._shared(connection)  # somebody may have renewed it before the lease was ours
            if token is not None and self._is_good(token, refused):
                return token
            known = token.refresh_token if token is not None else secrets.renewed or secrets.refresh_token
            token = await self._ask(connection, secrets, known)
            sealed = self._sealer.seal(msgspec.json.encode(token), tokens_context(connection.name))
            await self._database.write(store.keep_tokens, connection.name, connection.revision, sealed)
        finally:
            await self._database.write(store.end_lease, connection.name, until)
        return token

    async def _lease(self, connection: Connection) -> int:
        for _ in range(_MOST_LOOKS):
            now = self._clock()
            if await self._database.write(store.lease, connection.name, now, now + _LEASE):
                return now + _LEASE
            await asyncio.sleep(_BETWEEN_LOOKS)
        raise unusable(f"the connection {connection.name!r}: another worker did not finish renewing its token")

    async def _shared(self, connection: Connection) -> Token | None:
        kept = await self._database.read(store.tokens, connection.name)
        if kept is None or kept.revision != connection.revision:
            raise unusable(f"the connection {connection.name!r} was changed just now; try again")
        return open_tokens(self._sealer, connection.name, kept.sealed)

    async def _ask(self, connection: Connection, secrets: Secrets, refresh_token: str) -> Token:
        request = token_request(_given(connection, secrets, refresh_token), connection.token_endpoint, self._clock())
        try:
            async with asyncio.timeout(_LONGEST_ANSWER):
                response = await self._send(request)
        except HttpFailure as failure:
            raise without_answer(connection.name, failure) from None
        except TimeoutError:
            slow = HttpFailure("timeout", f"its token endpoint gave no answer within {_LONGEST_ANSWER} s")
            raise without_answer(connection.name, slow) from None
        try:
            answer = read_answer(request, response)
            value = access_token(answer, connection.token_endpoint)
        except FlowError as error:
            raise unusable(f"the connection {connection.name!r}: {error.detail}") from None
        lifetime = _lifetime(answer)
        rotated = answer.get("refresh_token")
        # RFC 6749 §6: "The authorization server MAY issue a new refresh token, in which case the client MUST discard
        # the old refresh token and replace it with the new refresh token."
        refresh_token = rotated if isinstance(rotated, str) and rotated else refresh_token
        early = min(_EARLY, lifetime // 10)
        return Token(value, self._clock() + lifetime - early, refresh_token)


def tokens_context(name: str) -> bytes:
    """What sealed tokens are bound to: the connection they are of."""
    return f"tokens of connection {name}".encode()


def open_tokens(sealer: Sealer, name: str, sealed: bytes | None) -> Token | None:
    """Tokens that are kept for a connection, if there are any that can be opened."""
    opened = sealer.open(sealed, tokens_context(name)) if sealed is not None else None
    return msgspec.json.decode(opened, type=Token) if opened is not None else None


def _given(connection: Connection, secrets: Secrets, refresh_token: str) -> dict[str, Any]:
    client = {"id": connection.client_id, "authentication": connection.client_authentication}
    if secrets.secret:
        client["secret"] = secrets.secret
    return {
        "grant": connection.kind,
        "client": client,
        "scopes": list(connection.scopes),
        "audiences": [connection.audience] if connection.audience else [],
        "refresh_token": refresh_token,
    }


def _lifetime(answer: dict[str, Any]) -> int:
    told = answer.get("expires_in")
    if isinstance(told, str) and told.isascii() and told.isdigit() and len(told) < 12:
        told = int(told)  # some servers write the number as a text
    if isinstance(told, bool) or not isinstance(told, int | float) or not 0 <= told <= _LONGEST_LIFETIME:
        return _UNTOLD
    return int(told)
