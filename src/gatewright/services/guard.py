"""The guard: may this token call this service? Token, then scope, then ACL (the order of webMethods' checks)."""

from collections.abc import Mapping

from gatewright.oauth import dpop
from gatewright.oauth.access_token import ActiveToken
from gatewright.oauth.access_token import find_active
from gatewright.oauth.errors import InvalidDpopProof
from gatewright.oauth.errors import UseDpopNonce
from gatewright.oauth.external_token import ExternalToken
from gatewright.oauth.external_token import ExternalTokens
from gatewright.oauth.resource import path_of
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.services.caller import ANONYMOUS
from gatewright.services.caller import Caller
from gatewright.services.coverage import Openings
from gatewright.services.coverage import is_open
from gatewright.services.coverage import may_execute
from gatewright.services.coverage import nearest_acl
from gatewright.services.resource import covers
from gatewright.services.resource import place
from gatewright.services.template import UrlTemplate
from gatewright.store.records import AccessToken
from gatewright.store.records import Scope


class Refused(Exception):
    """A call that may not pass (RFC 6750 §3.1). `error` is empty when no token was sent; `scope`: what would do.

    scheme: how to send the token.  nonce: what the next DPoP proof must carry (RFC 9449 §9).
    """

    def __init__(
        self, status: int, error: str, description: str, *, scope: str = "", scheme: str = "Bearer", nonce: str = ""
    ) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description
        self.scope = scope
        self.scheme = scheme
        self.nonce = nonce


class Guard:
    """Admits calls. Remembers which scopes open what, and each service's ACL, for as long as they do not change."""

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
        acl = await self._acl(service) if exists else None
        if token is None:
            if is_open(acl):
                return ANONYMOUS
            raise Refused(
                401,
                "",
                "An access token is needed: send Authorization: Bearer.",
                scope=await self.scope_hint(service, template),
            )
        scheme = "Bearer" if sender is None else "DPoP"
        active: ActiveToken | ExternalToken | str = await find_active(token, self._server)
        if isinstance(active, str):
            active = await self._external.find(token, active)
        if isinstance(active, str):
            raise Refused(401, "invalid_token", f"The access token cannot be used: {active}.", scheme=scheme)
        if active.token.resource and not self._is_for(active.token.resource, raw_path):
            words = "The access token is for another resource: ask for one without resource, or with this address."
            raise Refused(401, "invalid_token", words, scheme=scheme)
        if sender is not None or active.token.jkt is not None:
            await self._check_possession(active.token, token, sender)
        caller = _caller(active)
        if not exists or is_open(acl):
            return caller
        openings = await self.openings()
        if openings.scopes_for(service, template).isdisjoint(active.scope):
            hint = await self.scope_hint(service, template)
            raise Refused(403, "insufficient_scope", _lacking(service, template), scope=hint, scheme=scheme)
        if not may_execute(acl, caller):
            name = caller.username or caller.client_id
            raise Refused(403, "access_denied", f"The ACL of {service} names no group of {name}.", scheme=scheme)
        return caller

    def _is_for(self, resource: tuple[str, ...], raw_path: bytes) -> bool:
        paths = [path_of(each, self._server.issuer) for each in resource]
        return covers([place(path.encode()) for path in paths if path is not None], place(raw_path))

    async def _check_possession(self, token: AccessToken, text: str, sender: Sender | None) -> None:
        """Hold a bound token to its key, and to the scheme DPoP (RFC 9449 §7.1, §7.2)."""
        if sender is None:
            words = "The access token is bound to a key: send Authorization: DPoP, with a proof in the header DPoP."
            raise Refused(401, "invalid_token", words, scheme="DPoP")
        if token.jkt is None:
            raise Refused(401, "invalid_token", "The access token is bound to no key: send Authorization: Bearer.")
        try:
            jkt = await dpop.verify(sender, self._server, text)
        except UseDpopNonce as error:
            raise Refused(401, error.code, error.public, scheme="DPoP", nonce=error.nonce) from error
        except InvalidDpopProof as error:
            raise Refused(401, error.code, error.public, scheme="DPoP") from error
        if jkt != token.jkt:
            raise Refused(401, "invalid_token", "The access token is bound to another key.", scheme="DPoP")

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
    if isinstance(active, ActiveToken) and active.owner is None:
        return Caller(
            kind="client",
            subject=active.sub,
            client_id=token.client_id,
            scopes=active.scope,
            groups=active.principal.groups,
            actors=token.actors,
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
    )


def _breadth(scope: Scope) -> tuple[int, int, int]:
    return len(scope.folders), len(scope.services), len(scope.url_templates)


def _lacking(service: str, template: UrlTemplate | None) -> str:
    if template is not None:
        return f"The token's scope is insufficient: it needs one that lists the URL template {template.text}, the service {service} or its folder."
    return f"The token's scope is insufficient: it needs one that lists the service {service} or its folder."
