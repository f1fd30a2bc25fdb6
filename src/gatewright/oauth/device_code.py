"""The device authorization grant's token request (RFC 8628 §3.4, §3.5): the device asks until somebody has decided."""

from typing import Final

from gatewright.kernel.secrets import digest
from gatewright.oauth import resource
from gatewright.oauth.errors import AccessDenied
from gatewright.oauth.errors import AuthorizationPending
from gatewright.oauth.errors import ExpiredToken
from gatewright.oauth.errors import InvalidGrant
from gatewright.oauth.errors import SlowDown
from gatewright.oauth.issuing import TokenResponse
from gatewright.oauth.issuing import new_access_token
from gatewright.oauth.issuing import new_refresh_token
from gatewright.oauth.issuing import token_response
from gatewright.oauth.parameters import Parameters
from gatewright.oauth.parameters import required
from gatewright.oauth.sender import Sender
from gatewright.oauth.server import AuthorizationServer
from gatewright.store import device_codes
from gatewright.store.clients import RegisteredClient
from gatewright.store.device_codes import SLOWER
from gatewright.store.device_codes import DeviceCode
from gatewright.store.records import Grant

GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:device_code"
"""§3.4."""
_UNUSABLE: Final = "The device code is unknown, used before, or was issued to another client."


async def grant(
    parameters: Parameters, registered: RegisteredClient, sender: Sender, server: AuthorizationServer
) -> TokenResponse:
    """Tokens, once the user approved. Raises the errors of §3.5, InvalidGrant, InvalidTarget."""
    now = server.clock()
    code = await server.database.read(device_codes.find, digest(required(parameters, "device_code")))
    if code is None or code.client_id != registered.client.client_id:
        raise InvalidGrant(_UNUSABLE, detail="device code unknown or issued to another client", rule="device_known")
    if code.expires_at <= now:
        raise ExpiredToken(
            "The device code expired before it was used: ask for a new one.",
            rule="device_unexpired",
            found=f"it expired {now - code.expires_at} seconds ago",
        )
    if code.state == "denied":
        raise AccessDenied(
            "The resource owner refused.", rule="device_decided", found="the user refused", wanted="the user approves"
        )
    if code.state == "pending":
        # "the interval MUST be increased by 5 seconds for this and all subsequent requests"
        if not await server.database.write(device_codes.poll, code.digest, now):
            raise SlowDown(f"You ask too often: wait {SLOWER} seconds longer between requests from now on.")
        raise AuthorizationPending("Nobody has decided yet: ask again later.")
    return await _redeem(parameters, code, registered, sender, server)


async def _redeem(
    parameters: Parameters,
    code: DeviceCode,
    registered: RegisteredClient,
    sender: Sender,
    server: AuthorizationServer,
) -> TokenResponse:
    client, settings, now = registered.client, await server.directory.settings(), server.clock()
    user_id, authenticated_at = await _approver(code, server), code.authenticated_at or 0
    text, token = await new_access_token(
        client,
        code.scope,
        server,
        now,
        grant="device_code",
        jkt=sender.jkt,
        user_id=user_id,
        grant_id=code.grant_id,
        authenticated_at=authenticated_at,
        resource=resource.narrow(parameters, code.resource, server),
    )
    refresh_text, refresh_token = new_refresh_token(client, settings, now, jkt=sender.jkt)
    stored = Grant(
        id=code.grant_id,
        client_id=client.client_id,
        user_id=user_id,
        grant_type="device_code",
        scope=code.scope,
        authenticated_at=authenticated_at,
        created_at=now,
        resource=code.resource,
    )
    if not await server.database.write(device_codes.redeem, code.digest, stored, token, refresh_token, now):
        raise InvalidGrant(
            _UNUSABLE,
            detail=f"device code replayed; grant {code.grant_id} revoked",
            rule="device_known",
            found="used before; all that came from it was revoked",
            wanted="used once",
        )
    return token_response(text, token, refresh_text)


async def _approver(code: DeviceCode, server: AuthorizationServer) -> str:
    found = await server.directory.user(code.user_id or "")
    if found is None or not found.user.enabled:
        raise InvalidGrant(
            _UNUSABLE,
            detail="user disabled or deleted",
            rule="user_enabled",
            found="disabled or deleted",
            wanted="enabled",
        )
    return found.user.id
