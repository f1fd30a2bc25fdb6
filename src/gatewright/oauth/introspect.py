"""Token introspection (RFC 7662)."""

import msgspec

from gatewright.kernel.secrets import REFRESH_TOKEN
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import first_of_family
from gatewright.oauth.access_token import ActiveToken
from gatewright.oauth.access_token import find_active
from gatewright.oauth.access_token import still_associated
from gatewright.oauth.client_authentication import authenticate
from gatewright.oauth.errors import InvalidClient
from gatewright.oauth.issuing import refresh_limit
from gatewright.oauth.issuing import token_type
from gatewright.oauth.jwt_access_token import Actor
from gatewright.oauth.jwt_access_token import Confirmation
from gatewright.oauth.jwt_access_token import actor_claim
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.resource import audience
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import Client
from gatewright.store.records import Grant


class Introspection(msgspec.Struct, frozen=True, omit_defaults=True):
    """An introspection response (RFC 7662 §2.2). Times are seconds since the epoch."""

    active: bool
    scope: str | None = None
    client_id: str | None = None
    username: str | None = None
    token_type: str | None = None
    exp: int | None = None
    iat: int | None = None
    sub: str | None = None
    iss: str | None = None
    aud: str | tuple[str, ...] | None = None
    cnf: Confirmation | None = None
    act: Actor | None = None
    may_act: Actor | None = None


INACTIVE = Introspection(active=False)


async def introspect(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> Introspection:
    """Describe a token to an authenticated confidential client. Raises OAuthError."""
    caller = await authenticated(parameters, authorization, sender, server)
    return await describe(parameters, caller, server)


async def authenticated(
    parameters: Parameters, authorization: str | None, sender: Sender, server: AuthorizationServer
) -> RegisteredClient:
    """The confidential client that asks. Raises OAuthError."""
    caller = await authenticate(parameters, authorization, sender, server)
    if caller.client.type == "public":
        # §2.1: "the endpoint MUST also require some form of authorization"
        raise InvalidClient(
            "Introspection needs a confidential client.", rule="confidential", found="public", wanted="confidential"
        )
    return caller


async def describe(parameters: Parameters, caller: RegisteredClient, server: AuthorizationServer) -> Introspection:
    """What the caller may know of the token. Raises InvalidRequest.

    A client sees its own tokens, those of others only when it is registered with `introspect: all`; everything
    else is `active: false`, which tells nothing (§2.2, §4).
    """
    found = await describe_any(required(parameters, "token"), server)
    if found.client_id != caller.client.client_id and caller.client.introspect != "all":
        return INACTIVE
    return found


async def describe_any(text: str, server: AuthorizationServer) -> Introspection:
    """What is known of a token, whoever's it is."""
    return await (_refresh_token(text, server) if text.startswith(REFRESH_TOKEN) else _access_token(text, server))


async def _access_token(text: str, server: AuthorizationServer) -> Introspection:
    conclusions, question = server.directory.conclusions, (Introspection, digest(text))
    known: Introspection | None = conclusions.get(question)
    if known is not None and (known.exp is None or known.exp > server.clock()):
        return known
    position = conclusions.position()
    active = await find_active(text, server)
    if not isinstance(active, ActiveToken):
        return INACTIVE
    found = _described(active, server)
    if not active.exchanges:
        conclusions.put(question, found, position)
    return found


def _described(active: ActiveToken, server: AuthorizationServer) -> Introspection:
    token = active.token
    return Introspection(
        active=True,
        scope=" ".join(active.scope),
        client_id=token.client_id,
        username=active.owner.user.name if active.owner else None,
        token_type=token_type(token),
        exp=token.expires_at,
        iat=token.issued_at,
        sub=active.sub,
        iss=server.issuer,
        aud=audience(token.resource, server.issuer),
        cnf=Confirmation(token.jkt) if token.jkt else None,
        act=actor_claim(token.actors),
        may_act=Actor(active.registered.client.may_act) if active.registered.client.may_act else None,
    )


async def _refresh_token(text: str, server: AuthorizationServer) -> Introspection:
    token = await server.database.read(tokens.find_refresh_token, digest(first_of_family(text)), digest(text))
    if token is None or token.consumed:
        return INACTIVE
    if token.expires_at is not None and token.expires_at <= server.clock():
        return INACTIVE
    grant = token.grant
    registered = await server.directory.client(grant.client_id)
    if registered is None or _is_used_up(grant, registered.client):
        return INACTIVE
    owner = await server.directory.user(grant.user_id) if grant.user_id else None
    if not registered.client.enabled or (grant.user_id and (owner is None or not owner.user.enabled)):
        return INACTIVE
    return Introspection(
        active=True,
        scope=" ".join(still_associated(grant.scope, registered)),
        client_id=grant.client_id,
        username=owner.user.name if owner else None,
        exp=token.expires_at,
        iat=token.issued_at,
        sub=grant.user_id or grant.client_id,
        iss=server.issuer,
        aud=audience(grant.resource, server.issuer),
        cnf=Confirmation(token.jkt) if token.jkt else None,
    )


def _is_used_up(grant: Grant, client: Client) -> bool:
    """Whether the client's Refresh Count leaves nothing for the grant's refresh token to do."""
    limit = refresh_limit(client)
    return limit is not None and grant.refreshes_used >= limit
