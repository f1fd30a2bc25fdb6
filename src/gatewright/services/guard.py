"""The guard: may this token call this service? Token, then scope, then ACL (the order of webMethods' checks)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from gatewright.kernel.secrets import digest
from gatewright.oauth import dpop
from gatewright.oauth.access_token import CLIENT_GONE
from gatewright.oauth.access_token import USER_GONE
from gatewright.oauth.access_token import ActiveToken
from gatewright.oauth.access_token import find_active
from gatewright.oauth.errors import InvalidDpopProof
from gatewright.oauth.errors import UseDpopNonce
from gatewright.oauth.external_token import ExternalToken
from gatewright.oauth.external_token import ExternalTokens
from gatewright.oauth.jwt_access_token import EXPIRED
from gatewright.oauth.resource import path_of
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.services.caller import ANONYMOUS
from gatewright.services.caller import Caller
from gatewright.services.coverage import Openings
from gatewright.services.coverage import deciding_target
from gatewright.services.coverage import is_open
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.names import is_builtin
from gatewright.services.resource import covers
from gatewright.services.resource import place
from gatewright.services.rules import CallRule
from gatewright.services.template import UrlTemplate
from gatewright.store.records import AccessToken
from gatewright.store.records import Scope

_TOKEN_RULES: Final[Mapping[str, CallRule]] = {
    EXPIRED: "token_unexpired",
    CLIENT_GONE: "token_client",
    USER_GONE: "token_user",
}
"""The rule behind why a token is not active."""


class Refused(Exception):
    """A call that may not pass (RFC 6750 §3.1). `error` is empty when no token was sent; `scope`: what would do.

    scheme: how to send the token.  nonce: what the next DPoP proof must carry (RFC 9449 §9).
    rule: which rule refused; `found`, `wanted`, `caller`, `token` (its digest) and `acl` (the target of the one that
    decided) are for its explanation, never for the caller.
    """

    def __init__(
        self,
        status: int,
        error: str,
        description: str,
        *,
        rule: CallRule,
        found: str = "",
        wanted: str = "",
        caller: Caller | None = None,
        token: bytes = b"",
        acl: str = "",
        scope: str = "",
        scheme: str = "Bearer",
        nonce: str = "",
    ) -> None:
        super().__init__(description)
        self.rule: CallRule = rule
        self.found, self.wanted, self.caller, self.token, self.acl = found, wanted, caller, token, acl
        self.status = status
        self.error = error
        self.description = description
        self.scope = scope
        self.scheme = scheme
        self.nonce = nonce


class _Admitted(msgspec.Struct, frozen=True):
    """A caller that was let pass, and when its token expires."""

    caller: Caller
    until: int | None


class Guard:
    """Admits calls. Remembers which scopes open what, each service's ACL, and whom it admitted, until anything changes."""

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server
        self._external = ExternalTokens(server)
        self._scopes: Mapping[str, Scope] = {}
        self._openings = Openings(())
        self._acls: Mapping[str, tuple[str, ...]] = {}
        self._nearest: dict[str, tuple[str, ...] | None] = {}

    async def admit(
        self,
        token: str | None,
        service: str,
        template: UrlTemplate | None,
        *,
        raw_path: bytes,
        exists: bool = True,
        sender: Sender | None = None,
    ) -> Caller:
        """The caller whom `token` lets call `service` (through `template`, if one was used).

        raw_path: of the request, as it stood in its first line; a token may be for some addresses alone (RFC 8707).
        exists: whether there is such a service; one that is not there asks for a token all the same, so that
        names cannot be tried out without one.
        sender: of a request that presents its token by the scheme DPoP.
        Raises Refused: 401 for no or a bad token, 403 `insufficient_scope`, 403 when the ACL does not name the caller.
        """
        if token is None or sender is not None:
            return (await self._judged(token, service, template, raw_path, exists, sender))[0]
        conclusions = self._server.directory.conclusions
        question = (service, template.text if template else None, digest(token))
        known: _Admitted | None = conclusions.get(question)
        if known is not None and (known.until is None or known.until > self._server.clock()):
            return known.caller
        position = conclusions.position()
        caller, active = await self._judged(token, service, template, raw_path, exists, sender)
        if exists and isinstance(active, ActiveToken) and not active.token.resource and not active.exchanges:
            conclusions.put(question, _Admitted(caller, active.token.expires_at), position)
        return caller

    async def _judged(
        self,
        token: str | None,
        service: str,
        template: UrlTemplate | None,
        raw_path: bytes,
        exists: bool,
        sender: Sender | None,
    ) -> tuple[Caller, ActiveToken | ExternalToken | None]:
        """The caller that may pass, and its token. Raises Refused."""
        acl = await self._acl(service) if exists else None
        if token is None:
            if is_open(acl):
                return ANONYMOUS, None
            raise _no_token(await self.scope_hint(service, template))
        scheme = "Bearer" if sender is None else "DPoP"
        active: ActiveToken | ExternalToken | str = await find_active(token, self._server)
        if isinstance(active, str):
            active = await self._external.find(token, active)
        if isinstance(active, str):
            raise _unusable(active, digest(token), scheme)
        caller = _caller(active)
        if active.token.resource and not self._is_for(active.token.resource, raw_path):
            raise _elsewhere(active.token, self._server.issuer + raw_path.decode("latin-1"), caller, scheme)
        if sender is not None or active.token.jkt is not None:
            await self._check_possession(active.token, token, sender, caller)
        if not exists or is_open(acl):
            return caller, active
        openings = await self.openings()
        if openings.scopes_for(service, template).isdisjoint(active.scope):
            hint = await self.scope_hint(service, template)
            raise _insufficient(service, template, openings, caller, hint, scheme)
        if not may_execute(acl, caller):
            raise _not_named(service, deciding_target(self._acls, service) or "", acl or (), caller, scheme)
        return caller, active

    def _is_for(self, resource: tuple[str, ...], raw_path: bytes) -> bool:
        paths = [path_of(each, self._server.issuer) for each in resource]
        return covers([place(path.encode()) for path in paths if path is not None], place(raw_path))

    async def _check_possession(self, token: AccessToken, text: str, sender: Sender | None, caller: Caller) -> None:
        """Hold a bound token to its key, and to the scheme DPoP (RFC 9449 §7.1, §7.2)."""
        if sender is None:
            words = "The access token is bound to a key: send Authorization: DPoP, with a proof in the header DPoP."
            raise _no_possession(words, caller, found="no proof", wanted="a proof in the header DPoP")
        if token.jkt is None:
            words = "The access token is bound to no key: send Authorization: Bearer."
            raise _no_possession(words, caller, scheme="Bearer", found="the scheme DPoP", wanted="Bearer")
        try:
            jkt = await dpop.verify(sender, self._server, text)
        except UseDpopNonce as error:
            raise _no_possession(error.public, caller, error=error.code, nonce=error.nonce) from error
        except InvalidDpopProof as error:
            raise _no_possession(error.public, caller, error=error.code) from error
        if jkt != token.jkt:
            words = "The access token is bound to another key."
            raise _no_possession(words, caller, found=jkt, wanted=token.jkt)

    async def scope_hint(self, service: str, template: UrlTemplate | None) -> str:
        """One scope that would do: the one that opens least."""
        openings = await self.openings()
        names = openings.scopes_for(service, template)
        return min(names, key=lambda name: (_breadth(self._scopes[name]), name), default="")

    async def openings(self) -> Openings:
        """Which scopes open what, now."""
        scopes = await self._server.directory.scopes()
        if scopes is not self._scopes:
            self._scopes, self._openings = scopes, Openings(scopes.values())
        return self._openings

    async def _acl(self, service: str) -> tuple[str, ...] | None:
        acls = await self._server.directory.acls()
        if acls is not self._acls:
            self._acls, self._nearest = acls, {}
        if service not in self._nearest:
            self._nearest[service] = nearest_acl(acls, service)
        return self._nearest[service]


def _caller(active: ActiveToken | ExternalToken) -> Caller:
    token = active.token
    client = active.registered.client if isinstance(active, ActiveToken) else None
    rate_limit = None if client is None or client.rate_limit == "unlimited" else client.rate_limit
    daily_quota = None if client is None or client.daily_quota == "unlimited" else client.daily_quota
    if isinstance(active, ActiveToken) and active.owner is None:
        return Caller(
            kind="client",
            subject=active.sub,
            client_id=token.client_id,
            scopes=active.scope,
            groups=active.principal.groups,
            actors=token.actors,
            rate_limit=rate_limit,
            daily_quota=daily_quota,
        )
    owner = active.owner
    assert owner is not None
    return Caller(
        kind="user",
        subject=owner.user.id,
        client_id=token.client_id,
        scopes=active.scope,
        groups=owner.groups,
        username=owner.user.name,
        actors=token.actors,
        rate_limit=rate_limit,
        daily_quota=daily_quota,
    )


def _breadth(scope: Scope) -> tuple[int, int, int]:
    return len(scope.folders), len(scope.services), len(scope.url_templates)


def _no_token(hint: str) -> Refused:
    return Refused(
        401,
        "",
        "An access token is needed: send Authorization: Bearer.",
        scope=hint,
        rule="token_sent",
        found="no token",
        wanted="Authorization: Bearer, or DPoP",
    )


def _unusable(reason: str, token: bytes, scheme: str) -> Refused:
    return Refused(
        401,
        "invalid_token",
        f"The access token cannot be used: {reason}.",
        scheme=scheme,
        rule=_TOKEN_RULES.get(reason, "token_known"),
        found=reason,
        wanted="an access token that is active",
        token=token,
    )


def _elsewhere(token: AccessToken, address: str, caller: Caller, scheme: str) -> Refused:
    return Refused(
        401,
        "invalid_token",
        "The access token is for another resource: ask for one without resource, or with this address.",
        scheme=scheme,
        rule="token_resource",
        found=" ".join(token.resource),
        wanted=address,
        caller=caller,
    )


def _no_possession(
    words: str,
    caller: Caller,
    *,
    error: str = "invalid_token",
    scheme: str = "DPoP",
    nonce: str = "",
    found: str = "",
    wanted: str = "",
) -> Refused:
    return Refused(
        401, error, words, scheme=scheme, nonce=nonce, rule="token_key", found=found, wanted=wanted, caller=caller
    )


def _insufficient(
    service: str, template: UrlTemplate | None, openings: Openings, caller: Caller, hint: str, scheme: str
) -> Refused:
    needed = f"the service {service}" + ("" if is_builtin(service) else " or its folder")
    if template is not None:
        needed = f"the URL template {template.text}, {needed}"
    return Refused(
        403,
        "insufficient_scope",
        f"The token's scope is insufficient: it needs one that lists {needed}.",
        scope=hint,
        scheme=scheme,
        rule="scope_opens",
        found=" ".join(caller.scopes) or "no scope that still counts",
        wanted=" or ".join(sorted(openings.scopes_for(service, template))) or f"a scope that lists {needed}",
        caller=caller,
    )


def _not_named(service: str, target: str, acl: tuple[str, ...], caller: Caller, scheme: str) -> Refused:
    return Refused(
        403,
        "access_denied",
        f"The ACL of {service} names no group of {caller.username or caller.client_id}.",
        scheme=scheme,
        rule="acl_names",
        found=", ".join(sorted(caller.groups)) or "no group",
        wanted=" or ".join(acl) or "nobody: the ACL is empty",
        caller=caller,
        acl=target,
    )
