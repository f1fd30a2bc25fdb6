"""Access tokens of external authorization servers: for them, this server is a resource server.

A JWT is checked by its server's keys (RFC 9068 §4); other tokens are introspected (RFC 7662). What such a token opens
is what its server's registration here says: our scopes for its own, and the user that its calls run as.
"""

import re
from collections.abc import Sequence
from typing import Any
from typing import Final

import msgspec
import structlog

from gatewright.kernel.errors import Unavailable
from gatewright.kernel.fetching import Document
from gatewright.kernel.fetching import FetchFailed
from gatewright.kernel.memory import Memory
from gatewright.kernel.secrets import digest
from gatewright.kernel.single_flight import SingleFlight
from gatewright.oauth import foreign_jws
from gatewright.oauth import introspection_request
from gatewright.oauth.assertion import LEEWAY
from gatewright.oauth.assertion import Refused
from gatewright.oauth.assertion import time_claim
from gatewright.oauth.foreign_jws import ForeignJws
from gatewright.oauth.key_set import ASYMMETRIC
from gatewright.oauth.server import AuthorizationServer
from gatewright.store.external_servers import ExternalServer
from gatewright.store.records import AccessToken
from gatewright.store.users import UserWithGroups

_MOST: Final = 10_000
_MOST_AT_ONCE: Final = 64
_INACTIVE_KEPT: Final = 5
_OWN_PREFIX: Final = "gw_"
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,16384}={0,2}\Z")  # RFC 6750 §2.1
_log = structlog.get_logger("gatewright.oauth")


class ExternalToken(msgspec.Struct, frozen=True):
    """An active token of an external server, as a record of ours; the user its calls run as; our scopes that it has."""

    token: AccessToken
    owner: UserWithGroups
    scope: tuple[str, ...]


class _Known(msgspec.Struct, frozen=True):
    """What is known of a token until `until`, as long as the registration and the keys it was checked by are the same."""

    servers: tuple[ExternalServer, ...]
    until: int
    document: Document | None = None
    server: ExternalServer | None = None
    token: AccessToken | None = None


class ExternalTokens:
    """Finds tokens of external servers, and remembers them for a while."""

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server
        self._known: Memory[bytes, _Known] = Memory(_MOST)
        self._asking: SingleFlight[bytes, _Known] = SingleFlight()

    async def find(self, text: str, reason: str) -> ExternalToken | str:
        """The active token of that text, or why there is none; `reason`: why it is no token of ours.

        Raises Unavailable when its server or its server's keys cannot be asked.
        """
        servers = await self._server.directory.external_servers()
        if not servers or text.startswith(_OWN_PREFIX) or not _TOKEN.match(text):
            return reason
        try:
            known = await self._remembered(text, servers) or await self._asked(text, servers)
        except Refused as refused:
            return str(refused)
        if known.token is None or known.server is None:
            return reason
        owner = await self._server.directory.user(known.server.user_id)
        if owner is None or not owner.user.enabled:
            return f"the user that calls from {known.server.name} run as is disabled or was deleted"
        return ExternalToken(known.token, owner, known.token.scope)

    async def _remembered(self, text: str, servers: tuple[ExternalServer, ...]) -> _Known | None:
        known = self._known.get(digest(text))
        if known is None or known.servers is not servers or known.until <= self._server.clock():
            return None
        if known.document is not None and known.server is not None:
            # Keys that were withdrawn meanwhile signed nothing any more.
            present = await _fetched(known.server, self._server)
            return known if present is known.document else None
        return known

    async def _asked(self, text: str, servers: tuple[ExternalServer, ...]) -> _Known:
        if len(self._asking) >= _MOST_AT_ONCE:
            raise Unavailable("too many tokens of external authorization servers wait to be checked")
        name = digest(text)
        known = await self._asking.run(name, lambda: self._checked(text, servers))
        self._known.put(name, known)
        return known

    async def _checked(self, text: str, servers: tuple[ExternalServer, ...]) -> _Known:
        jws = foreign_jws.read(text)
        claims = jws.claims() if jws else None
        enabled = [each for each in servers if each.enabled]
        if jws is not None and claims is not None:
            # A JWT says whose it is. One that names this server, or nobody we know, is shown to nobody.
            issuer = next((each for each in enabled if each.issuer == claims.get("iss")), None)
            if issuer is None or issuer.issuer == self._server.issuer:
                return _Known(servers, self._server.clock() + _INACTIVE_KEPT)
            if issuer.jwks is not None or issuer.jwks_uri:
                return await self._by_keys(text, jws, claims, issuer, servers)
            enabled = [issuer]
        return await self._by_introspection(text, [each for each in enabled if each.introspection_endpoint], servers)

    async def _by_keys(
        self,
        text: str,
        jws: ForeignJws,
        claims: dict[str, Any],
        issuer: ExternalServer,
        servers: tuple[ExternalServer, ...],
    ) -> _Known:
        """RFC 9068 §4, in its order."""
        allowed = ("at+jwt",) if issuer.token_typ == "at+jwt" else ("at+jwt", "jwt", "")
        if not jws.has_type(*allowed):
            raise Refused(f"the typ of the token is not {allowed[0]}")
        try:
            signed = await foreign_jws.is_signed_by(jws, issuer, ASYMMETRIC, self._server.fetcher)
        except FetchFailed as failure:
            raise _unavailable(issuer, failure) from failure
        if not signed:
            raise Refused(f"the token is not signed by a key of {issuer.name}")
        _check_audience(claims, issuer)
        now = self._server.clock()
        ends = _check_times(claims, now)
        if ends is None:
            raise Refused("the token has no exp")
        token = _record(text, claims, issuer, now, ends)
        return _Known(servers, ends, await _fetched(issuer, self._server), issuer, token)

    async def _by_introspection(
        self, text: str, asked: Sequence[ExternalServer], servers: tuple[ExternalServer, ...]
    ) -> _Known:
        failed: Unavailable | None = None
        now = self._server.clock()
        for issuer in asked:
            try:
                claims = await introspection_request.ask(issuer, text, self._server)
            except FetchFailed as failure:
                failed = _unavailable(issuer, failure)
                continue
            if claims is None:
                continue
            if issuer.audience:
                _check_audience(claims, issuer)
            ends = _check_times(claims, now)
            until = now + issuer.introspection_cache
            token = _record(text, claims, issuer, now, ends)
            return _Known(servers, until if ends is None else min(until, ends), None, issuer, token)
        if failed is not None:
            raise failed
        return _Known(servers, now + _INACTIVE_KEPT)


async def _fetched(issuer: ExternalServer, server: AuthorizationServer) -> Document | None:
    if not issuer.jwks_uri:
        return None
    try:
        return await server.fetcher.get(issuer.jwks_uri)
    except FetchFailed as failure:
        raise _unavailable(issuer, failure) from failure


def _unavailable(issuer: ExternalServer, failure: FetchFailed) -> Unavailable:
    _log.warning("external authorization server does not answer", name=issuer.name, reason=str(failure))
    return Unavailable(f"the external authorization server {issuer.name} does not answer")


def _check_audience(claims: dict[str, Any], issuer: ExternalServer) -> None:
    named = claims.get("aud")
    if issuer.audience not in (named if isinstance(named, list) else [named]):
        raise Refused(f"the token is for another audience than {issuer.audience}")


def _check_times(claims: dict[str, Any], now: int) -> int | None:
    ends, begins = time_claim(claims, "exp"), time_claim(claims, "nbf")
    if ends is not None and ends <= now:
        raise Refused("the token expired")
    if begins is not None and begins > now + LEEWAY:
        raise Refused("the token is not valid yet")
    return ends


def _record(text: str, claims: dict[str, Any], issuer: ExternalServer, now: int, ends: int | None) -> AccessToken:
    client_id = claims.get("client_id", claims.get("azp"))
    return AccessToken(
        id="",
        digest=digest(text),
        # A client of theirs never passes for one of ours, whose ids hold no colon.
        client_id=f"{issuer.name}:{client_id if isinstance(client_id, str) else ''}",
        user_id=issuer.user_id,
        grant_id=None,
        scope=_scope(claims, issuer),
        issued_at=now,
        expires_at=ends,
        jkt=_key(claims),
    )


def _key(claims: dict[str, Any]) -> str | None:
    """The key that the token is bound to (RFC 9449 §6). Raises Refused for a binding that cannot be checked here."""
    confirmation = claims.get("cnf")
    if confirmation is None:
        return None
    if not isinstance(confirmation, dict) or list(confirmation) != ["jkt"] or not isinstance(confirmation["jkt"], str):
        raise Refused("the token is bound to something that cannot be checked here (cnf)")
    return str(confirmation["jkt"])


def _scope(claims: dict[str, Any], issuer: ExternalServer) -> tuple[str, ...]:
    """Our scopes for the token's own: `scope` of RFC 8693 §4.2, or `scp`, as some servers have it."""
    named = claims.get("scope", claims.get("scp"))
    theirs = named.split() if isinstance(named, str) else named if isinstance(named, list) else []
    if not theirs:
        return issuer.default_scope
    names = [name for name in theirs if isinstance(name, str)]
    if not issuer.scope_mapping:
        return tuple(dict.fromkeys(names))
    return tuple(dict.fromkeys(ours for name in names for ours in issuer.scope_mapping.get(name, ())))
