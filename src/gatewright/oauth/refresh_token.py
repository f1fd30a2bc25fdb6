"""Refreshing an access token (RFC 6749 §6), with rotation and reuse detection (RFC 9700 §4.14.2)."""

import msgspec

from gatewright.kernel.sealing import Sealer
from gatewright.kernel.secrets import digest
from gatewright.kernel.secrets import first_of_family
from gatewright.kernel.settings import GlobalSettings
from gatewright.oauth import resource
from gatewright.oauth import scope
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import family_end
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import next_refresh_token
from gatewright.oauth.issuing import refresh_limit
from gatewright.oauth.issuing import token_response
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import tokens
from gatewright.store.clients import RegisteredClient
from gatewright.store.records import AccessToken
from gatewright.store.records import Client
from gatewright.store.records import Grant
from gatewright.store.records import PresentedRefreshToken
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
    family = digest(first_of_family(presented))
    token = await server.database.read(tokens.find_refresh_token, family, digest(presented))
    # §6: "ensure that the refresh token was issued to the authenticated client"
    if token is None or token.grant.client_id != client.client_id or token.issued_at < client.created_at:
        raise InvalidGrant(_UNUSABLE, detail="refresh token unknown or issued to another client", rule="refresh_known")
    settings, held = await server.directory.settings(), token.grant
    _refuse_expired(token, client, settings, now)
    # RFC 9449 §5: "the refresh token MUST be bound to the respective public key" of a public client
    if token.jkt is not None and token.jkt != sender.jkt:
        raise InvalidGrant(
            "The refresh token is bound to a key: send a DPoP proof of that key.",
            rule="bound_key",
            found=sender.jkt or "no proof",
            wanted=token.jkt,
        )
    await _refuse_disabled_user(held, server)
    granted = scope.narrow(parameters.get("scope"), held.scope, registered)
    text, access_token = await new_access_token(
        client,
        granted,
        server,
        now,
        grant=held.grant_type,
        jkt=sender.jkt,
        user_id=held.user_id,
        grant_id=held.id,
        authenticated_at=held.authenticated_at,
        resource=resource.narrow(parameters, held.resource, server),
    )
    # A token that was consumed before the client's rotation was turned off is as spent as ever.
    if rotates(client) or token.consumed:
        successor = _successor(presented, family, held, access_token.jkt, client, settings, now)
        return await _rotate(presented, token, successor, text, access_token, client, server)
    outcome = await server.database.write(tokens.refresh, held.id, access_token, refresh_limit(client))
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


def _successor(
    presented: str,
    family: bytes,
    held: Grant,
    jkt: str | None,
    client: Client,
    settings: GlobalSettings,
    now: int,
) -> tuple[str | None, RefreshToken | None]:
    """The refresh token that follows. The last refresh that the count allows gives none: it could never be used."""
    limit = refresh_limit(client)
    if limit is not None and held.refreshes_used + 1 >= limit:
        return None, None
    # §6: the new token's scope is identical to that of the one presented: it is the grant's
    return next_refresh_token(presented, family, client, settings, now, jkt=jkt, begun_at=held.created_at)


async def _rotate(
    presented: str,
    token: PresentedRefreshToken,
    following: tuple[str | None, RefreshToken | None],
    text: str,
    access_token: AccessToken,
    client: Client,
    server: AuthorizationServer,
) -> TokenResponse:
    settings, (successor_text, successor) = await server.directory.settings(), following
    answer = token_response(text, access_token, successor_text)
    sealer = Sealer.of_token(presented, "refresh-grace")
    outcome = await server.database.write(
        tokens.rotate_refresh_token,
        token.digest,
        access_token,
        successor,
        sealer.seal(msgspec.json.encode(answer)),
        limit=refresh_limit(client),
        grace=settings.refresh_token_grace,
        now=access_token.issued_at,
    )
    match outcome:
        case Refreshed.DONE:
            return answer
        case SameAnswer(sealed):
            return msgspec.json.decode(sealer.open(sealed) or b"", type=TokenResponse)
        case Refreshed.REUSED:
            raise InvalidGrant(
                _UNUSABLE,
                detail=f"refresh token reused; grant {token.grant.id} revoked",
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


def _refuse_expired(token: PresentedRefreshToken, client: Client, settings: GlobalSettings, now: int) -> None:
    if token.expires_at is not None and token.expires_at <= now:
        raise InvalidGrant(
            _UNUSABLE,
            detail="refresh token expired",
            rule="refresh_unexpired",
            found=f"it expired {now - token.expires_at} seconds ago",
        )
    ends = family_end(client, settings, token.grant.created_at)
    if ends is not None and ends <= now:
        raise InvalidGrant(
            _UNUSABLE,
            detail="token family ended",
            rule="refresh_unexpired",
            found=f"the time of its family was over {now - ends} seconds ago",
        )


async def _refuse_disabled_user(held: Grant, server: AuthorizationServer) -> None:
    if held.user_id is None:
        return
    found = await server.directory.user(held.user_id)
    if found is None or not found.user.enabled:
        raise InvalidGrant(
            _UNUSABLE,
            detail="user disabled or deleted",
            rule="user_enabled",
            found="disabled or deleted",
            wanted="enabled",
        )
