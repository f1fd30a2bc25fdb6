"""Refreshing an access token (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2)."""

import msgspec

from gatewright.kernel.sealing import Sealer
from gatewright.kernel.secrets import digest
from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import family_end
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import new_refresh_token
from gatewright.oauth.issuing import refresh_limit
from gatewright.oauth.issuing import token_response
from gatewright.oauth.jwt_access_token import is_jwt
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import AccessToken
from gatewright.store.records import Client
from gatewright.store.records import Grant
from gatewright.store.records import RefreshToken
from gatewright.store.tokens import Refreshed
from gatewright.store.tokens import SameAnswer

_UNUSABLE = "The refresh token is unknown, expired, revoked, used up, or was issued to another client."


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """A new access token, and with rotation a new refresh token. Raises InvalidGrant, InvalidScope, InvalidTarget."""
    client, now = registered.client, server.clock()
    presented = required(parameters, "refresh_token")
    token = await server.database.read(tokens.find_refresh_token, digest(presented))
    # §6: "ensure that the refresh token was issued to the authenticated client"
    if token is None or token.client_id != client.client_id or token.issued_at < client.created_at:
        raise InvalidGrant(_UNUSABLE, detail="refresh token unknown or issued to another client", rule="refresh_known")
    if token.expires_at is not None and token.expires_at <= now:
        raise InvalidGrant(
            _UNUSABLE,
            detail="refresh token expired",
            rule="refresh_unexpired",
            found=f"it expired {now - token.expires_at} seconds ago",
        )
    family = await _family(token, client, server)
    if family is not None:
        await _refuse_ended_family(family, client, server)
    # RFC 9449 §5: "the refresh token MUST be bound to the respective public key" of a public client
    if token.jkt is not None and token.jkt != sender.jkt:
        raise InvalidGrant(
            "The refresh token is bound to a key: send a DPoP proof of that key.",
            rule="bound_key",
            found=sender.jkt or "no proof",
            wanted=token.jkt,
        )
    await _refuse_disabled_user(token, server)
    granted = scope.narrow(parameters.get("scope"), token.scope, registered)
    text, access_token = await new_access_token(
        client,
        granted,
        server,
        now,
        grant=family.grant_type if family else "",
        jkt=sender.jkt,
        user_id=token.user_id,
        grant_id=token.grant_id,
        authenticated_at=family.authenticated_at if family else None,
        resource=resource.narrow(parameters, token.resource, server),
    )
    # A token that was consumed before the client's rotation was turned off is as spent as ever.
    if rotates(client) or token.consumed_at is not None:
        return await _rotate(presented, token, family, text, access_token, client, server)
    outcome = await server.database.write(tokens.refresh, token.grant_id, access_token, refresh_limit(client))
    if outcome is not Refreshed.DONE:
        raise InvalidGrant(
            _UNUSABLE,
            detail="refresh count used up or grant revoked",
            rule="refresh_left",
            found="the Refresh Count is used up, or the grant was revoked",
            wanted="a refresh that is left",
        )
    return token_response(text, access_token, presented)


def rotates(client: Client) -> bool:
    """Whether each refresh replaces the refresh token. Public clients always rotate (RFC 9700 §2.2.2)."""
    return client.type == "public" or client.refresh_rotation


async def _rotate(
    presented: str,
    token: RefreshToken,
    family: Grant | None,
    text: str,
    access_token: AccessToken,
    client: Client,
    server: AuthorizationServer,
) -> TokenResponse:
    settings, now, limit = await server.directory.settings(), server.clock(), refresh_limit(client)
    successor_text, successor = None, None
    # The last refresh that the count allows gives no further refresh token: it could never be used.
    if limit is None or (family is not None and family.refreshes_used + 1 < limit):
        # §6: the new token's scope is identical to that of the one presented
        successor_text, successor = new_refresh_token(
            client,
            token.scope,
            settings,
            now,
            jkt=access_token.jkt,
            user_id=token.user_id,
            grant_id=token.grant_id,
            begun_at=family.created_at if family else now,
            resource=token.resource,
        )
    answer = token_response(text, access_token, successor_text)
    sealer = Sealer.derived(presented.encode(), "refresh-token-grace")
    outcome = await server.database.write(
        tokens.rotate_refresh_token,
        token.digest,
        access_token,
        successor,
        sealer.seal(msgspec.json.encode(answer)),
        limit=limit,
        grace=settings.refresh_token_grace,
        now=now,
    )
    match outcome:
        case Refreshed.DONE:
            return answer
        case SameAnswer(sealed):
            return msgspec.json.decode(sealer.open(sealed) or b"", type=TokenResponse)
        case Refreshed.REUSED:
            raise InvalidGrant(
                _UNUSABLE,
                detail=f"refresh token reused; grant {token.grant_id} revoked",
                rule="refresh_left",
                found="used before; all tokens of its grant were revoked",
                wanted="used once",
            )
        case _:
            raise InvalidGrant(
                _UNUSABLE,
                detail="refresh count used up or grant revoked",
                rule="refresh_left",
                found="the Refresh Count is used up, or the grant was revoked",
                wanted="a refresh that is left",
            )


async def _family(token: RefreshToken, client: Client, server: AuthorizationServer) -> Grant | None:
    """The grant that the token descends from, if anything depends on it: most refreshes do without reading it."""
    settings = await server.directory.settings()
    depends = (
        refresh_limit(client) is not None
        or client.access_token_lifetime_by_grant
        or settings.access_token_lifetime_by_grant
        or family_end(client, settings, 0) is not None
        or is_jwt(client, settings)  # it tells when the user signed in
    )
    return await server.database.read(tokens.find_grant, token.grant_id) if depends else None


async def _refuse_ended_family(family: Grant, client: Client, server: AuthorizationServer) -> None:
    ends, now = family_end(client, await server.directory.settings(), family.created_at), server.clock()
    if ends is not None and ends <= now:
        raise InvalidGrant(
            _UNUSABLE,
            detail="token family ended",
            rule="refresh_unexpired",
            found=f"the time of its family was over {now - ends} seconds ago",
        )


async def _refuse_disabled_user(token: RefreshToken, server: AuthorizationServer) -> None:
    if token.user_id is None:
        return
    found = await server.directory.user(token.user_id)
    if found is None or not found.user.enabled:
        raise InvalidGrant(
            _UNUSABLE,
            detail="user disabled or deleted",
            rule="user_enabled",
            found="disabled or deleted",
            wanted="enabled",
        )
